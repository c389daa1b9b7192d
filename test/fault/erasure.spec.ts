import { jwtOf, shop, tabOf } from '../support/shop';
import { LocalRosters, Views } from '@rollcall/roster';
import { eventually } from '../support/eventually';
import { redisForTest } from '../support/redis-shop';
import { describeWithRedis } from '../support/redis-server';
import { appsFile, Rollcall } from '../support/rollcall';

const SECRET = 'a-secret-of-the-back-end';
const QUIET = 'quiet.example.com';
const KEY = `{rollcall:local:${QUIET}}`;
const HINTS = '{rollcall:local}:hosts';
const LONG_AGO = '1';

describeWithRedis('An erasure', () => {
  it('reaches hosts on which nobody has been for long, and where something was chosen', async () => {
    const redis = await redisForTest();
    const app = shop({ hosts: ['localhost', QUIET], jwt: { algorithms: ['HS256'], secret: SECRET } });
    const APPS_FILE = appsFile({ apps: [app] });
    const environment = {
      APPS_FILE,
      REDIS_URL: redis.url,
      OFFLINE_GRACE_MS: '0',
      BEAT_MS: '300',
      LEASE_MS: '1500',
      REDIS_TIMEOUT_MS: '1000',
    };
    const rollcall = await Rollcall.start(undefined, environment);
    const token = jwtOf({ sub: 'pat', name: 'Pat Real', iat: Math.floor(Date.now() / 1000) }, SECRET);
    const tab = await rollcall.open({ host: QUIET, token });
    expect(await tab.ask('presence:set', { status: 'busy', statusText: 'at home' })).toMatchObject({ ok: true });
    tab.close();
    const stored = (): Promise<unknown> => redis.command('HGETALL', `${KEY}:users`);
    await eventually(async () => expect(JSON.stringify(await stored())).toContain('[0,0,'));

    // What time would do.
    await rollcall.app.get(LocalRosters).dropIdle();
    for (let rounds = 0; rounds < 3; rounds += 1) rollcall.app.get(Views).dropIdle();
    await redis.command('ZADD', `${KEY}:gone`, LONG_AGO, '"pat"');
    await redis.command('ZADD', HINTS, LONG_AGO, JSON.stringify(QUIET));
    await eventually(async () => expect(await redis.command('ZSCORE', HINTS, JSON.stringify(QUIET))).toBeNull(), {
      within: 5000,
    });
    expect(JSON.stringify(await stored())).toContain('at home');

    expect((await rollcall.native('DELETE', '/v1/users/pat')).status).toBe(204);
    const left = JSON.stringify(await stored());
    expect(left).not.toContain('at home');
    expect(left).not.toContain('Pat Real');
    await rollcall.open(tabOf('ada'));
  });
});
