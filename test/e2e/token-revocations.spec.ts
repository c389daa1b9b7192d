import { setTimeout as sleep } from 'node:timers/promises';
import { Stores } from '../../src/store/stores';
import { eventually } from '../support/eventually';
import { Rollcall } from '../support/rollcall';
import { shop, tabOf, type WrittenApp } from '../support/shop';
import { signedBySecret } from '../support/signing-keys';
import type { Tab } from '../support/tab';

const SECRET = 'a-secret-of-the-back-end';
const HERE = 'localhost';
const THERE = 'other.example.com';
const jwt = { algorithms: ['HS256' as const], secret: SECRET };
const SHOP: Partial<WrittenApp> = { jwt, hosts: [HERE, THERE] };

const nowSeconds = (): number => Math.floor(Date.now() / 1000);
const isoOf = (seconds: number): string => new Date(seconds * 1000).toISOString();

const revoke = (rollcall: Rollcall, body: unknown) => rollcall.native('POST', '/v1/revocations', { body });

/** What a door answers to the token, over REST and as a handshake. */
async function doors(rollcall: Rollcall, token: string, userId = 'ada', host = HERE): Promise<[number, string]> {
  const headers = { 'x-auth-token': token, 'x-user-id': userId };
  const { status } = await rollcall.presence('', { host, headers });
  const opened = rollcall.open({ token, userId, host }).then(
    (tab) => {
      tab.close();
      return 'let in';
    },
    (error: Error) => error.message,
  );
  return [status, await opened];
}

const LET_IN = [200, 'let in'];
const REVOKED = [401, 'The token was revoked.'];
const INVALID = [401, 'The token is not valid for this user here.'];

async function mint(rollcall: Rollcall, id: string): Promise<string> {
  const { json } = await rollcall.native('POST', `/v1/users/${id}/tokens`, { body: {} });
  return (json as { token: string }).token;
}

/** Waits until just these are left of the tabs. */
async function left(tabs: Record<string, Tab>, names: string[]): Promise<void> {
  const connected = (): string[] => Object.keys(tabs).filter((name) => tabs[name]?.socket.connected);
  await eventually(() => expect(connected()).toEqual(names), { within: 1000 });
}

afterEach(() => void jest.restoreAllMocks());

