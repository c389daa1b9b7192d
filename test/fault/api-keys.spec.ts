import { eventually } from '../support/eventually';
import { redisOfTest } from '../support/crowded-shop';
import { describeWithRedis } from '../support/redis-server';
import { Rollcall } from '../support/rollcall';
import { shop } from '../support/shop';

describeWithRedis('API keys on several pods', () => {
  it('are told as used wherever they were used, while that pod is up', async () => {
    const redis = await redisOfTest();
    const apiKeys = [{ key: 'used', scopes: ['counts' as const], name: 'used' }, 'admin'];
    const start = (): Promise<Rollcall> =>
      Rollcall.start([shop({ apiKeys })], {
        REDIS_URL: redis.url,
        BEAT_MS: '100',
        LEASE_MS: '1500',
        REDIS_TIMEOUT_MS: '500',
      });
    const [here, there] = [await start(), await start()];
    const lastUsed = async (): Promise<string | undefined> => {
      const { json } = await here.native('GET', '/v1/keys', { headers: { authorization: 'Bearer admin' } });
      return (json as { keys: { name?: string; lastUsedAt?: string }[] }).keys.find(({ name }) => name === 'used')
        ?.lastUsedAt;
    };

    expect(await lastUsed()).toBeUndefined();
    const askedAtMs = Date.now();
    await there.native('GET', '/v1/channels', { headers: { authorization: 'Bearer used' } });
    await eventually(async () => expect(Date.parse((await lastUsed()) ?? '')).toBeGreaterThanOrEqual(askedAtMs));

    await there.stop();
    await eventually(async () => expect(await lastUsed()).toBeUndefined());
  });
});
