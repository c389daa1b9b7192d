import { UserDirectory } from '@rollcall/roster';
import { Rollcall } from '../support/rollcall';
import { clientSocket } from '../support/tab';
import { asUser, jwtOf, shop, tabOf } from '../support/shop';

const SECRET = 'a-secret-of-the-back-end';
const HERE = 'localhost';
const THERE = 'other.example.com';
const WITH_JWT = { jwt: { algorithms: ['HS256' as const], secret: SECRET }, hosts: [HERE, THERE] };

interface Minted {
  readonly token: string;
  readonly expiresAt?: string;
}

const mint = async (rollcall: Rollcall, id: string, body?: object): Promise<Minted> =>
  (await rollcall.native('POST', `/v1/users/${id}/tokens`, { body })).json as Minted;

const loggedIn = async (rollcall: Rollcall, userId: string, token: string, host = HERE): Promise<number> =>
  (await rollcall.presence('', { host, headers: { 'x-auth-token': token, 'x-user-id': userId } })).status;

afterEach(() => void jest.restoreAllMocks());

describe('a minted token', () => {
  it('lets its user in over REST and by socket, on all hosts of the app', async () => {
    const rollcall = await Rollcall.start([
      shop({ hosts: [HERE, THERE] }),
      shop({ id: 'third', hosts: ['third.example.com'] }),
    ]);
    const minted = await mint(rollcall, 'newcomer');

    expect(minted).toEqual({ token: expect.stringMatching(/^[\w-]{43}$/) as unknown });
    for (const host of [HERE, THERE]) {
      expect(await loggedIn(rollcall, 'newcomer', minted.token, host)).toBe(200);
      const tab = await rollcall.open({ token: minted.token, userId: 'newcomer', host });
      expect(tab.session.user).toMatchObject({ id: 'newcomer' });
    }
    expect(await loggedIn(rollcall, 'newcomer', minted.token, 'third.example.com')).toBe(401);
    expect(await loggedIn(rollcall, 'ada', minted.token)).toBe(401);
    expect(await loggedIn(rollcall, 'newcomer', `${minted.token}x`)).toBe(401);
  });

  it('is another one each time, beside those of the apps file, and shown just once', async () => {
    const rollcall = await Rollcall.start([shop()]);
    const tokens = [await mint(rollcall, 'ada'), await mint(rollcall, 'ada', {})].map(({ token }) => token);

    expect(new Set(tokens).size).toBe(2);
    for (const token of [...tokens, 'token-of-ada']) expect(await loggedIn(rollcall, 'ada', token)).toBe(200);
    const { text } = await rollcall.native('GET', '/v1/users/ada');
    for (const token of [...tokens, 'token-of-ada']) expect(text).not.toContain(token);
  });

  it('expires when it is told to', async () => {
    let nowMs = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => nowMs);
    const rollcall = await Rollcall.start([shop()]);
    const { token, expiresAt } = await mint(rollcall, 'ada', { expiresInSeconds: 60 });
    const lasting = await mint(rollcall, 'ada', { expiresInSeconds: null });

    expect(expiresAt).toBe(new Date(nowMs + 60_000).toISOString());
    nowMs += 59_999;
    expect(await loggedIn(rollcall, 'ada', token)).toBe(200);
    nowMs += 1;
    expect(await loggedIn(rollcall, 'ada', token)).toBe(401);
    await expect(rollcall.open({ token, userId: 'ada' })).rejects.toMatchObject({ code: 'NOT_AUTHENTICATED' });
    nowMs += 365 * 86_400_000;
    expect(lasting).not.toHaveProperty('expiresAt');
    expect(await loggedIn(rollcall, 'ada', lasting.token)).toBe(200);
  });

  it('expires by the clock that all pods share, whichever of them was asked', async () => {
    const rollcall = await Rollcall.start([shop()]);
    const sharedMs = Date.now() - 3_600_000;
    jest.spyOn(rollcall.app.get<UserDirectory>(UserDirectory), 'nowMs').mockResolvedValue(sharedMs);
    const { expiresAt } = await mint(rollcall, 'ada', { expiresInSeconds: 60 });
    expect(expiresAt).toBe(new Date(sharedMs + 60_000).toISOString());
  });

  it.each([0, -1, 1.5, '60', 315_360_001, 1e308, true, [], {}])(
    'refuses an expiry of %j by its name',
    async (value) => {
      const rollcall = await Rollcall.start();
      expect(await rollcall.native('POST', '/v1/users/u/tokens', { body: { expiresInSeconds: value } })).toMatchObject({
        status: 400,
        json: { code: 'BAD_REQUEST', field: 'expiresInSeconds' },
      });
    },
  );

  it('is the last one at ninety-nine beside one of the apps file, also of those that are asked for at once', async () => {
    const rollcall = await Rollcall.start([shop()]);
    const asked = Array.from({ length: 110 }, () => rollcall.native('POST', '/v1/users/ada/tokens', { body: {} }));
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(99);
    expect(statuses.filter((status) => status === 429)).toHaveLength(11);
  });

  it('is the last one at a hundred, until some are revoked', async () => {
    const rollcall = await Rollcall.start();
    const tokens: Minted[] = [];
    for (let count = 0; count < 100; count += 1) tokens.push(await mint(rollcall, 'u'));

    expect(await rollcall.native('POST', '/v1/users/u/tokens')).toMatchObject({
      status: 429,
      json: { code: 'RATE_LIMITED' },
    });
    expect((await rollcall.native('POST', '/v1/users/v/tokens')).status).toBe(201);
    await rollcall.native('DELETE', '/v1/users/u/tokens');
    expect((await rollcall.native('POST', '/v1/users/u/tokens')).status).toBe(201);
    expect(await loggedIn(rollcall, 'u', tokens[0]?.token ?? '')).toBe(401);
  });
});

