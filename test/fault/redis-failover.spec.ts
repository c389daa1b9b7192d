import { eventually } from '../support/eventually';
import { RedisPod } from '../support/redis-pod';
import { describeWithRedis, type RunningRedis } from '../support/redis-server';
import { Crowd } from '../support/crowd';
import { redisForTest } from '../support/redis-shop';
import { TcpProxy } from '../support/tcp-proxy';

jest.setTimeout(90_000);

const META = '{rollcall:local:localhost}:meta';

/** A shop whose Redis has a replica; the pods reach whichever of the two the proxy leads to. */
async function replicated() {
  const master = await redisForTest();
  const args = ['--replicaof', '127.0.0.1', String(master.port), '--repl-diskless-sync-delay', '0'];
  const replica = await redisForTest({ args });
  const proxy = await TcpProxy.start(master.port);
  const pods = await Promise.all([RedisPod.start(proxy.port), RedisPod.start(proxy.port)]);
  const crowd = await Crowd.gathered(pods);
  const revision = async (redis: RunningRedis): Promise<unknown> => redis.command('HGET', META, 'rev');
  await eventually(async () => expect(await revision(replica)).toBe(await revision(master)), { within: 15_000 });
  const epoch = await master.command('HGET', META, 'epoch');
  return { master, replica, proxy, pods, crowd, epoch };
}

describeWithRedis('A failover to a replica that lacks the last writes', () => {
  it.each(['and pods that are quiet from then on', 'and pods that go on writing'])('loses nothing, %s', async (how) => {
    const { master, replica, proxy, pods, crowd, epoch } = await replicated();
    const [ada, bob, adaToo] = crowd.members;
    if (ada === undefined || bob === undefined || adaToo === undefined) throw new Error('Nobody is here.');

    await replica.command('REPLICAOF', 'NO', 'ONE');
    await ada.join('lost');
    await bob.leave('hall');
    await crowd.choose(bob, 'busy', 'Lost, too');
    crowd.exit(adaToo);
    await crowd.enter(pods[1], 'bob');
    await crowd.expectTruth();
    const poll = await pods[0].presence();
    const from = new Date(Number(poll.headers['x-rollcall-time'])).toISOString();

    proxy.lead(replica.port);
    await master.stop();
    if (how.includes('go on')) {
      for (let round = 0; round < 8; round += 1) {
        await bob.join(`room ${round}`);
        await (await crowd.enter(pods[round % 2] ?? pods[0], 'eve')).join('lost');
      }
    }

    await crowd.expectTruth();
    expect(await replica.command('HGET', META, 'epoch')).not.toBe(epoch);
    for (const pod of pods) {
      const { json } = await pod.presence(`?from=${from}`);
      expect(json).toMatchObject({ full: true });
      pod.expectSound();
    }
  });

  it('is noticed without any write, too, by whoever asks', async () => {
    const { master, replica, proxy, pods, crowd } = await replicated();
    const [, , adaToo] = crowd.members;
    if (adaToo === undefined) throw new Error('Nobody is here.');

    await replica.command('REPLICAOF', 'NO', 'ONE');
    await adaToo.join('lost');
    await crowd.expectTruth();
    proxy.lead(replica.port);
    await master.stop();

    for (let round = 0; round < 20; round += 1) {
      for (const pod of pods) {
        const names = (await pod.message('channels')).json as { authenticated: string[] };
        expect(names.authenticated).toContain('lost');
      }
    }
    await crowd.expectTruth();
    for (const pod of pods) pod.expectSound();
  });
});
