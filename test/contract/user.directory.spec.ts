import { type RedisLink, RedisUserDirectory } from '@rollcall/redis';
import { MemoryUserDirectory, StoreUnavailable, type UserDirectory } from '@rollcall/roster';
import { eventually } from '../support/eventually';
import { connectLink } from '../support/redis-roster';
import { describeWithRedis, type RunningRedis, startRedis } from '../support/redis-server';

const APP = 'shop';
const USERS = '{test:app:"shop"}:users';
const LOG = '{test:app:"shop"}:log';

const token = (byte: number) => ({ hash: Buffer.alloc(32, byte) });

/** A pod's directory, its way to Redis, and whom it has told its listeners of. */
type Pod = RedisUserDirectory & { link: RedisLink; changes: string[]; revocations: string[] };

function describeRevocations(start: () => UserDirectory | Promise<UserDirectory>): void {
  it.each([10_000, 5000])('moves a revocation at 10,000 on when there is another one at %i', async (atMs) => {
    const directory = await start();
    await directory.revokeTokens(APP, 'ada', 10_000);
    await directory.revokeTokens(APP, 'ada', atMs);
    expect(directory.find(APP, 'ada')?.revokedAtMs).toBe(10_001);
    await directory.erase(APP, 'ada', atMs);
    expect(directory.find(APP, 'ada')?.revokedAtMs).toBe(10_002);
    await directory.revokeTokens(APP, 'ada', 20_000);
    expect(directory.find(APP, 'ada')).toEqual({
      details: null,
      tokens: [],
      revokedAtMs: 20_000,
      issuedBeforeMs: 0,
      erasedAtMs: 10_002,
    });
  });

  it('drops those of a user’s tokens that were issued before a moment, and never takes that back', async () => {
    const directory = await start();
    const [undated, early, late] = [token(1), { ...token(2), issuedAtMs: 999 }, { ...token(3), issuedAtMs: 1000 }];
    await directory.put(APP, 'ada', { name: 'Ada' });
    for (const one of [undated, early, late]) await directory.addToken(APP, 'ada', one, 0);
    await directory.addToken(APP, 'bob', early, 0);

    await directory.revokeTokensBefore(APP, 'ada', 1000);
    await directory.revokeTokensBefore(APP, 'ada', 500);

    const details = { name: 'Ada' };
    expect(directory.find(APP, 'ada')).toEqual({ details, tokens: [late], revokedAtMs: 0, issuedBeforeMs: 1000 });
    expect(directory.find(APP, 'bob')?.tokens).toEqual([early]);
    await directory.erase(APP, 'ada', 2000);
    expect(directory.find(APP, 'ada')).toMatchObject({ details: null, revokedAtMs: 2000, issuedBeforeMs: 1000 });
  });

  it('revokes what was issued before a moment for everybody, per app, and never takes that back', async () => {
    const directory = await start();
    await directory.refresh('other');
    await directory.revokeTokensBefore(APP, null, 1000);
    await directory.revokeTokensBefore(APP, null, 500);
    expect([APP, 'other'].map((app) => directory.revokedTokens(app).issuedBeforeMs)).toEqual([1000, 0]);
  });

  it.each(['id', '__proto__', 'before', '"before"', "'; --", '../../etc/passwd', 'naïve 🙂', '\ud800'])(
    'revokes the JWT with the id %j, and no other, in this app alone',
    async (jti) => {
      const directory = await start();
      await directory.refresh('other');
      expect(await directory.revokeToken(APP, jti, Infinity, 10)).toBe(true);
      const revoked = directory.revokedTokens(APP);
      expect(['x', jti, `${jti}x`, 'toString'].map((one) => revoked.has(one))).toEqual([false, true, false, false]);
      expect(revoked.issuedBeforeMs).toBe(0);
      expect(directory.revokedTokens('other').has(jti)).toBe(false);
    },
  );

  it('keeps so many revoked ids and says no to the next, until some are of no use any more', async () => {
    const directory = await start();
    await directory.revokeTokensBefore(APP, null, 1000);
    const revoke = (jti: string, untilMs: number): Promise<boolean> => directory.revokeToken(APP, jti, untilMs, 2);
    expect([await revoke('a', 5000), await revoke('b', Infinity), await revoke('c', 9000)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(directory.revokedTokens(APP).nextTrimMs()).toBe(5000);
    // Again, and for longer: that takes no room.
    expect([await revoke('a', 6000), await revoke('b', 1)]).toEqual([true, true]);

    await directory.trim(5999);
    expect([await revoke('c', 9000), directory.revokedTokens(APP).has('a')]).toEqual([false, true]);
    await directory.trim(6000);
    expect(['a', 'b', 'c'].map((jti) => directory.revokedTokens(APP).has(jti))).toEqual([false, true, false]);
    expect([await revoke('c', 9000), await revoke('d', 9000)]).toEqual([true, false]);
  });

  it('forgets no revoked id early for a pod whose clock is ahead, nor for one whose clock is behind', async () => {
    const directory = await start();
    const hourMs = 3_600_000;
    const until = { past: Date.now() - 2 * hourMs, recent: Date.now() - 60_000, future: Date.now() + hourMs };
    for (const [jti, untilMs] of Object.entries(until)) await directory.revokeToken(APP, jti, untilMs, 10);
    const kept = (): string[] => Object.keys(until).filter((jti) => directory.revokedTokens(APP).has(jti));
    await directory.trim(Date.now() - hourMs);
    expect(kept()).toEqual(['recent', 'future']);
    await directory.trim(Date.now() + 24 * hourMs);
    expect(kept()).toEqual(['future']);
  });

  it('tells of each revocation without regard to a user, and of none that is known already', async () => {
    const directory = await start();
    const told: string[] = [];
    directory.onRevocation((app) => told.push(app));
    await directory.revokeToken(APP, 'a', 5000, 10);
    await directory.revokeToken(APP, 'a', 5000, 10);
    expect(told).toEqual([APP]);
    await directory.revokeTokensBefore(APP, null, 1000);
    await directory.revokeTokensBefore(APP, null, 900);
    expect(told).toEqual([APP, APP]);
  });
}

function describeTokens(start: () => UserDirectory | Promise<UserDirectory>): void {
  it('keeps so many tokens of a user and says no to the next, until some of them count no more', async () => {
    const directory = await start();
    const add = (byte: number, times: { issuedAtMs: number; expiresAtMs?: number }, nowMs: number): Promise<boolean> =>
      directory.addToken(APP, 'ada', { ...token(byte), ...times }, nowMs, 2);
    const kept = (): number[] => directory.find(APP, 'ada')?.tokens.map(({ hash }) => hash[0] ?? -1) ?? [];
    await directory.put(APP, 'ada', { name: 'Ada' });
    expect([await add(1, { issuedAtMs: 100, expiresAtMs: 5000 }, 0), await add(2, { issuedAtMs: 100 }, 0)]).toEqual([
      true,
      true,
    ]);
    expect([await add(3, { issuedAtMs: 4999 }, 4999), kept()]).toEqual([false, [1, 2]]);
    // Somebody else has places of their own.
    expect(await directory.addToken(APP, 'bob', token(9), 4999, 2)).toBe(true);
    expect([await add(3, { issuedAtMs: 5000 }, 5000), kept()]).toEqual([true, [2, 3]]);
    expect([await add(4, { issuedAtMs: 6000 }, 6000), kept()]).toEqual([false, [2, 3]]);
    await directory.revokeTokensBefore(APP, null, 5000);
    expect([await add(4, { issuedAtMs: 6000 }, 6000), kept()]).toEqual([true, [3, 4]]);
    await directory.revokeTokens(APP, 'ada', 7000);
    expect([await add(5, { issuedAtMs: 7000 }, 7000), kept()]).toEqual([true, [5]]);
    expect(directory.find(APP, 'ada')?.details).toEqual({ name: 'Ada' });
  });

  it('keeps as many as there may be, and no more, of those that come all at once', async () => {
    const directory = await start();
    const tokens = Array.from({ length: 60 }, (_, n) => token(n));
    const added = await Promise.all(tokens.map((one) => directory.addToken(APP, 'ada', one, 0, 50)));
    expect(added.filter((one) => one)).toHaveLength(50);
    const kept = directory.find(APP, 'ada')?.tokens.map(({ hash }) => hash[0]) ?? [];
    expect([...kept].sort()).toEqual(added.flatMap((one, n) => (one ? [n] : [])).sort());
  });
}

function describeSettings(start: () => UserDirectory | Promise<UserDirectory>): void {
  it('has no settings until some are put, and the last ones then, each app its own', async () => {
    const directory = await start();
    expect(directory.settings(APP)).toEqual({});
    for (const settings of [{ broadcastDisabled: true }, { broadcastDisabled: false }, {}]) {
      await directory.putSettings(APP, settings);
      expect(directory.settings(APP)).toEqual(settings);
      expect(directory.settings('another')).toEqual({});
    }
  });

  it('tells of settings that have become others, and of no others', async () => {
    const directory = await start();
    const told: string[] = [];
    directory.onSettings((app) => told.push(app));
    for (const broadcastDisabled of [true, true, false]) await directory.putSettings(APP, { broadcastDisabled });
    await directory.put(APP, 'ada', { name: 'Ada' });
    expect(told).toEqual([APP, APP]);
  });

  it('takes nobody for the settings', async () => {
    const directory = await start();
    await directory.putSettings(APP, { broadcastDisabled: true });
    const userIds = ['settings', '!settings', '"settings"', '__proto__'];
    for (const userId of userIds) await directory.put(APP, userId, { name: userId });
    expect(directory.settings(APP)).toEqual({ broadcastDisabled: true });
    expect([...directory.userIds(APP)].sort()).toEqual([...userIds].sort());
    await directory.putSettings(APP, { broadcastDisabled: false });
    expect(userIds.map((id) => directory.find(APP, id)?.details?.name)).toEqual(userIds);
  });
}

describe('A directory in memory', () => {
  describeRevocations(() => new MemoryUserDirectory());
  describeTokens(() => new MemoryUserDirectory());
  describeSettings(() => new MemoryUserDirectory());
});

describeWithRedis('A directory on Redis', () => {
  let redis: RunningRedis;
  let links: RedisLink[];

  const pod = async ({ isDeaf = false, readOnly = false } = {}): Promise<Pod> => {
    const link = connectLink({ urls: [redis.url] });
    links.push(link);
    await eventually(() => link.command('', 'PING').then(() => undefined), { within: 10_000 });
    if (isDeaf) jest.spyOn(link, 'subscribe').mockRejectedValue(new StoreUnavailable('It hears nothing.'));
    const directory = new RedisUserDirectory({ link, prefix: 'test', readOnly });
    const changes: string[] = [];
    directory.onChange((_, userId) => changes.push(userId));
    const revocations: string[] = [];
    directory.onRevocation((app) => revocations.push(app));
    return Object.assign(directory, { link, changes, revocations });
  };

  beforeEach(async () => {
    redis = await startRedis();
    links = [];
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await Promise.all(links.map((link) => link.close()));
    await redis.stop();
  });

  const stored = async (userId: string): Promise<string> =>
    String(await redis.command('HGET', USERS, JSON.stringify(userId)));

  const newest = async (): Promise<string> =>
    ((await redis.command('XREVRANGE', LOG, '+', '-', 'COUNT', '1')) as [string][])[0]?.[0] ?? '';

  /** What a replica has to which the last write, of this user, never came. */
  async function loseLastWrite(userId: string, before: string): Promise<void> {
    await redis.command('HSET', USERS, JSON.stringify(userId), before);
    await redis.command('XDEL', LOG, await newest());
  }

  describeRevocations(pod);
  describeTokens(pod);

  it('has each token that pods have added to one user together, and no more than there may be', async () => {
    const pods = await Promise.all([pod(), pod()]);
    const add = (_: unknown, n: number): Promise<boolean> =>
      (n % 2 === 0 ? pods[0] : pods[1]).addToken(APP, 'ada', token(n), 0, 100);
    for (const [round, there] of [60, 100, 100].entries()) {
      const added = await Promise.all(Array.from({ length: 60 }, add));
      expect([round, added.filter((one) => one).length]).toEqual([round, [60, 40, 0][round]]);
      await Promise.all(pods.map((one) => one.refresh(APP)));
      expect(pods.map((one) => one.find(APP, 'ada')?.tokens.length)).toEqual([there, there]);
    }
  });

  it('says that it cannot be had now, and not that something is wrong, where others are faster each time', async () => {
    const here = await pod();
    await here.put(APP, 'ada', { name: 'Ada' });
    const script = here.link.script.bind(here.link);
    let others = 0;
    jest.spyOn(here.link, 'script').mockImplementation(async (...call) => {
      others += 1;
      await redis.command('HSET', USERS, '"ada"', JSON.stringify({ tokens: [], revokedAtMs: others }));
      return script(...call);
    });
    await expect(here.put(APP, 'ada', { name: 'Ada L.' })).rejects.toThrow(StoreUnavailable);
    expect(others).toBeGreaterThan(5);
    jest.restoreAllMocks();
    await here.put(APP, 'ada', { name: 'Ada L.' });
    expect(await stored('ada')).toContain('Ada L.');
  });

  describeSettings(pod);

  it('has the settings of other pods, whether it reads the log or everything', async () => {
    const [here, there] = [await pod(), await pod()];
    const told: string[] = [];
    there.onSettings((app) => told.push(app));
    await there.refresh(APP);
    await here.putSettings(APP, { broadcastDisabled: true });
    await there.refresh(APP);
    expect(there.settings(APP)).toEqual({ broadcastDisabled: true });
    await here.putSettings(APP, { broadcastDisabled: false });
    await redis.command('DEL', LOG);
    await there.refresh(APP);
    expect(there.settings(APP)).toEqual({ broadcastDisabled: false });
    const late = await pod();
    await late.refresh(APP);
    expect(late.settings(APP)).toEqual({ broadcastDisabled: false });
    expect(told).toEqual([APP, APP]);
    expect(there.changes).toEqual([]);
  });

  it('has no settings any more when Redis has forgotten them', async () => {
    const here = await pod();
    await here.putSettings(APP, { broadcastDisabled: true });
    await here.revokeTokens(APP, 'ada', 1000);
    await redis.command('FLUSHALL');
    await here.refresh(APP);
    expect(here.settings(APP)).toEqual({});
    expect(here.find(APP, 'ada')?.revokedAtMs).toBe(1000);
  });

  it('has the settings that were put last by pods that do so together', async () => {
    const pods = [await pod(), await pod(), await pod()];
    await Promise.all(pods.map((one, at) => one.putSettings(APP, { broadcastDisabled: at % 2 === 0 })));
    await Promise.all(pods.map((one) => one.refresh(APP)));
    const kept = JSON.parse(String(await redis.command('HGET', USERS, '!settings'))) as unknown;
    for (const one of pods) expect(one.settings(APP)).toEqual(kept);
  });

  it('keeps a token revoked, on all pods, when a failover has lost the revocation', async () => {
    const [here, there] = [await pod(), await pod()];
    await here.put(APP, 'ada', { name: 'Ada' });
    await here.addToken(APP, 'ada', token(1), 0);
    const before = await stored('ada');
    await here.revokeTokens(APP, 'ada', 1000);
    await loseLastWrite('ada', before);

    await here.refresh(APP);
    await there.refresh(APP);

    for (const one of [here, there]) {
      expect(one.find(APP, 'ada')).toEqual({
        details: { name: 'Ada' },
        tokens: [],
        revokedAtMs: 1000,
        issuedBeforeMs: 0,
      });
    }
  });

  it('drops a token that somebody has minted who had not heard of a revocation that was lost', async () => {
    const [here, there] = [await pod(), await pod({ isDeaf: true })];
    await here.addToken(APP, 'ada', token(1), 0);
    const before = await stored('ada');
    await there.refresh(APP);
    await here.revokeTokens(APP, 'ada', 1000);
    await loseLastWrite('ada', before);
    await there.addToken(APP, 'ada', token(2), 0);

    await here.refresh(APP);

    expect(here.find(APP, 'ada')).toEqual({ details: undefined, tokens: [], revokedAtMs: 1000, issuedBeforeMs: 0 });
  });

  it('counts what is written by a pod that has not yet noticed the loss of what it knows', async () => {
    const here = await pod();
    await here.put(APP, 'ada', { name: 'Ada' });
    await here.addToken(APP, 'ada', token(1), 0);
    const before = await stored('ada');
    await here.erase(APP, 'ada', 1000);
    await loseLastWrite('ada', before);

    await here.addToken(APP, 'ada', token(2), 0);

    expect(here.find(APP, 'ada')).toEqual({
      details: null,
      tokens: [token(2)],
      revokedAtMs: 1000,
      issuedBeforeMs: 0,
      erasedAtMs: 1000,
    });
    expect(await stored('ada')).not.toContain('Ada');
  });

  it('acknowledges no revocation that is lost before this pod has read it', async () => {
    const here = await pod();
    await here.addToken(APP, 'ada', token(1), 0);
    const before = await stored('ada');
    const script = here.link.script.bind(here.link);
    jest.spyOn(here.link, 'script').mockImplementationOnce(async (...call) => {
      const reply = await script(...call);
      await loseLastWrite('ada', before);
      return reply;
    });

    await here.revokeTokens(APP, 'ada', 1000);

    expect(here.find(APP, 'ada')).toEqual({ details: undefined, tokens: [], revokedAtMs: 1000, issuedBeforeMs: 0 });
    expect(await stored('ada')).toContain('1000');
  });

  it('knows of a revocation right after the question that found Redis empty, and Redis knows of it again', async () => {
    const [here, there] = [await pod(), await pod()];
    await here.revokeTokens(APP, 'ada', 1000);
    await here.erase(APP, 'bob', 2000);
    await here.put(APP, 'eve', { name: 'Eve' });
    await redis.command('FLUSHALL');

    await here.refresh(APP);
    await there.refresh(APP);

    for (const one of [here, there]) {
      expect(one.find(APP, 'ada')).toEqual({ details: undefined, tokens: [], revokedAtMs: 1000, issuedBeforeMs: 0 });
      expect(one.find(APP, 'bob')).toEqual({
        details: null,
        tokens: [],
        revokedAtMs: 2000,
        issuedBeforeMs: 0,
        erasedAtMs: 2000,
      });
      expect(one.find(APP, 'eve')).toBeUndefined();
    }
  });

  it('tries again to write a revocation back, and holds on to it meanwhile', async () => {
    const [here, there] = [await pod(), await pod()];
    await here.revokeTokens(APP, 'ada', 1000);
    await redis.command('FLUSHALL');
    jest.spyOn(here.link, 'script').mockRejectedValueOnce(new StoreUnavailable('Not now.'));

    await here.refresh(APP);
    expect(here.find(APP, 'ada')?.revokedAtMs).toBe(1000);
    expect(await redis.command('EXISTS', USERS)).toBe(0);

    await here.refresh(APP);
    await there.refresh(APP);
    expect(there.find(APP, 'ada')?.revokedAtMs).toBe(1000);
  });

  it('has everything written back once by pods that do so together', async () => {
    const pods = [await pod(), await pod(), await pod()] as const;
    const userIds = Array.from({ length: 1200 }, (_, n) => `user ${n}`);
    await Promise.all(userIds.map((userId) => pods[0].revokeTokens(APP, userId, 1000)));
    await Promise.all(pods.map((one) => one.refresh(APP)));
    await redis.command('FLUSHALL');

    await Promise.all(pods.map((one) => one.refresh(APP)));

    expect(await redis.command('HLEN', USERS)).toBe(1200);
    expect(await redis.command('XLEN', LOG)).toBe(1200);
    for (const one of pods) expect(userIds.filter((id) => one.find(APP, id)?.revokedAtMs !== 1000)).toEqual([]);
  });

  it('has the later one of two revocations, of which two pods write one back each', async () => {
    const [early, late] = [await pod(), await pod()];
    await early.revokeTokens(APP, 'ada', 1000);
    await late.revokeTokens(APP, 'ada', 2000);
    await redis.command('FLUSHALL');

    await early.refresh(APP);
    await eventually(async () => {
      await late.refresh(APP);
      await early.refresh(APP);
      expect([early, late].map((one) => one.find(APP, 'ada')?.revokedAtMs)).toEqual([2000, 2000]);
      expect(await stored('ada')).toContain('2000');
    });
  });

  it('misses no revocation when so much is written while it reads the log that what comes next is trimmed away', async () => {
    const [here, reader] = [await pod(), await pod({ isDeaf: true })];
    const put = (count: number, name: string): Promise<unknown> =>
      Promise.all(Array.from({ length: count }, (_, n) => here.put(APP, `user ${n}`, { name })));
    await put(1, 'first');
    await reader.refresh(APP);
    await put(600, 'second');
    const command = reader.link.command.bind(reader.link);
    let pages = 0;
    jest.spyOn(reader.link, 'command').mockImplementation(async (key, name = '', ...args) => {
      const reply = await command(key, name, ...args);
      if (name === 'XRANGE' && (pages += 1) === 1) {
        await here.revokeTokens(APP, 'ada', 10_000);
        await here.revokeToken(APP, 'stolen', Infinity, 10);
        // What a bulk import does to the log.
        await put(10, 'third');
        await redis.command('XTRIM', LOG, 'MAXLEN', '10');
      }
      return reply;
    });
    await reader.refresh(APP);
    expect(pages).toBeGreaterThan(1);
    expect(reader.find(APP, 'ada')).toMatchObject({ revokedAtMs: 10_000 });
    expect(reader.revokedTokens(APP).has('stolen')).toBe(true);
    expect(reader.find(APP, 'user 9')).toMatchObject({ details: { name: 'third' } });
  });

  it('takes nobody for gone whom a reading over a failover has left out', async () => {
    const [here, reader] = [await pod(), await pod()];
    const userIds = Array.from({ length: 1200 }, (_, n) => `user ${n}`);
    await Promise.all(userIds.map((userId) => here.put(APP, userId, { name: userId })));
    await reader.refresh(APP);
    await redis.command('DEL', LOG);
    const command = reader.link.command.bind(reader.link);
    let cut = false;
    jest.spyOn(reader.link, 'command').mockImplementation(async (key, name = '', ...args) => {
      const reply = await command(key, name, ...args);
      if (name !== 'HSCAN' || cut) return reply;
      cut = true;
      // Another server takes the cursor for its own end.
      return ['0', (reply as [string, string[]])[1]];
    });
    reader.changes.length = 0;
    await reader.refresh(APP);
    expect([cut, reader.changes]).toEqual([true, []]);
    expect(userIds.filter((id) => reader.find(APP, id)?.details?.name !== id)).toEqual([]);
  });

  it('tells of nobody who is the same after everything was read again', async () => {
    const here = await pod();
    await here.put(APP, 'ada', { name: 'Ada' });
    await here.addToken(APP, 'bob', { ...token(1), expiresAtMs: 5000 }, 0);
    await here.revokeTokens(APP, 'eve', 1000);
    const before = await stored('ada');
    await here.put(APP, 'ada', { name: 'Ada Lovelace' });
    here.changes.length = 0;
    await redis.command('DEL', LOG);
    await here.refresh(APP);
    expect(here.changes).toEqual([]);

    await redis.command('HSET', USERS, '"ada"', before);
    await redis.command('XADD', LOG, '*', 'u', '"nobody"');
    await here.refresh(APP);
    expect(here.changes).toEqual(['ada']);
  });

  const REVOKED = '{test:app:"shop"}:revoked';

  it('reaches all pods at once with a revocation of any kind, unasked', async () => {
    const [here, there] = [await pod(), await pod()];
    await there.refresh(APP);
    await eventually(async () => expect(await redis.command('PUBSUB', 'SHARDNUMSUB', LOG)).toEqual([LOG, 1]));
    const revoke: [act: () => Promise<unknown>, isKnown: () => boolean][] = [
      [() => here.revokeToken(APP, 'a', Infinity, 10), () => there.revokedTokens(APP).has('a')],
      [() => here.revokeTokensBefore(APP, null, 1000), () => there.revokedTokens(APP).issuedBeforeMs === 1000],
      [() => here.revokeTokensBefore(APP, 'ada', 1000), () => there.find(APP, 'ada')?.issuedBeforeMs === 1000],
      [() => here.revokeTokens(APP, 'bob', 1000), () => there.find(APP, 'bob')?.revokedAtMs === 1000],
      [() => here.erase(APP, 'eve', 1000), () => there.find(APP, 'eve')?.details === null],
    ];
    for (const [act, isKnown] of revoke) {
      await act();
      await eventually(() => expect(isKnown()).toBe(true), { within: 1000 });
    }
    expect([there.changes, there.revocations]).toEqual([
      ['ada', 'bob', 'eve'],
      [APP, APP],
    ]);
  });

  it('reaches all pods at once with another role, or none where the apps file may have named one, unasked', async () => {
    const [here, there] = [await pod(), await pod()];
    await there.refresh(APP);
    await eventually(async () => expect(await redis.command('PUBSUB', 'SHARDNUMSUB', LOG)).toEqual([LOG, 1]));
    for (const details of [{ name: 'Ada' }, { role: 'admin' }, { role: 'user' }, { name: 'Ada' }] as const) {
      await here.put(APP, 'ada', details);
      await eventually(() => expect(there.find(APP, 'ada')?.details).toEqual(details), { within: 1000 });
    }
  });

  it('reaches all pods at once with settings, unasked', async () => {
    const [here, there] = [await pod(), await pod()];
    const told: string[] = [];
    there.onSettings((app) => told.push(app));
    await there.refresh(APP);
    await eventually(async () => expect(await redis.command('PUBSUB', 'SHARDNUMSUB', LOG)).toEqual([LOG, 1]));
    for (const broadcastDisabled of [true, false]) {
      await here.putSettings(APP, { broadcastDisabled });
      await eventually(() => expect(there.settings(APP)).toEqual({ broadcastDisabled }), { within: 1000 });
    }
    expect(told).toEqual([APP, APP]);
  });

  it('knows of every kind of revocation right after Redis was emptied, and Redis knows of it again', async () => {
    const [here, there] = [await pod(), await pod()];
    await here.addToken(APP, 'ada', { ...token(1), issuedAtMs: 500 }, 0);
    await here.revokeTokensBefore(APP, 'ada', 1000);
    await here.revokeTokensBefore(APP, null, 700);
    await here.revokeToken(APP, 'a', 5000, 10);
    await here.revokeToken(APP, 'b', Infinity, 10);
    await redis.command('FLUSHALL');

    await here.refresh(APP);
    await there.refresh(APP);

    for (const one of [here, there]) {
      expect(one.find(APP, 'ada')).toMatchObject({ tokens: [], issuedBeforeMs: 1000 });
      expect(one.revokedTokens(APP).issuedBeforeMs).toBe(700);
      expect(['a', 'b', 'c'].map((jti) => one.revokedTokens(APP).has(jti))).toEqual([true, true, false]);
    }
    expect(await redis.command('HGETALL', REVOKED)).toEqual(expect.arrayContaining(['"a"', '5000', '"b"', 'null']));
  });

  it('takes no token back that a failover has brought back from before a moment', async () => {
    const here = await pod();
    await here.addToken(APP, 'ada', { ...token(1), issuedAtMs: 500 }, 0);
    await here.addToken(APP, 'ada', { ...token(2), issuedAtMs: 1500 }, 0);
    const before = await stored('ada');
    await here.revokeTokensBefore(APP, 'ada', 1000);
    await loseLastWrite('ada', before);

    await here.refresh(APP);

    const tokens = [{ ...token(2), issuedAtMs: 1500 }];
    expect(here.find(APP, 'ada')).toMatchObject({ tokens, issuedBeforeMs: 1000 });
    expect(await stored('ada')).toContain('1000');
  });

  it('acknowledges no revoked id that is lost before this pod has read it', async () => {
    const here = await pod();
    await here.refresh(APP);
    const script = here.link.script.bind(here.link);
    jest.spyOn(here.link, 'script').mockImplementationOnce(async (...call) => {
      const reply = await script(...call);
      await redis.command('FLUSHALL');
      return reply;
    });
    expect(await here.revokeToken(APP, 'a', 5000, 10)).toBe(true);
    expect(await redis.command('HGET', REVOKED, '"a"')).toBe('5000');
    expect(here.revokedTokens(APP).has('a')).toBe(true);
  });

  it('takes no revoked id out of Redis for a pod whose clock is ahead, so that pods that come later know of it', async () => {
    const here = await pod();
    const soonMs = Date.now() + 600_000;
    await here.revokeToken(APP, 'a', soonMs, 10);
    await here.trim(soonMs + 600_000);
    expect(await redis.command('HGETALL', REVOKED)).toEqual(['"a"', String(soonMs)]);
    const late = await pod();
    await late.refresh(APP);
    expect(late.revokedTokens(APP).has('a')).toBe(true);
  });

  /** Everything that is not to be forgotten, with something that may be. */
  async function revokeAllKinds(here: Pod): Promise<void> {
    await here.revokeTokens(APP, 'ada', 1000);
    await here.erase(APP, 'bob', 2000);
    await here.put(APP, 'eve', { name: 'Eve' });
    await here.revokeTokensBefore(APP, null, 700);
    await here.revokeToken(APP, 'a', Infinity, 10);
    await here.revokeToken(APP, 'b', Date.now() + 3_600_000, 10);
  }

  function expectRevoked(one: Pod): void {
    expect(one.find(APP, 'ada')).toMatchObject({ revokedAtMs: 1000 });
    expect(one.find(APP, 'bob')).toMatchObject({ details: null, erasedAtMs: 2000 });
    expect(one.revokedTokens(APP).issuedBeforeMs).toBe(700);
    expect(['a', 'b', 'c'].map((jti) => one.revokedTokens(APP).has(jti))).toEqual([true, true, false]);
  }

  it.each<[what: string, ...lost: [command: string, ...args: string[]][]]>([
    ['the users', ['DEL', USERS]],
    ['the revoked ids', ['DEL', REVOKED]],
    ['both tables', ['DEL', USERS, REVOKED]],
    ['the log', ['DEL', LOG]],
    ['one user', ['HDEL', USERS, '"ada"']],
    ['one revoked id', ['HDEL', REVOKED, '"b"']],
    ['what was revoked for everybody', ['HDEL', REVOKED, 'before']],
    ['everything, one after the other', ['DEL', REVOKED], ['DEL', LOG], ['DEL', USERS]],
  ])('writes back what Redis has lost with %s, with the next question', async (_, ...lost) => {
    const here = await pod();
    await revokeAllKinds(here);
    for (const command of lost) {
      await redis.command(...command);
      await here.refresh(APP);
    }
    const late = await pod();
    await late.refresh(APP);
    for (const one of [here, late]) expectRevoked(one);
  });

  it('writes back what was lost though others have written since, of which it had not heard', async () => {
    const [here, there] = [await pod({ isDeaf: true }), await pod({ isDeaf: true })];
    await revokeAllKinds(here);
    await redis.command('DEL', USERS, REVOKED);
    for (let n = 0; n < 5; n += 1) {
      await there.put(APP, `user ${n}`, { name: 'new' });
      await there.revokeToken(APP, `token ${n}`, Infinity, 10);
    }
    await here.refresh(APP);
    await here.refresh(APP);
    await there.refresh(APP);
    for (const one of [here, there]) expectRevoked(one);
    expect(there.find(APP, 'user 4')?.details).toEqual({ name: 'new' });
    expect(there.revokedTokens(APP).has('token 4')).toBe(true);
  });

  it('has the settings of the apps file again where Redis has lost the users alone', async () => {
    const here = await pod();
    await here.putSettings(APP, { broadcastDisabled: true });
    await redis.command('DEL', USERS);
    await here.refresh(APP);
    expect(here.settings(APP)).toEqual({});
  });

  it('tells pods that came when Redis had lost a table of what is written back, unasked', async () => {
    const here = await pod();
    await revokeAllKinds(here);
    await redis.command('DEL', USERS, REVOKED);
    // It was there before anybody noticed.
    const late = await pod();
    await late.refresh(APP);
    await eventually(async () => expect(await redis.command('PUBSUB', 'SHARDNUMSUB', LOG)).toEqual([LOG, 2]));
    expect([late.find(APP, 'ada'), late.revokedTokens(APP).has('a')]).toEqual([undefined, false]);
    await here.refresh(APP);
    await eventually(() => expectRevoked(late), { within: 1000 });
  });

  const commandsOf = (one: Pod): string[] => {
    const names: string[] = [];
    const command = one.link.command.bind(one.link);
    jest.spyOn(one.link, 'command').mockImplementation((key, name = '', ...args) => {
      names.push(name);
      return command(key, name, ...args);
    });
    return names;
  };

  it('takes what another pod has trimmed for no loss, and asks what time it is but once', async () => {
    const [here, there] = [await pod({ isDeaf: true }), await pod()];
    for (const jti of ['a', 'b', 'c']) await here.revokeToken(APP, jti, 1000, 10);
    await here.revokeToken(APP, 'd', Infinity, 10);
    await there.refresh(APP);
    await there.trim(2000);

    const commands = commandsOf(here);
    for (let n = 0; n < 3; n += 1) await here.refresh(APP);

    const look = ['XREVRANGE', 'HLEN', 'HLEN'];
    expect(commands.filter((name) => name !== 'SPUBLISH')).toEqual([...look, 'TIME', ...look, ...look]);
    expect(await redis.command('HGETALL', REVOKED)).toEqual(['"d"', 'null']);
    // And sees a loss all the same.
    await redis.command('DEL', REVOKED);
    await here.refresh(APP);
    expect(await redis.command('HGET', REVOKED, '"d"')).toBe('null');
  });

  it('holds on to what another data centre has lost, writes nothing there, and reads it all but once', async () => {
    const onlooker = await pod({ readOnly: true });
    await revokeAllKinds(await pod({ isDeaf: true }));
    await onlooker.refresh(APP);
    await redis.command('DEL', USERS, REVOKED);
    await onlooker.refresh(APP);
    const commands = commandsOf(onlooker);
    await onlooker.refresh(APP);
    expect(commands).toEqual(['XREVRANGE', 'HLEN', 'HLEN']);
    expect(await redis.command('EXISTS', USERS, REVOKED)).toBe(0);
    expectRevoked(onlooker);
  });

  it('forgets what has expired in Redis and in every pod, and writes none of it back', async () => {
    const [here, there] = [await pod(), await pod()];
    for (const [jti, untilMs] of [
      ['a', 1000],
      ['b', 2000],
    ] as const)
      await here.revokeToken(APP, jti, untilMs, 10);
    await there.refresh(APP);
    // It has been moved on by somebody whom this pod has not heard of yet.
    await redis.command('HSET', REVOKED, '"b"', '3000');

    await here.trim(2000);

    expect(await redis.command('HGETALL', REVOKED)).toEqual(['"b"', '3000']);
    await there.trim(1000);
    await redis.command('DEL', LOG);
    for (const one of [here, there]) await one.refresh(APP);
    for (const one of [here, there])
      expect(['a', 'b'].map((jti) => one.revokedTokens(APP).has(jti))).toEqual([false, true]);
    expect(await redis.command('HGETALL', REVOKED)).toEqual(['"b"', '3000']);
  });

  it('keeps no token in the clear, only its hash', async () => {
    const here = await pod();
    await here.addToken(APP, 'ada', token(7), 0);
    expect(JSON.parse(await stored('ada'))).toMatchObject({ tokens: [[token(7).hash.toString('base64'), null, 0]] });
  });
});