describe('revoking tokens', () => {
  it('refuses all from before, of every kind, and closes the sockets on all hosts before it answers', async () => {
    const rollcall = await Rollcall.start([shop(WITH_JWT)]);
    const { token } = await mint(rollcall, 'ada');
    const jwt = jwtOf({ sub: 'ada', iat: Math.floor(Date.now() / 1000) }, SECRET);
    const bob = await rollcall.open(tabOf('bob'));
    const tabs = [
      await rollcall.open(tabOf('ada')),
      await rollcall.open({ token, userId: 'ada', host: THERE }),
      await rollcall.open({ token: jwt }),
    ];
    const closed = Promise.all(tabs.map(({ socket }) => new Promise((resolve) => socket.once('disconnect', resolve))));

    expect(await rollcall.native('DELETE', '/v1/users/ada/tokens')).toMatchObject({ status: 204, text: '' });

    expect((await rollcall.message('users')).text).not.toContain('ada');
    expect((await rollcall.message('users', {}, { host: THERE })).json).toEqual({});
    for (const old of ['token-of-ada', token, jwt]) expect(await loggedIn(rollcall, 'ada', old)).toBe(401);
    expect(await closed).toEqual(Array(3).fill('io server disconnect'));
    expect(bob.socket.connected).toBe(true);
    expect(await loggedIn(rollcall, 'bob', 'token-of-bob')).toBe(200);
    expect((await rollcall.native('GET', '/v1/users/ada')).json).toMatchObject({ name: 'Ada Lovelace' });
    expect(await loggedIn(rollcall, 'ada', (await mint(rollcall, 'ada')).token)).toBe(200);
  });

  it('lets nobody slip in who was on the way', async () => {
    const rollcall = await Rollcall.start([shop(WITH_JWT)]);
    const jwt = jwtOf({ sub: 'ada', iat: Math.floor(Date.now() / 1000) }, SECRET);
    const settled = Array.from({ length: 60 }, (_, at) => {
      const socket = clientSocket(rollcall.url, at % 2 === 0 ? tabOf('ada') : { token: jwt });
      return new Promise<string>((resolve) => {
        for (const end of ['session', 'connect_error', 'disconnect'] as const) socket.once(end, () => resolve(end));
      });
    });

    await settled[10];
    await rollcall.native('DELETE', '/v1/users/ada/tokens');
    await Promise.all(settled);

    expect((await rollcall.message('users')).json).toEqual({});
  });

  it('leaves the other app alone', async () => {
    const rollcall = await Rollcall.start([shop(), shop({ id: 'other', hosts: [THERE] })]);
    const tab = await rollcall.open({ ...tabOf('ada'), host: THERE });
    await rollcall.native('DELETE', '/v1/users/ada/tokens');

    expect((await rollcall.presence('', { host: THERE, headers: asUser('ada') })).status).toBe(200);
    expect(tab.socket.connected).toBe(true);
  });
});

describe('a kick', () => {
  it("closes the user's sockets on this host, tells how many, and lets them come back", async () => {
    const rollcall = await Rollcall.start([shop({ hosts: [HERE, THERE] })]);
    const tabs = [await rollcall.open(tabOf('ada')), await rollcall.open(tabOf('ada'))];
    const others = [
      await rollcall.open(tabOf('bob')),
      await rollcall.open(),
      await rollcall.open({ ...tabOf('ada'), host: THERE }),
    ];
    const closed = Promise.all(tabs.map(({ socket }) => new Promise((resolve) => socket.once('disconnect', resolve))));

    expect(await rollcall.native('DELETE', '/v1/users/ada/connections')).toMatchObject({
      status: 200,
      json: { closed: 2 },
    });

    expect((await rollcall.native('GET', '/v1/users/ada')).json).toMatchObject({ connections: [] });
    expect((await rollcall.message('users')).text).not.toContain('"ada"');
    expect(await closed).toEqual(['io server disconnect', 'io server disconnect']);
    expect(others.map(({ socket }) => socket.connected)).toEqual([true, true, true]);
    await rollcall.open(tabOf('ada'));
    expect((await rollcall.native('DELETE', '/v1/users/ada/connections')).json).toEqual({ closed: 1 });
    expect((await rollcall.native('DELETE', '/v1/users/nobody/connections')).json).toEqual({ closed: 0 });
  });
});
