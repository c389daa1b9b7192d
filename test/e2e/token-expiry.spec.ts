import { Connections } from '../../src/sockets/connections.service';
import { Expiries } from '../../src/sockets/expiries.service';
import { eventually } from '../support/eventually';
import { Rollcall } from '../support/rollcall';
import { shop, tabOf } from '../support/shop';
import { signedBySecret } from '../support/signing-keys';
import type { Tab } from '../support/tab';

const SECRET = 'a-secret-of-the-back-end';
const MINUTE_MS = 60_000;
const THERE = 'other.example.com';
const SHOP = shop({ jwt: { algorithms: ['HS256'], secret: SECRET, leewaySeconds: 5 } });
const OTHER = shop({ id: 'other', hosts: [THERE], jwt: { algorithms: ['HS256'], secret: `${SECRET}!` } });

let nowMs: number;

beforeEach(() => {
  // Whole seconds, for JWTs count in those.
  nowMs = Math.floor(Date.now() / 1000) * 1000;
  jest.spyOn(Date, 'now').mockImplementation(() => nowMs);
});

afterEach(() => void jest.restoreAllMocks());

const isoIn = (ms: number): string => new Date(nowMs + ms).toISOString();

/** A JWT that expires so long from now. */
const jwt = (lastsMs: number, claims: object = {}): Promise<string> =>
  signedBySecret(SECRET, { exp: (nowMs + lastsMs) / 1000, ...claims });

async function mint(rollcall: Rollcall, id: string, expiresInSeconds?: number): Promise<string> {
  const { json } = await rollcall.native('POST', `/v1/users/${id}/tokens`, { body: { expiresInSeconds } });
  return (json as { token: string }).token;
}

/** A tab with what it is told of its token, and how it ends. */
async function watched(rollcall: Rollcall, token: string, userId?: string) {
  const tab = await rollcall.open({ token, userId });
  // The client is in this process, and would take the moved clock for a server that has been silent for as long.
  Object.assign(tab.socket.io.engine, { _pingTimeoutTime: Infinity });
  const notices = tab.collect('auth:expiring');
  let end: string | undefined;
  tab.socket.once('disconnect', (reason) => (end = reason));
  return { tab, notices, end: () => end };
}

/** Moves the clock to so long after `fromMs`, and lets the service look. */
function moveTo(rollcall: Rollcall, ms: number): void {
  nowMs = ms;
  rollcall.app.get(Expiries).sweep(Date.now());
}

const refresh = (tab: Tab, token: unknown) => tab.ask('auth:refresh', { token });
const NOT_AUTHENTICATED = { ok: false, error: { code: 'NOT_AUTHENTICATED' } };