describe('revoking one JWT', () => {
  it('refuses it at every door, closes the sockets that live by it, and touches no other', async () => {
    const rollcall = await Rollcall.start([shop(SHOP)]);
    const [one, two, unnamed] = await Promise.all(
      [{ jti: 'one' }, { jti: 'two' }, {}].map((claims) => signedBySecret(SECRET, claims)),
    );
    const tabs = {
      one: await rollcall.open({ token: one }),
      there: await rollcall.open({ token: one, host: THERE }),
      two: await rollcall.open({ token: two }),
      unnamed: await rollcall.open({ token: unnamed }),
      file: await rollcall.open(tabOf('ada')),
      visitor: await rollcall.open(),
    };

    expect(await revoke(rollcall, { jti: 'one' })).toMatchObject({ status: 201, json: { jti: 'one' } });

    await left(tabs, ['two', 'unnamed', 'file', 'visitor']);
    for (const host of [HERE, THERE]) expect(await doors(rollcall, one ?? '', 'ada', host)).toEqual(REVOKED);
    for (const token of [two ?? '', unnamed ?? '', 'token-of-ada'])
      expect(await doors(rollcall, token)).toEqual(LET_IN);
  });

  it('means the token that a connection lives by now, not the one it came with', async () => {
    const rollcall = await Rollcall.start([shop(SHOP)]);
    const [old, now] = [await signedBySecret(SECRET, { jti: 'old' }), await signedBySecret(SECRET, { jti: 'now' })];
    const tab = await rollcall.open({ token: old });
    expect(await tab.ask('auth:refresh', { token: now })).toEqual({ ok: true });

    await revoke(rollcall, { jti: 'old' });
    expect(await tab.join('room')).toMatchObject({ ok: true });
    expect(await tab.ask('auth:refresh', { token: old })).toMatchObject({
      ok: false,
      error: { code: 'NOT_AUTHENTICATED', message: 'The token was revoked.' },
    });
    await revoke(rollcall, { jti: 'now' });
    await left({ tab }, []);
  });

  it('is forgotten when the token has expired on every clock, and says when', async () => {
    const rollcall = await Rollcall.start([shop({ ...SHOP, limits: { revokedTokens: 1 } })]);
    const expiresAt = isoOf(nowSeconds() + 60);
    const keptUntil = isoOf(nowSeconds() + 60 + 5 + 60);
    expect((await revoke(rollcall, { jti: 'one', expiresAt })).json).toEqual({ jti: 'one', keptUntil });

    const refused = await revoke(rollcall, { jti: 'two', expiresAt });
    expect(refused).toMatchObject({ status: 429, json: { code: 'RATE_LIMITED' } });
    expect(refused.text).toContain(
      `At most 1 tokens of this app can be revoked one by one. The next one is forgotten at ${keptUntil}`,
    );
    // Again is no more than before.
    expect((await revoke(rollcall, { jti: 'one', expiresAt })).status).toBe(201);

    const { directory } = rollcall.app.get(Stores);
    const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.parse(keptUntil));
    await directory.trim(Date.now());
    clock.mockRestore();
    expect((await revoke(rollcall, { jti: 'two' })).json).toEqual({ jti: 'two' });
    expect((await revoke(rollcall, { jti: 'three' })).text).toContain('None of them is ever forgotten');
  });

  it.each([0, 10])(
    'is kept as long as the app lets any token live, with a leeway of %i seconds',
    async (leewaySeconds) => {
      const rollcall = await Rollcall.start([shop({ jwt: { ...jwt, maxAgeSeconds: 600, leewaySeconds } })]);
      const startMs = Date.now();
      for (const expiresAt of [undefined, isoOf(nowSeconds() + 1e6)]) {
        const { json } = await revoke(rollcall, { jti: 'one', expiresAt });
        // Its issuer may be ahead, and it is taken for as long after its end.
        const keptMs = Date.parse((json as { keptUntil: string }).keptUntil) - startMs - 2 * leewaySeconds * 1000;
        expect(keptMs).toBeGreaterThanOrEqual(660_000);
        expect(keptMs).toBeLessThan(690_000);
      }
    },
  );

  it('is of this app alone', async () => {
    const rollcall = await Rollcall.start([
      shop({ ...SHOP, jwt: { ...jwt, audience: 'shop' } }),
      shop({ id: 'third', hosts: ['third.example.com'], jwt: { ...jwt, audience: 'third' } }),
    ]);
    const token = await signedBySecret(SECRET, { jti: 'one', aud: ['shop', 'third'] });
    const tab = await rollcall.open({ token, host: 'third.example.com' });
    await revoke(rollcall, { jti: 'one' });
    expect(await doors(rollcall, token)).toEqual(REVOKED);
    expect(await doors(rollcall, token, 'ada', 'third.example.com')).toEqual(LET_IN);
    expect(tab.socket.connected).toBe(true);
  });

  it.each(['__proto__', 'constructor', "'; --", '../x', 'naïve 🙂', 'before', '"before"'])(
    'takes %j for an id like any other',
    async (jti) => {
      const rollcall = await Rollcall.start([shop(SHOP)]);
      const token = await signedBySecret(SECRET, { jti });
      expect(await doors(rollcall, token)).toEqual(LET_IN);
      expect((await revoke(rollcall, { jti })).status).toBe(201);
      expect(await doors(rollcall, token)).toEqual(REVOKED);
      expect(await doors(rollcall, await signedBySecret(SECRET, { jti: `${jti}x` }))).toEqual(LET_IN);
    },
  );

  it.each([7, '', 'x'.repeat(256), 'a\nb', ['x'], {}])(
    'could not be done of a token with the id %j, so that is refused',
    async (jti) => {
      const rollcall = await Rollcall.start([shop(SHOP)]);
      const token = await signedBySecret(SECRET, { jti: jti as string });
      expect(await doors(rollcall, token)).toEqual([401, expect.stringMatching(/^The token's "jti" must/)]);
    },
  );
});

describe('revoking what was issued before a moment', () => {
  async function dated(rollcall: Rollcall) {
    const [old, young] = [nowSeconds() - 100, nowSeconds() - 50];
    const tokens = {
      old: await signedBySecret(SECRET, { iat: old }),
      young: await signedBySecret(SECRET, { iat: young }),
      undated: await signedBySecret(SECRET, { iat: undefined }),
      bob: await signedBySecret(SECRET, { iat: old, sub: 'bob' }),
    };
    const opaque = await mint(rollcall, 'ada');
    const tabs = {
      old: await rollcall.open({ token: tokens.old }),
      young: await rollcall.open({ token: tokens.young, host: THERE }),
      undated: await rollcall.open({ token: tokens.undated }),
      bob: await rollcall.open({ token: tokens.bob }),
      opaque: await rollcall.open({ token: opaque, userId: 'ada' }),
      file: await rollcall.open(tabOf('ada')),
      bobsFile: await rollcall.open(tabOf('bob')),
      visitor: await rollcall.open(),
    };
    return { tokens, opaque, tabs, betweenSeconds: young };
  }

  it("refuses a user's older tokens, closes their sockets, and leaves the younger ones and everybody else", async () => {
    const rollcall = await Rollcall.start([shop(SHOP)]);
    const { tokens, opaque, tabs, betweenSeconds } = await dated(rollcall);
    const issuedBefore = isoOf(betweenSeconds);

    expect(await revoke(rollcall, { userId: 'ada', issuedBefore })).toMatchObject({
      status: 201,
      json: { userId: 'ada', issuedBefore },
    });

    await left(tabs, ['young', 'bob', 'opaque', 'bobsFile', 'visitor']);
    for (const token of [tokens.old, tokens.undated]) expect(await doors(rollcall, token)).toEqual(REVOKED);
    expect(await doors(rollcall, 'token-of-ada')).toEqual(INVALID);
    for (const token of [tokens.young, opaque]) expect(await doors(rollcall, token)).toEqual(LET_IN);
    expect(await doors(rollcall, tokens.bob, 'bob')).toEqual(LET_IN);
  });

  it("refuses everybody's older tokens, on all hosts of the app", async () => {
    const rollcall = await Rollcall.start([shop(SHOP)]);
    const { tokens, opaque, tabs, betweenSeconds } = await dated(rollcall);
    const issuedBefore = isoOf(betweenSeconds);

    expect(await revoke(rollcall, { issuedBefore })).toMatchObject({ status: 201, json: { issuedBefore } });

    await left(tabs, ['young', 'opaque', 'visitor']);
    expect(await doors(rollcall, tokens.bob, 'bob')).toEqual(REVOKED);
    for (const user of ['ada', 'bob']) expect(await doors(rollcall, `token-of-${user}`, user)).toEqual(INVALID);
    for (const token of [tokens.young, opaque]) expect(await doors(rollcall, token)).toEqual(LET_IN);
    // An earlier moment takes nothing back.
    await revoke(rollcall, { issuedBefore: isoOf(betweenSeconds - 1000) });
    expect(await doors(rollcall, tokens.old)).toEqual(REVOKED);
  });

  it('drops minted tokens of before for good', async () => {
    let nowMs = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => nowMs);
    const rollcall = await Rollcall.start([shop(SHOP)]);
    const early = await mint(rollcall, 'ada');
    nowMs += 10_000;
    const late = await mint(rollcall, 'ada');
    await revoke(rollcall, { userId: 'ada', issuedBefore: new Date(nowMs).toISOString() });
    expect([await doors(rollcall, early), await doors(rollcall, late)]).toEqual([INVALID, LET_IN]);
    nowMs += 10_000;
    await revoke(rollcall, { issuedBefore: new Date(nowMs).toISOString() });
    expect(await doors(rollcall, late)).toEqual(INVALID);
    expect(await doors(rollcall, await mint(rollcall, 'ada'))).toEqual(LET_IN);
  });
});

describe('revoking a token of somebody who was erased once, and has come back', () => {
  it('takes nothing from their other connections', async () => {
    const rollcall = await Rollcall.start([shop(SHOP)]);
    expect((await rollcall.native('DELETE', '/v1/users/ada')).status).toBe(204);
    const one = await rollcall.open({ userId: 'ada', token: await mint(rollcall, 'ada') });
    await sleep(5);
    const issuedBefore = new Date().toISOString();
    await sleep(5);
    const two = await rollcall.open({ userId: 'ada', token: await mint(rollcall, 'ada') });
    await two.ask('presence:set', { status: 'busy', statusText: 'In a meeting' });
    expect((await revoke(rollcall, { userId: 'ada', issuedBefore })).status).toBe(201);
    await left({ one, two }, ['two']);
    expect((await revoke(rollcall, { userId: 'ada' })).status).toBe(201);
    await left({ one, two }, []);
    await rollcall.open({ userId: 'ada', token: await mint(rollcall, 'ada') });
    const { json } = await rollcall.native('GET', '/v1/users/ada');
    expect(json).toMatchObject({ status: 'busy', statusText: 'In a meeting' });
  });
});

describe('a token that is minted after a revocation', () => {
  it.each(['the user', 'everybody'])('counts, though the clock of who revoked those of %s was ahead', async (whose) => {
    const rollcall = await Rollcall.start([shop(SHOP)]);
    const before = await mint(rollcall, 'ada');
    const issuedBefore = isoOf(nowSeconds() + 30);
    const body = { issuedBefore, ...(whose === 'the user' ? { userId: 'ada' } : {}) };
    expect((await revoke(rollcall, body)).status).toBe(201);
    expect(await doors(rollcall, before)).toEqual(INVALID);
    const token = await mint(rollcall, 'ada');
    expect(await doors(rollcall, token)).toEqual(LET_IN);
    expect((await rollcall.open({ token, userId: 'ada' })).session.user).toMatchObject({ id: 'ada' });
  });
});

describe('revoking all tokens of a user', () => {
  it('is the same as over the route of users', async () => {
    const rollcall = await Rollcall.start([shop(SHOP)]);
    const token = await mint(rollcall, 'ada');
    const tabs = { ada: await rollcall.open({ token, userId: 'ada' }), bob: await rollcall.open(tabOf('bob')) };
    const { status, json } = await revoke(rollcall, { userId: 'ada' });
    expect([status, json]).toEqual([201, { userId: 'ada', issuedBefore: expect.stringMatching(/Z$/) as unknown }]);
    expect((await rollcall.message('users')).text).not.toContain('"ada"');
    await left(tabs, ['bob']);
    for (const old of [token, 'token-of-ada']) expect(await doors(rollcall, old)).toEqual(INVALID);
    expect(await doors(rollcall, await mint(rollcall, 'ada'))).toEqual(LET_IN);
  });
});

describe('a revocation that cannot be', () => {
  it.each([
    [{}, 'jti', /must be there/],
    [{ jti: null }, 'jti', /must be there/],
    [{ jti: '' }, 'jti', /must not be empty/],
    [{ jti: 7 }, 'jti', /must be a string/],
    [{ jti: 'x'.repeat(256) }, 'jti', /at most 255/],
    [{ jti: 'a', userId: 'ada' }, 'userId', /beside jti/],
    [{ jti: 'a', issuedBefore: '2026-01-01T00:00:00Z' }, 'issuedBefore', /beside jti/],
    [{ jti: 'a', expiresAt: 'tomorrow' }, 'expiresAt', /date and time with a zone/],
    [{ jti: 'a', expiresAt: 1790000000 }, 'expiresAt', /date and time with a zone/],
    [{ userId: 'ada', expiresAt: '2026-01-01T00:00:00Z' }, 'expiresAt', /beside userId/],
    [{ userId: ['ada'] }, 'userId', /must be a string/],
    [{ issuedBefore: '2026-01-01' }, 'issuedBefore', /with a zone/],
    [{ issuedBefore: '2026-01-01T00:00:00' }, 'issuedBefore', /with a zone/],
    [{ issuedBefore: '2026-13-01T00:00:00Z' }, 'issuedBefore', /with a zone/],
    [{ issuedBefore: '9999-01-01T00:00:00Z' }, 'issuedBefore', /in the future/],
    [{ issuedBefore: '2026-01-01T00:00:00Z', expiresAt: '2026-01-01T00:00:00Z' }, 'expiresAt', /beside issuedBefore/],
  ])('such as %j is refused by its field', async (body, field, reason) => {
    const rollcall = await Rollcall.start([shop(SHOP)]);
    const refused = await revoke(rollcall, body);
    expect(refused).toMatchObject({ status: 400, json: { code: 'BAD_REQUEST', field } });
    expect((refused.json as { detail: string }).detail).toMatch(reason);
    expect(await doors(rollcall, 'token-of-ada')).toEqual(LET_IN);
  });
});
