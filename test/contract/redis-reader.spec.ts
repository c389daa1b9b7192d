import { RedisPodRegistry, RedisRosterReader, type RedisRosterStore, RedisUserDirectory } from '@rollcall/redis';
import { type LogEntry, NOWHERE, type PodSeen, UNKNOWN_USER } from '@rollcall/roster';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/eventually';
import { connectLink, redisRosterOn } from '../support/redis-roster';
import { describeWithRedis, type RunningRedis, startRedis } from '../support/redis-server';
import { HOST, inChannels, rowOf, Writer } from '../support/roster-store';
import { viewsOf } from '../support/redis-views';

const README = readFileSync(join(__dirname, '../../README.md'), 'utf8');

/** The rules of the line that operators are told to use for other data centres; its password is `secret`. */
const RULES = (/^user rollcall-reader (.*)$/m.exec(README)?.[1] ?? '').split(' ');

const PREFIX = 'rollcall:eu';

jest.setTimeout(60_000);

describeWithRedis('Another data centre’s Redis, over a login that may only read', () => {
  let redis: RunningRedis;
  let links: ReturnType<typeof connectLink>[];
  let store: RedisRosterStore;
  let pod: Writer;
  let reader: RedisRosterReader;
  let read: { link: ReturnType<typeof connectLink>; prefix: string };

  beforeEach(async () => {
    redis = await startRedis({ args: ['--user', 'rollcall-reader', ...RULES] });
    const there = connectLink({ urls: [redis.url] });
    const here = connectLink({ urls: [`redis://rollcall-reader:secret@127.0.0.1:${redis.port}`] });
    links = [there, here];
    ({ store } = redisRosterOn(there, PREFIX));
    read = { link: here, prefix: PREFIX };
    reader = new RedisRosterReader(read);
    pod = new Writer(store, HOST, 'pod-1');
    await eventually(() => store.checkFormat(), { within: 10_000 });
    await eventually(() => reader.checkFormat(), { within: 10_000 });
  });

  afterEach(async () => {
    await Promise.all(links.map((link) => link.close()));
    await redis.stop();
  });

  it('tells what its own pods would be told, and changes nothing by it', async () => {
    await pod.row('c1', rowOf('ada', inChannels('room')));
    await pod.row('c2', rowOf(null));
    const head = await store.head(HOST);
    expect(await reader.head(HOST)).toEqual(head);
    const snapshot = await reader.snapshot(HOST);
    expect(snapshot).toEqual({ ...(await store.snapshot(HOST)), head });
    expect(await reader.entriesAfter(HOST, 0)).toEqual(await store.entriesAfter(HOST, 0));
    expect(await reader.leases(HOST)).toEqual(await store.leases(HOST));
    expect((await store.head(HOST)).revision).toBe(head.revision);
  });

  it('has nobody on a host that nobody has ever been on, and leaves no trace of the question', async () => {
    expect(await reader.head(HOST)).toEqual(NOWHERE);
    expect(await reader.snapshot(HOST)).toEqual({ head: NOWHERE, rows: new Map(), users: new Map() });
    expect(await redis.command('KEYS', '*')).toEqual([`{${PREFIX}}:format`]);
  });

  it('is followed by a view: from nobody, through changes and a loss, to the truth', async () => {
    const views = viewsOf(reader, { reregisterMs: 500, staleMaxMs: 30_000 });
    const shown = async (): Promise<unknown[]> => {
      const { view, staleMs } = await views.read(HOST);
      return [view.totals.userConnections, staleMs > 0];
    };
    expect(await shown()).toEqual([0, false]);
    await pod.row('c1', rowOf('ada'));
    await pod.row('c2', rowOf('ben'));
    expect(await shown()).toEqual([2, false]);
    const { epoch, revision } = await store.head(HOST);

    await redis.command('FLUSHALL');
    expect(await shown()).toEqual([2, true]);
    await pod.open({ epoch, revision });
    await pod.row('c1', rowOf('ada'));
    await eventually(async () => expect(await shown()).toEqual([1, false]), { within: 5000 });
    views.close();
  });

  it('shows nobody any more when all of its pods have gone with its memory', async () => {
    const views = viewsOf(reader, { reregisterMs: 300, staleMaxMs: 30_000 });
    await pod.row('c1', rowOf('ada'));
    expect((await views.read(HOST)).view.connections).toBe(1);
    await redis.command('FLUSHALL');
    expect(await views.read(HOST)).toMatchObject({ staleMs: expect.any(Number) as number });
    await eventually(async () => expect((await views.read(HOST)).view.connections).toBe(0), { within: 5000 });
    expect((await views.read(HOST)).staleMs).toBe(0);
    views.close();
  });

  it('may have gone back to another history: the old picture stays for as long as its pods may need to notice', async () => {
    const views = viewsOf(reader, { reregisterMs: 500, staleMaxMs: 30_000 });
    await pod.row('c1', rowOf('ada'));
    const before = await store.head(HOST);
    await pod.row('c2', rowOf('ben'));
    expect((await views.read(HOST)).view.connections).toBe(2);

    // As after a failover that lost the last write, with another one in its place, and pods that none of it concerns.
    const keys = `{${PREFIX}:${HOST}}`;
    await redis.command('HDEL', `${keys}:m:pod-1`, '"c2"');
    await redis.command('HDEL', `${keys}:users`, '"ben"');
    await redis.command('XTRIM', `${keys}:log`, 'MAXLEN', '0');
    await redis.command('HSET', `${keys}:meta`, 'rev', String(before.revision + 1), 'tag', 'other');

    const { view, staleMs } = await views.read(HOST);
    expect([view.connections, staleMs > 0]).toEqual([2, true]);
    await eventually(
      async () => {
        const reading = await views.read(HOST);
        expect([reading.view.connections, reading.staleMs]).toEqual([1, 0]);
      },
      { within: 5000 },
    );
    views.close();
  });

  it('is read while more changes than its log remembers, with the help of who listens', async () => {
    for (let n = 0; n < 20; n += 1) await pod.row(`c${n}`, rowOf('ada'));
    const link = read.link;
    const command = link.command.bind(link);
    let written = 0;
    jest.spyOn(link, 'command').mockImplementation(async (...call) => {
      // Between a page and the next one: what is read is no longer so, and the log has forgotten how it came.
      if (call[1] === 'HSCAN' && written < 3) {
        written += 1;
        await pod.gone(`c${written}`);
        await pod.row(`late-${written}`, rowOf('ben'));
        await redis.command('XTRIM', `{${PREFIX}:${HOST}}:log`, 'MAXLEN', '0');
      }
      return command(...call);
    });
    const heard: LogEntry[] = [];
    const stop = await reader.follow(HOST, { entry: (entry) => heard.push(entry), interrupted: () => undefined });
    const { rows } = await reader.snapshot(HOST, heard);
    stop();
    expect(written).toBeGreaterThan(0);
    expect(rows).toEqual((await store.snapshot(HOST)).rows);
  });

  it('tells changes as they happen', async () => {
    const entries: LogEntry[] = [];
    const stop = await reader.follow(HOST, { entry: (entry) => entries.push(entry), interrupted: () => undefined });
    await pod.row('c1', rowOf('ada'));
    await eventually(() => expect(entries).toMatchObject([{ rows: [['c1', { userId: 'ada' }]] }]), { within: 5000 });
    stop();
  });

  it('shows its users and pods, also one that it has forgotten a revocation of, and one that is silent', async () => {
    const directory = new RedisUserDirectory({ link: links[0] as (typeof links)[0], prefix: PREFIX });
    await directory.put('shop', 'ada', { email: 'ada@example.com' });
    await directory.revokeTokens('shop', 'ben', 1000);
    const seen = new RedisUserDirectory({ ...read, readOnly: true });
    await seen.refresh('shop');
    expect(seen.find('shop', 'ada')?.details).toEqual({ email: 'ada@example.com' });
    await redis.command('DEL', `{${PREFIX}:app:"shop"}:users`);
    await directory.put('shop', 'cy', {});
    await seen.refresh('shop');
    expect(seen.find('shop', 'ben')).not.toEqual(UNKNOWN_USER);

    const news = { instance: 'p', dc: 'eu', version: '1', startedAtMs: 0, connections: 0, viewLag: 0 };
    const announce = (leaseMs: number): Promise<void> =>
      new RedisPodRegistry({ link: links[0] as (typeof links)[0], prefix: PREFIX, leaseMs }).announce(news);
    const list = (leaseMs: number): Promise<readonly PodSeen[]> =>
      new RedisPodRegistry({ ...read, leaseMs, readOnly: true }).list();
    // By its own lease, whatever that of the pod is that looks.
    await announce(-1);
    expect(await list(60_000)).toEqual([]);
    await announce(60_000);
    const shown = { ...news, beatAgeMs: expect.any(Number) as number };
    expect(await list(-1)).toEqual([shown]);
    // One of an earlier version does not tell its own.
    const now = Date.now();
    await redis.command('HSET', `{${PREFIX}}:pods`, 'p', JSON.stringify([now, news]));
    expect(await list(60_000)).toEqual([shown]);
    expect(await list(-1)).toEqual([]);
  });

  it('says so when another release has written it', async () => {
    await redis.command('SET', `{${PREFIX}}:format`, '999');
    await expect(reader.snapshot(HOST)).rejects.toThrow(/format 999, but this release knows format/);
  });
});