describe('a connection whose token expires', () => {
  it('is told half a minute before, and closed at its end and the leeway', async () => {
    const rollcall = await Rollcall.start([SHOP]);
    const startMs = nowMs;
    const expiresAt = isoIn(5 * MINUTE_MS);
    const { tab, notices, end } = await watched(rollcall, await jwt(5 * MINUTE_MS));

    moveTo(rollcall, startMs + 5 * MINUTE_MS - 30_001);
    await tab.join('room');
    expect(notices).toEqual([]);
    moveTo(rollcall, startMs + 5 * MINUTE_MS - 30_000);
    await eventually(() => expect(notices).toEqual([{ expiresAt }]));
    moveTo(rollcall, startMs + 5 * MINUTE_MS + 4999);
    await tab.join('room');
    expect([notices.length, end()]).toEqual([1, undefined]);
    moveTo(rollcall, startMs + 5 * MINUTE_MS + 5000);
    await eventually(() => expect(end()).toBe('io server disconnect'));
    await eventually(async () => expect((await rollcall.message('users')).json).toEqual({}));
  });

  it('is told and closed by the service itself, without anything that happens', async () => {
    const rollcall = await Rollcall.start([SHOP]);
    const { notices, end } = await watched(rollcall, await jwt(MINUTE_MS));
    nowMs += 31_000;
    await eventually(() => expect(notices).toHaveLength(1));
    nowMs += 365 * 86_400_000;
    await eventually(() => expect(end()).toBe('io server disconnect'));
  });

  it('is told at half of what its token has left, when that is shorter', async () => {
    const rollcall = await Rollcall.start([SHOP]);
    const token = await jwt(MINUTE_MS);
    nowMs += 50_000;
    const { tab, notices } = await watched(rollcall, token);
    moveTo(rollcall, nowMs + 4999);
    await tab.join('room');
    expect(notices).toEqual([]);
    moveTo(rollcall, nowMs + 1);
    await eventually(() => expect(notices).toHaveLength(1));
  });

  it('is closed by an opaque token in the same way, on the dot', async () => {
    const rollcall = await Rollcall.start([SHOP]);
    const startMs = nowMs;
    const token = await mint(rollcall, 'ada', 60);
    const { tab, notices, end } = await watched(rollcall, token, 'ada');
    const lasting = await watched(rollcall, await mint(rollcall, 'ada'), 'ada');

    moveTo(rollcall, startMs + 59_999);
    await tab.join('room');
    expect([notices, end()]).toEqual([[{ expiresAt: new Date(startMs + 60_000).toISOString() }], undefined]);
    moveTo(rollcall, startMs + 60_000);
    await eventually(() => expect(end()).toBe('io server disconnect'));
    await expect(rollcall.open({ token, userId: 'ada' })).rejects.toMatchObject({ code: 'NOT_AUTHENTICATED' });
    moveTo(rollcall, nowMs + 1e12);
    await lasting.tab.join('room');
    expect([lasting.notices, lasting.end()]).toEqual([[], undefined]);
  });

  it('is closed at the age that the app allows, if that comes first', async () => {
    const jwtRules = { algorithms: ['HS256' as const], secret: SECRET, maxAgeSeconds: 60, leewaySeconds: 0 };
    const rollcall = await Rollcall.start([shop({ jwt: jwtRules })]);
    const startMs = nowMs;
    const { notices, end } = await watched(rollcall, await jwt(1e9));
    moveTo(rollcall, startMs + 30_000);
    await eventually(() => expect(notices).toEqual([{ expiresAt: new Date(startMs + 60_000).toISOString() }]));
    moveTo(rollcall, startMs + 60_000);
    await eventually(() => expect(end()).toBe('io server disconnect'));
  });

  it('goes alone: others of its user stay, and so does who has no token', async () => {
    const rollcall = await Rollcall.start([SHOP]);
    const short = await watched(rollcall, await jwt(MINUTE_MS));
    const others = [await watched(rollcall, await jwt(60 * MINUTE_MS)), await watched(rollcall, '')];
    const byFile = await rollcall.open(tabOf('ada'));
    moveTo(rollcall, nowMs + MINUTE_MS + 5000);
    await eventually(() => expect(short.end()).toBe('io server disconnect'));
    for (const { tab } of [...others, { tab: byFile }]) expect(tab.socket.connected).toBe(true);
    expect(rollcall.app.get(Connections).size).toBe(3);
  });
});

