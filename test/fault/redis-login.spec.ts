import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Crowd, sortedUsers } from '../support/crowd';
import { eventually } from '../support/eventually';
import { RedisPod } from '../support/redis-pod';
import { describeWithRedis, type RunningRedis } from '../support/redis-server';
import { redisForTest } from '../support/redis-shop';

jest.setTimeout(120_000);

const README = readFileSync(join(__dirname, '../../README.md'), 'utf8');

/** The rules of the line that operators are told to use; its password is `secret`. */
const RULES = (/^user rollcall (.*)$/m.exec(README)?.[1] ?? '').split(' ');

/** A server that lets in nobody but the user of README, and this test. */
async function guardedRedis(): Promise<RunningRedis> {
  const keeper = ['--user', 'keeper', 'on', '>keeper', '~*', '&*', '+@all'];
  const args = ['--user', 'default', 'off', ...keeper, '--user', 'rollcall', ...RULES];
  return redisForTest({ args, login: 'keeper:keeper' });
}

const launch = ({ port }: RunningRedis, login: string): Promise<RedisPod> =>
  RedisPod.launch(port, {}, { REDIS_URL: `redis://${login}@127.0.0.1:${port}` });

describeWithRedis('A Redis that knows its users', () => {
  it('serves pods with no more rights than README names', async () => {
    const redis = await guardedRedis();
    const pods = await Promise.all([launch(redis, 'rollcall:secret'), launch(redis, 'rollcall:secret')]);
    const [first, second] = pods;
    for (const pod of pods) await pod.becomes(200);
    const crowd = await Crowd.gathered(pods);
    const [ada, bob, , eve] = crowd.members;
    if (ada === undefined || bob === undefined || eve === undefined) throw new Error('Nobody is here.');

    const heard = eve.tab.collect('message');
    await ada.tab.ask('message:send', { channel: 'hall', message: 'to another pod' });
    await eventually(() => expect(heard).toMatchObject([{ message: 'to another pod' }]), { within: 5000 });

    const profile = { body: { name: 'Ada', email: 'ada@example.com' } };
    expect((await first.native('PUT', '/v1/users/ada', profile)).status).toBe(200);
    const minted = await second.native('POST', '/v1/users/ada/tokens', { body: {} });
    expect(minted.status).toBe(201);
    const { token } = minted.json as { token: string };
    await first.open({ userId: 'ada', token });
    expect((await first.native('GET', '/v1/pods')).json).toMatchObject({ pods: [{}, {}] });

    expect((await second.native('DELETE', '/v1/users/ada/connections')).json).toEqual({ closed: 3 });
    for (const member of [...crowd.members]) if (member.userId === 'ada') crowd.exit(member);
    await crowd.expectTruth();
    expect((await second.native('DELETE', '/v1/users/bob/tokens')).status).toBe(204);
    crowd.exit(bob);
    await crowd.expectTruth();
    for (const pod of pods) pod.expectSound();

    // Making good a loss, sweeping a dead pod, and leaving in order need rights, too.
    await redis.command('FLUSHALL');
    await crowd.expectTruth();
    const doomed = ada.tab.session.pod;
    first.signal('SIGKILL');
    for (const member of [...crowd.members]) if (member.tab.session.pod === doomed) crowd.exit(member);
    await eventually(async () => expect(sortedUsers(await second.message('users'))).toEqual(crowd.usersBody()), {
      within: 10_000,
    });
    second.expectSound();
    second.signal('SIGTERM');
    expect(await second.end).toBe(0);

    expect(await deniedBy(redis)).toEqual([]);
  });

  it('is not used with a wrong password: the pod says why, is not ready, and keeps the password to itself', async () => {
    const redis = await guardedRedis();
    const pod = await launch(redis, 'rollcall:a-wrong-secret');

    await eventually(() => expect(pod.output).toMatch(/Redis cannot be reached: WRONGPASS/), { within: 15_000 });
    await pod.becomes(503);
    const reply = await pod.message('users');
    expect(reply.status).toBe(503);
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
    expect(pod.output).not.toContain('a-wrong-secret');
    pod.expectSound();
  });

  it('lets a waiting pod in once its password is right', async () => {
    const redis = await guardedRedis();
    const pod = await launch(redis, 'rollcall:the-next-secret');
    await eventually(() => expect(pod.output).toContain('WRONGPASS'), { within: 15_000 });

    await redis.command('ACL', 'SETUSER', 'rollcall', '>the-next-secret');
    await pod.becomes(200);
    pod.expectSound();
  });

  it('that refuses a pod a right from the start makes it say so and end', async () => {
    const redis = await guardedRedis();
    await redis.command('ACL', 'SETUSER', 'rollcall', 'resetkeys', '~{another-prefix:*');
    const pod = await launch(redis, 'rollcall:secret');

    expect(await pod.end).toBe(1);
    expect(pod.output).toMatch(/cannot start.*NOPERM/);
  });
});

/** What its users were denied: commands, keys and channels. */
async function deniedBy(redis: RunningRedis): Promise<unknown[]> {
  const entries = (await redis.command('ACL', 'LOG')) as unknown[][];
  // Clients introduce themselves, and do without where they may not.
  const denied = entries.map((entry) => entry[entry.indexOf('object') + 1]);
  return denied.filter((what) => !/^client\|setinfo$/.test(String(what)));
}
