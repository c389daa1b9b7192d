import { jwtOf, shop, tabOf } from '../support/shop';
import { LocalRosters, RosterStore, UserDirectory, Views } from '@rollcall/roster';
import { setTimeout as sleep } from 'node:timers/promises';
import { Revocations } from '../../src/sockets/revocations.service';
import { eventually } from '../support/eventually';
import { clientSocket } from '../support/tab';
import { TcpProxy } from '../support/tcp-proxy';
import { redisForTest } from '../support/redis-shop';
import { describeWithRedis, type RunningRedis } from '../support/redis-server';
import { appsFile, Rollcall } from '../support/rollcall';

const SECRET = 'a-secret-of-the-back-end';
const QUIET = 'quiet.example.com';
const KEY = `{rollcall:local:${QUIET}}`;
const HINTS = '{rollcall:local}:hosts';
const LONG_AGO = '1';
const QUICK = { BEAT_MS: '300', LEASE_MS: '1500', REDIS_TIMEOUT_MS: '1000' };

const READS: Record<string, (key: string) => string[]> = {
  string: (key) => ['GET', key],
  hash: (key) => ['HGETALL', key],
  set: (key) => ['SMEMBERS', key],
  zset: (key) => ['ZRANGE', key, '0', '-1'],
  stream: (key) => ['XRANGE', key, '-', '+'],
};

/** All that Redis has, as one text. */
async function everythingIn(redis: RunningRedis): Promise<string> {
  const texts: string[] = [];
  for (const key of (await redis.command('KEYS', '*')) as string[]) {
    const read = READS[String(await redis.command('TYPE', key))];
    if (read === undefined) throw new Error(`${key} is of a kind that nobody looks into.`);
    texts.push(key, JSON.stringify(await redis.command(...read(key))));
  }
  return texts.join('\n');
}

/** One pod that is at once with Redis, and one over a line that can be disturbed. */
async function twoPods() {
  const redis = await redisForTest();
  const proxy = await TcpProxy.start(redis.port);
  const APPS_FILE = appsFile({ apps: [shop({ jwt: { algorithms: ['HS256'], secret: SECRET } })] });
  const start = (port: number): Promise<Rollcall> =>
    Rollcall.start(undefined, { APPS_FILE, ...QUICK, REDIS_URL: `redis://127.0.0.1:${port}` });
  const [pod, other] = [await start(redis.port), await start(proxy.port)];
  return { redis, proxy, pod, other };
}

const tokenOf = (name: string): string => jwtOf({ sub: 'pat', name, iat: Math.floor(Date.now() / 1000) - 1 }, SECRET);

async function recordOf({ app }: Rollcall, userId: string): Promise<{ chosen: unknown[]; name: string | undefined }> {
  const { presence } = (await app.get(Views).readRoster('localhost')).view;
  const choice = presence.choiceOf(userId);
  return { chosen: [choice?.status, choice?.statusText], name: presence.profile(userId).name };
}

async function rowsOf({ app }: Rollcall): Promise<number> {
  return (await app.get(Views).readRoster('localhost')).view.connectionsOf('pat').length;
}

/** Until the pod is with Redis again, and has written what it had to. */
async function upToDate({ app }: Rollcall): Promise<void> {
  const isStale = async (): Promise<boolean> => (await app.get(Views).readRoster('localhost')).staleMs > 0;
  await eventually(async () => expect(await isStale()).toBe(false), { within: 10_000 });
}

/** Nothing is done on any host; only what pods do that hear of it. Long enough ago for a token that is issued now. */
const eraseInDirectory = ({ app }: Rollcall): Promise<void> =>
  app.get<UserDirectory>(UserDirectory).erase('shop', 'pat', Date.now() - 2000);

/** Until the pod has closed connections, and has lost its line with that. */
async function closedAndCutOff(
  { other, proxy }: { readonly other: Rollcall; readonly proxy: TcpProxy },
  act: () => Promise<void>,
): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    other.app.get(Revocations).onClosed(({ length }) => {
      if (length === 0) return;
      proxy.shut();
      resolve();
    });
  });
  await act();
  await closed;
}

