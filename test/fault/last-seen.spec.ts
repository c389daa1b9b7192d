import { ChildPod } from '../support/child-pod';
import { crowdedShop, podEnvironment, redisOfTest } from '../support/crowded-shop';
import { eventually } from '../support/eventually';
import { describeWithRedis } from '../support/redis-server';
import { appsFile } from '../support/rollcall';
import { tabOf } from '../support/shop';

const PROMISED_MS = 10_000;

interface Told {
  readonly connections: readonly object[];
  readonly lastSeenAt?: string;
}

describeWithRedis('lastSeenAt', () => {
  jest.setTimeout(120_000);

  it('is known of users whose pod was killed, and of nobody who was erased, on any pod', async () => {
    const redis = await redisOfTest();
    const apps = [crowdedShop({ presence: { lastSeen: true } })];
    const environment = { ...podEnvironment(redis), APPS_FILE: appsFile({ apps }) };
    const [doomed, heir] = (await Promise.all([0, 1].map(() => ChildPod.start({ environment })))) as [
      ChildPod,
      ChildPod,
    ];
    for (const userId of ['ada', 'bob']) await doomed.open(tabOf(userId));
    const told = async (userId: string): Promise<Told> =>
      (await heir.native('GET', `/v1/users/${userId}`)).json as Told;
    expect(await told('ada')).not.toHaveProperty('lastSeenAt');

    const killedAtMs = Date.now();
    await doomed.end('SIGKILL');

    await eventually(async () => expect((await told('ada')).connections).toEqual([]), { within: PROMISED_MS });
    const seenAtMs = Date.parse((await told('ada')).lastSeenAt ?? '');
    expect(seenAtMs - killedAtMs).toBeGreaterThan(0);
    expect(seenAtMs - killedAtMs).toBeLessThan(PROMISED_MS);

    expect(await redis.command('ZCARD', '{rollcall:local:localhost}:seen')).toBe(2);
    expect((await heir.native('DELETE', '/v1/users/ada')).status).toBe(204);
    expect((await heir.native('GET', '/v1/users/ada')).status).toBe(404);
    expect(await redis.command('ZRANGE', '{rollcall:local:localhost}:seen', '0', '-1')).toEqual(['"bob"']);
  });
});
