import { crowdedShop, redisOfTest } from '../support/crowded-shop';
import { eventually } from '../support/eventually';
import { describeWithRedis } from '../support/redis-server';
import { Rollcall } from '../support/rollcall';
import { tabOf, tokenOf } from '../support/shop';

describeWithRedis('Who is no admin any more', () => {
  jest.setTimeout(60_000);

  it.each([
    ['by a first profile that names no role, where the apps file did', { name: 'Ada' }],
    ['by a profile with another role', { role: 'user' }],
  ])('joins no channel for admins at pods that nobody asks, after a second: %s', async (_, body) => {
    const redis = await redisOfTest();
    const ada = { id: 'ada', role: 'admin' as const, tokens: [tokenOf('ada')] };
    const app = crowdedShop({ users: [ada], channels: [{ pattern: 'board', join: ['admin'] }] });
    const environment = { REDIS_URL: redis.url, BEAT_MS: '20000', LEASE_MS: '60000' };
    const start = (): Promise<Rollcall> => Rollcall.start([app], environment);
    const [here, there] = [await start(), await start()];
    const tab = await there.open(tabOf('ada'));
    expect(await tab.join('board')).toMatchObject({ ok: true });
    expect(await tab.ask('channel:leave', { channel: 'board' })).toMatchObject({ ok: true });

    expect((await here.native('PUT', '/v1/users/ada', { body })).status).toBe(200);

    await eventually(
      async () => expect(await tab.join('board')).toMatchObject({ ok: false, error: { code: 'FORBIDDEN' } }),
      { within: 1000 },
    );
  });
});
