import type { RedisLink } from '@rollcall/redis';
import { StoreUnavailable } from '@rollcall/roster';
import { eventually } from '../support/eventually';
import { connectLink, type RedisRoster, redisRosterOn } from '../support/redis-roster';
import { describeWithRedis, type RunningRedis, startRedis } from '../support/redis-server';
import { viewsOf } from '../support/redis-views';
import { Heard, HOST, rowOf, stored, Writer } from '../support/roster-store';

const TIMEOUT_MS = 300;

jest.setTimeout(60_000);

describeWithRedis('A store on a Redis server', () => {
  let redis: RunningRedis;
  let link: RedisLink;
  let store: RedisRoster['store'];
  let pod: Writer;

  beforeEach(async () => {
    redis = await startRedis();
    link = connectLink({ urls: [redis.url] }, TIMEOUT_MS);
    store = redisRosterOn(link, 'test').store;
    pod = new Writer(store, HOST, 'pod-1');
    await eventually(() => store.checkFormat(), { within: 10_000 });
  });

  afterEach(async () => {
    redis.process.kill('SIGCONT');
    await link.close();
    await redis.stop();
  });

  /** Each verb fails, and how long it took. */
  const failingMs = (): Promise<number[]> => {
    const verbs = [
      () => store.head(HOST),
      () => store.now(HOST, 0),
      () => store.beat(HOST, pod.life),
      () => store.apply(HOST, pod.batch({ rows: [{ connectionId: 'c9', row: null }] })),
      () => store.snapshot(HOST),
      () => store.hosts(),
      () => store.follow('b.example', { entry: () => undefined, interrupted: () => undefined }),
    ];
    return Promise.all(
      verbs.map(async (verb) => {
        const beganAt = performance.now();
        await expect(verb()).rejects.toBeInstanceOf(StoreUnavailable);
        return performance.now() - beganAt;
      }),
    );
  };

  it('that is frozen keeps nobody waiting for longer than the time-out, and then fails at once until it is back', async () => {
    await pod.row('c1', rowOf('ada'));
    redis.process.kill('SIGSTOP');
    expect(Math.max(...(await failingMs()))).toBeLessThan(TIMEOUT_MS + 200);
    expect(link.isAway).toBe(true);
    expect(Math.max(...(await failingMs()))).toBeLessThan(50);
    redis.process.kill('SIGCONT');
    await eventually(async () => expect((await store.head(HOST)).revision).toBeGreaterThan(0), { within: 10_000 });
  });

  it('that has ended keeps nobody waiting either, and is used again when it is back', async () => {
    await pod.row('c1', rowOf('ada'));
    const views = viewsOf(store);
    await views.read(HOST);
    await redis.stop();
    expect(Math.max(...(await failingMs()))).toBeLessThan(TIMEOUT_MS + 200);
    expect(await views.read(HOST)).toMatchObject({ view: { totals: { userConnections: 1 } } });
    redis = await startRedis({ at: redis.port });
    await eventually(async () => expect((await store.head(HOST)).revision).toBe(0), { within: 10_000 });
    expect(await store.apply(HOST, pod.batch({ rows: [{ connectionId: 'c2', row: rowOf('ada') }] }))).toEqual({
      state: 'gone',
    });
    await pod.open({ epoch: 'before', revision: 0 });
    await pod.row('c2', rowOf('ada'));
    await eventually(
      async () => {
        const { view, staleMs } = await views.read(HOST);
        expect([staleMs, view.connection('c1'), view.connection('c2')?.pod]).toEqual([0, undefined, 'pod-1.2']);
        expect(view.head.epochAtMs).toBeGreaterThan(0);
      },
      { within: 10_000 },
    );
  });

  it('that has lost its subscribers is heard again, and listeners learn that they may have missed something', async () => {
    let interruptions = 0;
    await store.follow(HOST, {
      entry: () => undefined,
      interrupted: () => {
        interruptions += 1;
      },
    });
    const heard = await Heard.on(store, HOST);
    await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await eventually(() => expect(interruptions).toBeGreaterThan(0), { within: 10_000 });
    await eventually(
      async () => {
        const { revision } = await pod.row('c1', rowOf('ada'));
        await eventually(() => expect(heard.entries.at(-1)?.toRevision).toBe(revision), { within: 100 });
      },
      { within: 10_000 },
    );
  });

  it('whose scripts were flushed takes them again', async () => {
    await pod.row('c1', rowOf('ada'));
    await redis.command('SCRIPT', 'FLUSH');
    await pod.row('c2', rowOf('ada'));
    expect((await stored(store, HOST)).rows.size).toBe(2);
  });

  it('that holds another format is refused', async () => {
    await redis.command('SET', '{test}:format', '999');
    await expect(store.checkFormat()).rejects.toThrow('format 999');
  });
});
