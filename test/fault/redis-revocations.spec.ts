import { crowdedShop, guest, redisOfTest } from '../support/crowded-shop';
import { describeWithRedis } from '../support/redis-server';
import { Rollcall } from '../support/rollcall';
import { tabOf } from '../support/shop';

const USERS = '{rollcall:local:app:"shop"}:users';
const LOG = '{rollcall:local:app:"shop"}:log';

const REFUSED = { code: 'NOT_AUTHENTICATED' };

describeWithRedis('A revocation that Redis has forgotten', () => {
  jest.setTimeout(120_000);

  async function twoPods() {
    const redis = await redisOfTest();
    const start = () => Rollcall.start([crowdedShop()], { REDIS_URL: redis.url });
    return { redis, pods: [await start(), await start()] as const };
  }

  it('holds for the first who asks after Redis was emptied, whatever the token', async () => {
    const { redis, pods } = await twoPods();
    const byFile = tabOf('ada');
    const byJwt = guest('ada');
    expect((await pods[0].native('DELETE', '/v1/users/ada/tokens')).status).toBe(204);

    for (const tab of [byFile, byJwt]) {
      await redis.command('FLUSHALL');
      await expect(pods[0].open(tab)).rejects.toMatchObject(REFUSED);
      await expect(pods[1].open(tab)).rejects.toMatchObject(REFUSED);
    }
  });

  it('holds on every pod after a failover to a replica that has the token still', async () => {
    const { redis, pods } = await twoPods();
    const { token } = (await pods[0].native('POST', '/v1/users/ada/tokens', { body: {} })).json as { token: string };
    const before = String(await redis.command('HGET', USERS, '"ada"'));
    expect((await pods[0].native('DELETE', '/v1/users/ada/tokens')).status).toBe(204);

    await redis.command('HSET', USERS, '"ada"', before);
    const [newest] = (await redis.command('XREVRANGE', LOG, '+', '-', 'COUNT', '1')) as [string][];
    await redis.command('XDEL', LOG, newest?.[0] ?? '');

    for (const pod of pods) await expect(pod.open({ userId: 'ada', token })).rejects.toMatchObject(REFUSED);
  });
});
