import { crowdedShop, guest, redisOfTest } from '../support/crowded-shop';
import { eventually } from '../support/eventually';
import { describeWithRedis, type RunningRedis } from '../support/redis-server';
import { Rollcall } from '../support/rollcall';
import { tabOf } from '../support/shop';

const USERS = '{rollcall:local:app:"shop"}:users';
const REVOKED = '{rollcall:local:app:"shop"}:revoked';
const LOG = '{rollcall:local:app:"shop"}:log';

const REFUSED = { code: 'NOT_AUTHENTICATED' };

describeWithRedis('A revocation that Redis has forgotten', () => {
  jest.setTimeout(120_000);

  const startOn = (redis: RunningRedis, beatMs = 1000): Promise<Rollcall> =>
    Rollcall.start([crowdedShop()], {
      REDIS_URL: redis.url,
      BEAT_MS: String(beatMs),
      LEASE_MS: String(3 * beatMs),
    });

  async function twoPods() {
    const redis = await redisOfTest();
    return { redis, pods: [await startOn(redis), await startOn(redis)] as const };
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

  it('is back within two beats where Redis has lost its table alone, though nobody asks, for pods that come later', async () => {
    const { redis, pods } = await twoPods();
    expect((await pods[0].native('DELETE', '/v1/users/ada/tokens')).status).toBe(204);
    expect((await pods[0].native('DELETE', '/v1/users/bob')).status).toBe(204);
    expect((await pods[1].native('POST', '/v1/revocations', { body: { jti: 'one' } })).status).toBe(201);

    await redis.command('DEL', USERS, REVOKED);
    await eventually(
      async () => expect([await redis.command('HLEN', USERS), await redis.command('HLEN', REVOKED)]).toEqual([2, 1]),
      { within: 2000 },
    );

    const late = await startOn(redis);
    for (const tab of [tabOf('ada'), guest('bob')]) await expect(late.open(tab)).rejects.toMatchObject(REFUSED);
  });

  it('closes whom a pod has let in that came before anybody had noticed, as soon as it is back', async () => {
    const redis = await redisOfTest();
    const here = await startOn(redis, 20_000);
    expect((await here.native('DELETE', '/v1/users/ada/tokens')).status).toBe(204);
    await redis.command('DEL', USERS);
    const late = await startOn(redis, 20_000);
    const tab = await late.open(tabOf('ada'));
    const ended = new Promise((resolve) => tab.socket.once('disconnect', resolve));

    expect((await here.message('users')).status).toBe(201);

    await ended;
    await expect(late.open(tabOf('ada'))).rejects.toMatchObject(REFUSED);
  });
});