describeWithRedis('An erasure', () => {
  it('leaves nothing in Redis of what was known of the user, on any host, and every pod goes on', async () => {
    const redis = await redisForTest();
    const app = shop({ hosts: ['localhost', '*'], jwt: { algorithms: ['HS256'], secret: SECRET } });
    const environment = {
      APPS_FILE: appsFile({ apps: [app] }),
      REDIS_URL: redis.url,
      ...QUICK,
      LEASE_MS: '1500',
    };
    const pods = await Promise.all([Rollcall.start(undefined, environment), Rollcall.start(undefined, environment)]);
    const [pod, other] = pods;
    const claims = { sub: 'pat', name: 'Pat Real', email: 'pat@private.example', iat: Math.floor(Date.now() / 1000) };
    const token = jwtOf(claims, SECRET);
    const watcher = await other.open(tabOf('ada'));
    await watcher.join('room');
    for (const host of ['localhost', 'made-up.example']) {
      const tab = await other.open({ host, token });
      await tab.join('room');
      expect(await tab.ask('presence:set', { status: 'busy', statusText: 'at home' })).toMatchObject({ ok: true });
    }
    await pod.native('PUT', '/v1/users/pat', { body: { email: 'pat@other.example' } });
    const traces = ['pat@private.example', 'pat@other.example', 'Pat Real', 'at home'];
    const before = await everythingIn(redis);
    expect(traces.filter((trace) => before.includes(trace))).toEqual(traces);

    expect((await pod.native('DELETE', '/v1/users/pat')).status).toBe(204);
    const after = await everythingIn(redis);
    expect(traces.filter((trace) => after.includes(trace))).toEqual([]);
    for (const each of pods) {
      expect((await each.native('GET', '/v1/channels/room/members')).json).toMatchObject({ members: [{ id: 'ada' }] });
    }
    const late = await pod.open(tabOf('bob'));
    await late.join('room');
    for (const each of pods) {
      expect((await each.native('GET', '/v1/channels/room')).json).toMatchObject({ kinds: [{ count: 2 }] });
    }
  });

  it('leaves nothing of who is just coming in on a pod that has not heard of it, either', async () => {
    const redis = await redisForTest();
    const slow = await TcpProxy.start(redis.port);
    const APPS_FILE = appsFile({ apps: [shop({ jwt: { algorithms: ['HS256'], secret: SECRET } })] });
    const pod = await Rollcall.start(undefined, { APPS_FILE, REDIS_URL: redis.url });
    const other = await Rollcall.start(undefined, { APPS_FILE, REDIS_URL: `redis://127.0.0.1:${slow.port}` });
    await (await other.open(tabOf('ada'))).join('room');
    slow.delay(10);
    const iat = Math.floor(Date.now() / 1000) - 2;
    const ids = Array.from({ length: 20 }, (_, n) => `user${n}`);
    for (const [n, id] of ids.entries()) {
      const token = jwtOf({ sub: id, name: `Private ${id}`, iat }, SECRET);
      const coming = other.open({ token }).catch(() => undefined);
      // Wherever the handshake is by then.
      await sleep(4 * n);
      expect((await pod.native('DELETE', `/v1/users/${id}`)).status).toBe(204);
      // Written down anew, they are somebody else.
      if (n % 2 === 0) await pod.native('PUT', `/v1/users/${id}`, { body: { username: `anew${n}` } });
      await coming;
    }
    await eventually(async () => expect(await everythingIn(redis)).not.toContain('Private'), { within: 5000 });
    await sleep(200);
    expect(await everythingIn(redis)).not.toContain('Private');
    expect((await pod.native('GET', '/v1/channels/room/members')).json).toMatchObject({ members: [{ id: 'ada' }] });
  });

  it('leaves nothing of who has gone by themselves before another pod had written them down', async () => {
    const { redis, pod, other, proxy } = await twoPods();
    await other.open(tabOf('ada'));
    proxy.delay(60, 60);
    for (let n = 0; n < 5; n += 1) {
      const token = jwtOf({ sub: `pat${n}`, name: 'Pat Private', iat: Math.floor(Date.now() / 1000) - 1 }, SECRET);
      const socket = clientSocket(`http://localhost:${other.port}`, { token });
      await new Promise<void>((resolve) => socket.once('connect', resolve));
      await sleep(10 * n);
      socket.disconnect();
      expect((await pod.native('DELETE', `/v1/users/pat${n}`)).status).toBe(204);
      await sleep(600);
      await eventually(async () => expect(await everythingIn(redis)).not.toContain('Pat Private'), { within: 3000 });
    }
  });

  it('leaves nothing of who has gone by themselves before a pod had heard of it, though it had written them down', async () => {
    const { redis, pod, other, proxy } = await twoPods();
    await other.open(tabOf('ada'));
    proxy.delay(20, 20);
    for (let n = 0; n < 12; n += 1) {
      const token = jwtOf({ sub: `pat${n}`, name: `Private ${n}.`, iat: Math.floor(Date.now() / 1000) - 1 }, SECRET);
      const gone = other.open({ token }).then(
        (tab) => tab.close(),
        // Refused: it came after the erasure.
        () => undefined,
      );
      await sleep(10 * n);
      expect((await pod.native('DELETE', `/v1/users/pat${n}`)).status).toBe(204);
      await gone;
    }
    await sleep(1000);
    await eventually(async () => expect(await everythingIn(redis)).not.toContain('Private '), { within: 5000 });
  });

  it('leaves nothing of whom a pod has written down anew after it was taken for dead, and who then went', async () => {
    const { redis, pod, other, proxy } = await twoPods();
    await other.open(tabOf('ada'));
    const pats = Array.from({ length: 4 }, (_, n) => `pat${n}`);
    const tokens = pats.map((sub) =>
      jwtOf({ sub, name: 'Pat Private', iat: Math.floor(Date.now() / 1000) - 1 }, SECRET),
    );
    const tabs = await Promise.all(tokens.map((token) => other.open({ token })));
    await sleep(2 * Number(QUICK.BEAT_MS));
    proxy.shut();
    const isThere = async (): Promise<boolean> =>
      (await pod.app.get(Views).readRoster('localhost')).view.connections > 0;
    await eventually(async () => expect(await isThere()).toBe(false), { within: 10_000 });
    for (const id of pats) expect((await pod.native('DELETE', `/v1/users/${id}`)).status).toBe(204);
    expect(await everythingIn(redis)).not.toContain('Pat Private');
    proxy.delay(20, 20);
    proxy.reopen();
    // Wherever the pod is by then: on its way back, registering, or told of the erasures.
    for (const tab of tabs) {
      tab.close();
      await sleep(40);
    }
    await sleep(3 * Number(QUICK.BEAT_MS));
    await eventually(async () => expect(await everythingIn(redis)).not.toContain('Pat Private'), { within: 5000 });
  });

  it('leaves nothing of who has gone by themselves while a pod was cut off, either', async () => {
    const { redis, pod, other, proxy } = await twoPods();
    await other.open(tabOf('ada'));
    proxy.shut();
    const pat = await other.open({ token: tokenOf('Pat Private') });
    expect(pat.session).toMatchObject({ degraded: true });
    pat.close();
    expect((await pod.native('DELETE', '/v1/users/pat')).status).toBe(204);
    expect(await everythingIn(redis)).not.toContain('Pat Private');
    proxy.reopen();
    await upToDate(other);
    await sleep(3 * Number(QUICK.BEAT_MS));
    await eventually(async () => expect(await everythingIn(redis)).not.toContain('Pat Private'), { within: 5000 });
  });

  it('is carried through where a pod closes the connections, though its line breaks in the middle of that', async () => {
    const { redis, pod, other, proxy } = await twoPods();
    const tab = await other.open({ token: tokenOf('Pat Private') });
    await closedAndCutOff({ other, proxy }, () => eraseInDirectory(pod));
    expect(await everythingIn(redis)).toContain('Pat Private');
    expect(tab.socket.connected).toBe(false);
    await sleep(2 * Number(QUICK.REDIS_TIMEOUT_MS));
    proxy.reopen();
    await eventually(async () => expect(await everythingIn(redis)).not.toContain('Pat Private'), { within: 5000 });
  });

  it.each(['is still there', 'has left again', 'is there with a minted token, and claims nothing'])(
    'that is carried through late takes nothing from who has come back meanwhile, and %s',
    async (how) => {
      const { redis, pod, other, proxy } = await twoPods();
      await other.open({ token: tokenOf('Pat Private') });
      await closedAndCutOff({ other, proxy }, () => eraseInDirectory(pod));
      // The pod that is cut off is taken for dead.
      await eventually(async () => expect(await rowsOf(pod)).toBe(0), { within: 10_000 });
      const isMinted = how.includes('minted');
      const { token } = (await pod.native('POST', '/v1/users/pat/tokens', { body: {} })).json as { token: string };
      const back = await pod.open(isMinted ? { userId: 'pat', token } : { token: tokenOf('Pat Back') });
      expect(await back.ask('presence:set', { status: 'busy', statusText: 'back' })).toMatchObject({ ok: true });
      if (how.includes('left')) {
        back.close();
        await eventually(async () => expect(await rowsOf(pod)).toBe(0));
      }
      proxy.reopen();
      await upToDate(other);
      await sleep(3 * Number(QUICK.BEAT_MS));
      expect(await everythingIn(redis)).not.toContain('Pat Private');
      expect(await recordOf(pod, 'pat')).toEqual({ chosen: ['busy', 'back'], name: isMinted ? 'pat' : 'Pat Back' });
    },
  );

  it.each([0, 20])(
    'stays so where a pod comes back that was taken for dead, and the user has come back before it (%d ms away)',
    async (ms) => {
      const { redis, pod, other, proxy } = await twoPods();
      await pod.open(tabOf('bob'));
      const old = await other.open({ token: tokenOf('Pat Private') });
      await sleep(2 * Number(QUICK.BEAT_MS));
      proxy.shut();
      await eventually(async () => expect(await rowsOf(pod)).toBe(0), { within: 10_000 });
      expect((await pod.native('DELETE', '/v1/users/pat')).status).toBe(204);
      // A token says in whole seconds when it was issued.
      await sleep(1100);
      await pod.open({ token: jwtOf({ sub: 'pat', name: 'Pat Back', iat: Math.floor(Date.now() / 1000) }, SECRET) });
      proxy.delay(ms, ms);
      proxy.reopen();
      const seen: string[] = [];
      const untilMs = performance.now() + 3000;
      while (performance.now() < untilMs) {
        if ((await everythingIn(redis)).includes('Pat Private')) seen.push('Pat Private');
      }
      expect(seen).toEqual([]);
      expect(old.socket.connected).toBe(false);
      expect(await recordOf(pod, 'pat')).toMatchObject({ name: 'Pat Back' });
    },
  );

  it.each(['has been written down anew', 'has come back'])(
    'is not undone by a pod that was cut off while Redis lost everything, and the user %s',
    async (how) => {
      const { redis, pod, other, proxy } = await twoPods();
      await pod.open(tabOf('bob'));
      const old = await other.open({ token: tokenOf('Pat Private') });
      expect(await old.ask('presence:set', { status: 'busy', statusText: 'at home' })).toMatchObject({ ok: true });
      await upToDate(other);
      proxy.shut();
      await eventually(async () => expect(await rowsOf(pod)).toBe(0), { within: 10_000 });
      expect((await pod.native('DELETE', '/v1/users/pat')).status).toBe(204);
      await sleep(1100);
      await redis.command('FLUSHALL');
      await eventually(async () => expect(await everythingIn(redis)).toContain('erasedAtMs'), { within: 5000 });
      if (how === 'has come back') {
        await pod.open({ token: jwtOf({ sub: 'pat', name: 'Pat Back', iat: Math.floor(Date.now() / 1000) }, SECRET) });
      } else await pod.native('PUT', '/v1/users/pat', { body: { username: 'anew' } });
      proxy.delay(20, 20);
      proxy.reopen();
      await eventually(() => expect(old.socket.connected).toBe(false), { within: 10_000 });
      await upToDate(other);
      await sleep(3 * Number(QUICK.BEAT_MS));
      expect(await everythingIn(redis)).not.toMatch(/Pat Private|at home/);
    },
  );

  it('that was written late, by a pod that answered that it could not be, takes nothing from who has come since', async () => {
    const { redis, pod, other, proxy } = await twoPods();
    await Promise.all([pod.open(tabOf('bob')), other.open(tabOf('ada'))]);
    const old = await pod.open({ token: tokenOf('Pat Private') });
    const store = other.app.get<RosterStore>(RosterStore);
    const apply = store.apply.bind(store);
    jest.spyOn(store, 'apply').mockImplementationOnce((...batch) => {
      proxy.shut();
      return apply(...batch);
    });
    expect((await other.native('DELETE', '/v1/users/pat')).status).toBe(503);
    expect(old.socket.connected).toBe(false);
    expect((await pod.native('DELETE', '/v1/users/pat')).status).toBe(204);
    await sleep(1100);
    const back = await pod.open({
      token: jwtOf({ sub: 'pat', name: 'Pat Back', iat: Math.floor(Date.now() / 1000) }, SECRET),
    });
    expect(await back.ask('presence:set', { status: 'busy', statusText: 'back' })).toMatchObject({ ok: true });
    proxy.reopen();
    await upToDate(other);
    await sleep(3 * Number(QUICK.BEAT_MS));
    expect(await everythingIn(redis)).not.toContain('Pat Private');
    expect(await recordOf(pod, 'pat')).toEqual({ chosen: ['busy', 'back'], name: 'Pat Back' });
  });

  it('waits for sockets on hosts that the store does not list, as it may after a loss', async () => {
    const { redis, pod, other, proxy } = await twoPods();
    await other.open({ token: tokenOf('Pat Private') });
    await eventually(async () => expect(await rowsOf(pod)).toBe(1));
    jest.spyOn(pod.app.get<RosterStore>(RosterStore), 'hosts').mockResolvedValue([]);
    proxy.delay(50, 50);
    expect((await pod.native('DELETE', '/v1/users/pat')).status).toBe(204);
    expect(await rowsOf(pod)).toBe(0);
    expect(await everythingIn(redis)).not.toContain('Pat Private');
  });

  it('reaches hosts on which nobody has been for long, and where something was chosen', async () => {
    const redis = await redisForTest();
    const app = shop({ hosts: ['localhost', QUIET], jwt: { algorithms: ['HS256'], secret: SECRET } });
    const APPS_FILE = appsFile({ apps: [app] });
    const environment = {
      APPS_FILE,
      REDIS_URL: redis.url,
      OFFLINE_GRACE_MS: '0',
      ...QUICK,
    };
    const rollcall = await Rollcall.start(undefined, environment);
    const token = jwtOf({ sub: 'pat', name: 'Pat Real', iat: Math.floor(Date.now() / 1000) }, SECRET);
    const tab = await rollcall.open({ host: QUIET, token });
    expect(await tab.ask('presence:set', { status: 'busy', statusText: 'at home' })).toMatchObject({ ok: true });
    tab.close();
    const stored = (): Promise<unknown> => redis.command('HGETALL', `${KEY}:users`);
    await eventually(async () => expect(JSON.stringify(await stored())).toContain('[0,0,'));

    const hint = JSON.stringify(QUIET);
    const passTime = async (): Promise<void> => {
      // The pod may just be about to hear that the tab has gone, or to beat there once more.
      await rollcall.app.get(LocalRosters).dropIdle();
      rollcall.app.get(Views).dropIdle();
      // `XX`: what has gone does not come back.
      await redis.command('ZADD', `${KEY}:gone`, 'XX', LONG_AGO, '"pat"');
      await redis.command('ZADD', HINTS, 'XX', LONG_AGO, hint);
      expect(await redis.command('ZSCORE', HINTS, hint)).toBeNull();
    };
    await eventually(passTime, { within: 5000 });
    expect(JSON.stringify(await stored())).toContain('at home');

    expect((await rollcall.native('DELETE', '/v1/users/pat')).status).toBe(204);
    const left = JSON.stringify(await stored());
    expect(left).not.toContain('at home');
    expect(left).not.toContain('Pat Real');
    await rollcall.open(tabOf('ada'));
  });
});
