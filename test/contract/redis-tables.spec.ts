import type { RedisLink, RedisRosterStore } from '@rollcall/redis';
import { GONE_KEPT_MS, SEEN_DROPPED_PER_BATCH, SEEN_KEPT_MS, SEEN_MAX } from '@rollcall/roster';
import { eventually } from '../support/eventually';
import { connectLink, redisRosterOn } from '../support/redis-roster';
import { describeWithRedis, type RunningRedis, startRedis } from '../support/redis-server';
import { HOST, inChannels, rowOf, stored, Writer } from '../support/roster-store';

const PREFIX = 'test';
const KEYS = `{${PREFIX}:${HOST}}`;
const HINTS = `{${PREFIX}}:hosts`;

const HOUR_MS = 3_600_000;

/** Long ago, for any time that Redis compares with its own. */
const LONG_AGO = '1';

jest.setTimeout(60_000);

describeWithRedis('The tables in Redis', () => {
  let redis: RunningRedis;
  let link: RedisLink;
  let store: RedisRosterStore;
  let pod: Writer;

  const command = (...args: string[]): Promise<unknown> => link.command(args[1] ?? '', ...args);
  const keys = async (): Promise<string[]> => ((await command('KEYS', `${KEYS}*`)) as string[]).sort();

  /** What time would do. */
  const leftLongAgo = async (...userIds: string[]): Promise<void> => {
    for (const userId of userIds) await command('ZADD', `${KEYS}:gone`, LONG_AGO, JSON.stringify(userId));
    await command('ZADD', HINTS, LONG_AGO, JSON.stringify(HOST));
  };

  beforeEach(async () => {
    redis = await startRedis();
    link = connectLink({ urls: [redis.url] });
    ({ store } = redisRosterOn(link, PREFIX));
    pod = new Writer(store, HOST, 'pod-1');
    await eventually(() => store.checkFormat(), { within: 10_000 });
  });

  afterEach(async () => {
    await link.close();
    await redis.stop();
  });

  describe('of a host that everybody has left', () => {
    const left = async (): Promise<void> => {
      await pod.row('c1', rowOf('ada', inChannels('room')));
      await pod.gone('c1');
      await store.close(HOST, pod.life);
    };

    it('go when nobody can ask about who was there any more, and the host is not looked after then', async () => {
      await left();
      await leftLongAgo('ada');
      await store.leases(HOST);
      expect(await keys()).toEqual([]);
      expect(await store.hosts()).toEqual([]);
    });

    it('stay as long as somebody may ask', async () => {
      await left();
      await leftLongAgo();
      await store.leases(HOST);
      expect((await stored(store, HOST)).users.get('ada')).toMatchObject({ connections: 0 });
      expect(await store.hosts()).toEqual([HOST]);
    });

    it('keep what users have chosen, and nothing else', async () => {
      await pod.write({
        users: [{ userId: 'ada', status: 'busy' }],
        rows: [{ connectionId: 'c1', row: rowOf('bob') }],
      });
      await left();
      await leftLongAgo('ada', 'bob');
      await store.leases(HOST);
      const { users } = await stored(store, HOST);
      expect([...users]).toMatchObject([['ada', { chosen: 'busy' }]]);
      expect(await command('XLEN', `${KEYS}:log`)).toBe(0);
      expect(await store.hosts()).toEqual([]);
      // It is a host like any other when somebody comes back.
      await new Writer(store, HOST, 'pod-2').row('c2', rowOf('ada'));
      expect((await stored(store, HOST)).users.get('ada')).toMatchObject({ chosen: 'busy', connections: 1 });
    });

    it('go with what users have chosen where clients make up hosts, once nobody can ask any more', async () => {
      const { store: forgetful } = redisRosterOn(link, PREFIX, { isMadeUp: (host) => host === HOST });
      const { atMs } = await store.now(HOST, 0);
      await pod.write({
        users: [
          { userId: 'ada', status: 'busy' },
          { userId: 'bob', statusText: 'away for a year', untilMs: atMs + 365 * 24 * HOUR_MS },
        ],
      });
      await left();
      await leftLongAgo();
      await forgetful.leases(HOST);
      expect((await stored(store, HOST)).users.get('ada')).toMatchObject({ chosen: 'busy' });
      await leftLongAgo('ada');
      await forgetful.leases(HOST);
      expect(await keys()).toEqual([]);
      expect(await store.hosts()).toEqual([]);
    });

    it('are not looked after for as long as a choice runs, and what has ended is forgotten when somebody is back', async () => {
      const { atMs } = await store.now(HOST, 0);
      await pod.write({ users: [{ userId: 'ada', status: 'busy', untilMs: atMs + HOUR_MS }] });
      await store.close(HOST, pod.life);
      await command('ZADD', HINTS, LONG_AGO, JSON.stringify(HOST));
      await store.leases(HOST);
      expect(await store.hosts()).toEqual([]);
      expect((await stored(store, HOST)).users.get('ada')).toMatchObject({ chosen: 'busy' });
      await store.now(HOST, atMs + HOUR_MS + GONE_KEPT_MS + 1);
      await new Writer(store, HOST, 'pod-2').row('c2', rowOf('bob'));
      expect([...(await stored(store, HOST)).users.keys()]).toEqual(['bob']);
    });

    it('stay while a pod is there', async () => {
      await pod.row('c1', rowOf('ada'));
      await command('ZADD', HINTS, LONG_AGO, JSON.stringify(HOST));
      await store.leases(HOST);
      expect((await stored(store, HOST)).rows.size).toBe(1);
    });
  });

  it('of a host that was only asked about go by themselves, and stay once a pod is there', async () => {
    await store.head(HOST);
    expect(Number(await command('PTTL', `${KEYS}:meta`))).toBeGreaterThan(0);
    await pod.row('c1', rowOf('ada'));
    expect(await command('PTTL', `${KEYS}:meta`)).toBe(-1);
  });

  it('are all given up when a sweep finds that the users are lost, so that pods write them anew', async () => {
    await pod.row('c1', rowOf('ada'));
    await new Writer(store, HOST, 'pod-2').row('c2', rowOf('bob'));
    await command('DEL', `${KEYS}:users`);
    await command('ZADD', `${KEYS}:leases`, LONG_AGO, pod.life.instance);
    expect(await store.sweep(HOST, pod.life.instance, Number(LONG_AGO), '0')).toEqual({ state: 'done' });
    expect((await stored(store, HOST)).rows.size).toBe(0);
    await new Writer(store, HOST, 'pod-2').row('c2', rowOf('bob'));
    expect((await stored(store, HOST)).users.get('bob')).toMatchObject({ connections: 1 });
  });

  describe('of when users were last seen', () => {
    const seen = async (): Promise<number> => Number(await command('ZCARD', `${KEYS}:seen`));

    it('are not there where nobody has asked for it', async () => {
      await pod.row('c1', rowOf('ada'));
      await pod.gone('c1');
      expect(await seen()).toBe(0);
      expect(await keys()).not.toContain(`${KEYS}:seen`);
      expect(await command('EXISTS', `{${PREFIX}}:seen-hosts`)).toBe(0);
    });

    it('lose the first ones when there are too many, a bounded number at a time, and all when nobody comes', async () => {
      const many = Array.from({ length: SEEN_MAX + 10_000 }, (_, n) => [String(n), `"old-${n}"`]);
      for (let at = 0; at < many.length; at += 10_000) {
        await command('ZADD', `${KEYS}:seen`, ...many.slice(at, at + 10_000).flat());
      }
      const asked = new Writer(redisRosterOn(link, PREFIX, { remembersSeen: () => true }).store, HOST, 'pod-2');
      // Those are older than anybody is kept; then there are as many as may be, of now.
      for (const excess of [10_000 - SEEN_DROPPED_PER_BATCH + 1, 10_000 - 2 * SEEN_DROPPED_PER_BATCH + 2]) {
        await asked.row(`tab-${excess}`, rowOf(`user-${excess}`));
        await asked.gone(`tab-${excess}`);
        expect(await seen()).toBe(SEEN_MAX + excess);
      }
      const nowMs = (await store.now(HOST, 0)).atMs;
      await command('DEL', `${KEYS}:seen`);
      for (let at = 0; at < SEEN_MAX; at += 10_000) {
        const some = many
          .slice(at, at + 10_000)
          .flatMap(([n, user]) => [String(nowMs - SEEN_MAX + Number(n)), user ?? '']);
        await command('ZADD', `${KEYS}:seen`, ...some);
      }
      await asked.row('last', rowOf('last'));
      await asked.gone('last');
      expect([await seen(), await command('ZSCORE', `${KEYS}:seen`, '"old-0"')]).toEqual([SEEN_MAX, null]);
      const leftMs = Number(await command('PTTL', `${KEYS}:seen`));
      expect(leftMs).toBeGreaterThan(SEEN_KEPT_MS - 60_000);
      expect(leftMs).toBeLessThanOrEqual(SEEN_KEPT_MS);
    });
  });

  it('take somebody else’s nonsense about a user for nothing', async () => {
    await command('HSET', `${KEYS}:users`, '"ada"', '[-1,-1,"o",0,"f",0,4,null,""]');
    await pod.row('c1', rowOf('ada'));
    expect((await stored(store, HOST)).users.get('ada')).toMatchObject({ connections: 1, active: 1 });
  });

  it('are read anew when a scan has gone on at another server, where its cursor meant nothing', async () => {
    const rows = Array.from({ length: 2000 }, (_, n) => ({ connectionId: `c${n}`, row: rowOf(`user-${n}`) }));
    for (let from = 0; from < rows.length; from += 500) await pod.write({ rows: rows.slice(from, from + 500) });
    const original = link.command.bind(link);
    let scans = 0;
    jest.spyOn(link, 'command').mockImplementation(async (key, ...args) => {
      scans += args[0] === 'HSCAN' ? 1 : 0;
      return args[0] === 'HSCAN' && scans === 3 ? ['0', []] : original(key, ...args);
    });
    const { rows: read, users } = await store.snapshot(HOST);
    expect([read.size, users.size]).toEqual([2000, 2000]);
  });

  it('keep a log of large entries short', async () => {
    const names = Array.from({ length: 100 }, (_, n) => `${n}`.padEnd(255, '\ud800'));
    const row = rowOf('ada', inChannels(...names));
    for (let entries = 0; entries < 700; entries += 1) await pod.row('c1', row);
    expect(Number(await command('MEMORY', 'USAGE', `${KEYS}:log`))).toBeLessThan(90 * 1024 * 1024);
    expect(await command('XLEN', `${KEYS}:log`)).toBeGreaterThan(50);
  });

  // [connections that change at once, how long their names are, of what, megabytes of log at most]
  it.each([
    [1, 1, 'x', 1.5],
    [1, 160, 'x', 1.5],
    [12, 53, '\ud800', 6],
  ])(
    'keep the log of a made-up host small, where %d connections have names of %d times %j: under %d MB',
    async (...[count, length, of, most]) => {
      const madeUp = new Writer(redisRosterOn(link, PREFIX, { isMadeUp: () => true }).store, HOST, 'pod-2');
      const names = Array.from({ length: 99 }, (_, n) => `${n}`.padEnd(length, of));
      const connections = Array.from({ length: count }, (_, n) => `c${n}`);
      const rows = connections.map((connectionId) => ({ connectionId, row: rowOf('ada', inChannels(...names)) }));
      const writes = count === 1 ? 1500 : 100;
      for (let entries = 0; entries < writes; entries += 1) await madeUp.write({ rows });
      const bytes = Number(await command('MEMORY', 'USAGE', `${KEYS}:log`, 'SAMPLES', '0'));
      expect(bytes).toBeLessThan(most * 1e6);
      expect(bytes).toBeGreaterThan(0.5e6);
    },
  );
});
