import { eventually } from '../support/eventually';
import { EVERYTHING } from '../support/everything';
import { enterCrowd, enterLightly, enterPatiently, type LightTab } from '../support/light-tab';
import { RedisPod } from '../support/redis-pod';
import { redisForTest } from '../support/redis-shop';
import { describeWithRedis } from '../support/redis-server';
import { appsFile } from '../support/rollcall';
import { jwtOf, shop, tabOf, tokenOf } from '../support/shop';
import { Tab } from '../support/tab';
import { stopAfterTest } from '../support/teardown';

const CROWD = EVERYTHING ? 5000 : 1000;
const WATCHERS = 6;
const SECRET = 'a-secret-of-the-back-end';
const GRACE_MS = 60_000;
const REAL = { BEAT_MS: 2000, LEASE_MS: 10_000, REDIS_TIMEOUT_MS: 2000, OFFLINE_GRACE_MS: GRACE_MS };

interface Heard {
  readonly tab: Tab;
  readonly events: Map<string, number>;
  readonly offline: Set<string>;
}

describeWithRedis('A crowd that is cut off at once and comes back, as when a proxy is started anew,', () => {
  it('is no news to watchers of its channel and of its presence', async () => {
    const redis = await redisForTest();
    const app = shop({
      jwt: { algorithms: ['HS256'], secret: SECRET },
      users: Array.from({ length: WATCHERS }, (_, n) => ({ id: `watcher-${n}`, tokens: [tokenOf(`watcher-${n}`)] })),
    });
    const environment = { APPS_FILE: appsFile({ apps: [app] }) };
    const pods = await Promise.all([0, 1].map(() => RedisPod.start(redis.port, REAL, environment)));
    const portOf = (n: number): number => (pods[n % pods.length] as RedisPod).port;
    const enter = (n: number): Promise<LightTab> =>
      enterPatiently(
        () => enterLightly(portOf(n), { token: jwtOf({ sub: `user-${n}` }, SECRET) }, 'lobby'),
        () => undefined,
      );
    const crowd = await enterCrowd(CROWD, enter);
    const watchers = await Promise.all(Array.from({ length: WATCHERS }, (_, n) => watch(portOf(n), n)));

    const startedAt = performance.now();
    for (const tab of crowd) tab.cut();
    await enterCrowd(CROWD, (n) => enter(n + 1 - 2 * (n % 2)));
    const tookMs = performance.now() - startedAt;
    expect(tookMs).toBeLessThan(GRACE_MS);

    const last = await Tab.open(`http://127.0.0.1:${portOf(0)}`, { host: 'localhost', ...tabOf('watcher-0') });
    stopAfterTest(() => last.close());
    expect(await last.join('lobby')).toMatchObject({ ok: true, count: CROWD + WATCHERS });
    expect(await last.ask('presence:set', { statusText: 'It is over.' })).toMatchObject({ ok: true });
    for (const { tab, events, offline } of watchers) {
      await eventually(() => expect(events.get('watcher-0')).toBeGreaterThan(0), { within: 10_000 });
      expect(
        Math.max(0, ...[...events].filter(([id]) => id.startsWith('user-')).map(([, count]) => count)),
      ).toBeLessThan(2);
      expect(offline).toEqual(new Set());
      expect(tab.socket.connected).toBe(true);
    }
    const channel = (await pods[1]?.message('users', { channel: 'lobby' }))?.json as { lobby: unknown[] };
    expect(channel.lobby).toHaveLength(CROWD + WATCHERS);
  }, 180_000);
});

/** Counts how often each user was told of, in either way. */
async function watch(port: number, n: number): Promise<Heard> {
  const tab = await Tab.open(`http://127.0.0.1:${port}`, { host: 'localhost', ...tabOf(`watcher-${n}`) });
  stopAfterTest(() => tab.close());
  await tab.join('lobby');
  expect(await tab.ask('channel:watch', { channel: 'lobby' })).toMatchObject({ ok: true });
  expect(await tab.ask('presence:watch', {})).toMatchObject({ ok: true });
  const events = new Map<string, number>();
  const offline = new Set<string>();
  const count = (id: string): unknown => events.set(id, (events.get(id) ?? 0) + 1);
  tab.socket.on('channel:changed', (change) => {
    if ('snapshot' in change) return void count('snapshot');
    for (const { id } of change.joined) count(id);
    for (const id of change.left) offline.add(id);
    for (const id of change.left) count(id);
  });
  tab.socket.on('presence:changed', ({ users }) => {
    for (const { _id, status } of users) {
      count(_id);
      if (status === 'offline') offline.add(_id);
    }
  });
  return { tab, events, offline };
}