describe('auth:refresh', () => {
  it('lets a connection live by a newer token, of either kind, and tells until when', async () => {
    const rollcall = await Rollcall.start([SHOP]);
    const { tab, notices, end } = await watched(rollcall, await jwt(MINUTE_MS));
    const newer: [token: string, lastsMs: number][] = [
      [await jwt(10 * MINUTE_MS), 10 * MINUTE_MS],
      [await mint(rollcall, 'ada', 1200), 20 * MINUTE_MS],
      [await jwt(30 * MINUTE_MS), 30 * MINUTE_MS],
    ];
    const startMs = nowMs;
    let previousMs = MINUTE_MS;
    for (const [n, [token, lastsMs]] of newer.entries()) {
      moveTo(rollcall, startMs + previousMs - 1000);
      await eventually(() => expect(notices).toHaveLength(n + 1));
      const expiresAt = new Date(startMs + lastsMs).toISOString();
      expect(await refresh(tab, token)).toEqual({ ok: true, expiresAt });
      moveTo(rollcall, startMs + previousMs + 10_000);
      expect(await tab.join('room')).toMatchObject({ ok: true });
      previousMs = lastsMs;
    }
    expect(notices).toHaveLength(3);
    moveTo(rollcall, startMs + previousMs + 5000);
    await eventually(() => expect(end()).toBe('io server disconnect'));
  });

  it('by a token that does not expire ends the matter', async () => {
    const rollcall = await Rollcall.start([SHOP]);
    const { tab, notices, end } = await watched(rollcall, await jwt(MINUTE_MS));
    expect(await refresh(tab, 'token-of-ada')).toEqual({ ok: true });
    moveTo(rollcall, nowMs + 1e12);
    await tab.join('room');
    expect([notices, end()]).toEqual([[], undefined]);
  });

  it('by a token that is no good changes nothing, and says why without repeating it', async () => {
    const rollcall = await Rollcall.start([SHOP, OTHER]);
    const startMs = nowMs;
    const { tab, notices, end } = await watched(rollcall, await jwt(MINUTE_MS));
    const bob = await mint(rollcall, 'bob', 3600);
    const wrong: [token: unknown, answer: object][] = [
      [
        await jwt(10 * MINUTE_MS, { sub: 'bob' }),
        { ok: false, error: { message: 'The token belongs to another user.' } },
      ],
      [await jwt(-6000), { ok: false, error: { message: 'The token has expired.' } }],
      [await signedBySecret(`${SECRET}!`), NOT_AUTHENTICATED],
      [bob, NOT_AUTHENTICATED],
      ['token-of-bob', NOT_AUTHENTICATED],
      ['x'.repeat(20_000), NOT_AUTHENTICATED],
      ['a.b.c', NOT_AUTHENTICATED],
      ['', { ok: false, error: { code: 'BAD_REQUEST' } }],
      [7, { ok: false, error: { code: 'BAD_REQUEST' } }],
      [null, { ok: false, error: { code: 'BAD_REQUEST' } }],
      [{ token: 'x' }, { ok: false, error: { code: 'BAD_REQUEST' } }],
    ];
    for (const [token, answer] of wrong) {
      const refused = await refresh(tab, token);
      expect(refused).toMatchObject(answer);
      if (typeof token === 'string' && token !== '') expect(JSON.stringify(refused)).not.toContain(token);
    }
    for (const payload of [[], 'x', null, undefined]) {
      expect(await tab.ask('auth:refresh', payload)).toMatchObject({ ok: false, error: { code: 'BAD_REQUEST' } });
    }
    moveTo(rollcall, startMs + MINUTE_MS);
    await eventually(() => expect(notices).toHaveLength(1));
    expect(end()).toBeUndefined();
    moveTo(rollcall, startMs + MINUTE_MS + 5000);
    await eventually(() => expect(end()).toBe('io server disconnect'));
  });

  it('is not for a connection without a user', async () => {
    const rollcall = await Rollcall.start([SHOP]);
    const tab = await rollcall.open();
    expect(await refresh(tab, await jwt(MINUTE_MS))).toMatchObject({ ok: false, error: { code: 'USER_REQUIRED' } });
    expect((await rollcall.message('users')).json).toMatchObject({ anonymous: 1 });
  });

  it('counts as the last one that was sent, however many come at once', async () => {
    const rollcall = await Rollcall.start([SHOP]);
    const { tab, notices, end } = await watched(rollcall, await jwt(MINUTE_MS));
    const tokens = await Promise.all([50, 3, 40, 2].map((minutes) => jwt(minutes * MINUTE_MS, { jti: `${minutes}` })));
    const answers = await Promise.all([...tokens, 'no good'].map((token) => refresh(tab, token)));
    expect(answers.map(({ ok }) => ok)).toEqual([true, true, true, true, false]);
    const [connection] = rollcall.app.get(Connections).values();
    expect(connection?.visitor.user).toMatchObject({ jti: '2', expiresAtMs: nowMs + 2 * MINUTE_MS });
    moveTo(rollcall, nowMs + 2 * MINUTE_MS + 5000);
    await eventually(() => expect(end()).toBe('io server disconnect'));
    expect(notices).toEqual([]);
  });

  it('brings what the newer token says of its bearer', async () => {
    const rollcall = await Rollcall.start([SHOP]);
    const { tab } = await watched(rollcall, await jwt(MINUTE_MS, { jti: 'one', role: 'user', channels: ['a'] }));
    const user = () => rollcall.app.get(Connections).values()[0]?.visitor.user;
    expect(user()).toMatchObject({
      jti: 'one',
      claimedRole: 'user',
      grants: { role: 'user', channels: [{ pattern: 'a' }] },
    });
    await refresh(tab, await jwt(2 * MINUTE_MS, { jti: 'two', role: 'admin', name: 'Ada L.', channels: ['b'] }));
    expect(user()).toMatchObject({
      ...{ id: 'ada', jti: 'two', claimedRole: 'admin', claims: { name: 'Ada L.' } },
      ...{
        grants: { role: 'admin', channels: [{ pattern: 'b' }] },
        issuedAtMs: nowMs,
        expiresAtMs: nowMs + 2 * MINUTE_MS,
      },
    });
  });
});
