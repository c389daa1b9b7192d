import { LocalRosters } from '@rollcall/roster';
import { Apps } from '../../src/auth/apps.service';
import { readApps } from '../../src/config/apps-file';
import { TurnQueue } from '../../src/http/turn-queue.service';
import { Rollcall } from '../support/rollcall';
import { asUser, jwtOf, shop, tabOf } from '../support/shop';

const SECRET = 'a-secret-of-the-back-end';
/** What clocks may be apart by default. */
const LEEWAY_SECONDS = 5;
const HERE = 'localhost';
const THERE = 'other.example.com';
const WITH_JWT = { jwt: { algorithms: ['HS256' as const], secret: SECRET }, hosts: [HERE, THERE] };

const ID = 'USER_1';
const BARE = { id: ID, email: null, username: ID, name: ID, utcOffset: 0, bot: false };
const FULL = {
  email: 'u@example.com',
  username: 'u',
  name: 'U',
  utcOffset: -3.5,
  avatarETag: 'e',
  bot: false,
  role: 'user',
};

const rowOf = async (rollcall: Rollcall, id: string): Promise<unknown> => {
  const { json } = await rollcall.presence(`?ids=${encodeURIComponent(id)}`);
  return (json as { users: unknown[] }).users[0];
};

describe('a profile', () => {
  it('is created, read and replaced as a whole', async () => {
    const rollcall = await Rollcall.start();
    const created = await rollcall.native('PUT', `/v1/users/${ID}`, { body: FULL });
    const replaced = await rollcall.native('PUT', `/v1/users/${ID}`, { body: { name: null, email: 'v@example.com' } });

    expect(created).toMatchObject({ status: 200, json: { id: ID, ...FULL } });
    expect(replaced).toMatchObject({ status: 200, json: { ...BARE, email: 'v@example.com' } });
    for (const unset of ['avatarETag', 'role']) expect(replaced.json).not.toHaveProperty(unset);
    expect(await rollcall.native('GET', `/v1/users/${ID}`)).toMatchObject({
      status: 200,
      json: { ...BARE, email: 'v@example.com', status: 'offline', connections: [] },
    });
    expect((await rollcall.native('PUT', `/v1/users/${ID}`)).json).toEqual(BARE);
  });

  it('shows at once in every answer', async () => {
    const rollcall = await Rollcall.start([shop()]);
    const ada = await rollcall.open(tabOf('ada'));
    await ada.join('salesRoom');
    const answers = async () => {
      const users = (await rollcall.message('users')).json as Record<string, unknown>;
      const all = (await rollcall.message('allusers', { includeUsers: true })).json as Record<string, unknown>;
      return [
        users.salesRoom,
        users.authenticated,
        [users[`tab|${ada.id}`]],
        (all.local as { authenticated: unknown }).authenticated,
      ];
    };
    expect(await answers()).toEqual(Array(4).fill([{ id: 'ada', email: 'ada@example.com' }]));

    await rollcall.native('PUT', '/v1/users/ada', {
      body: { email: 'new@example.com', name: 'New', avatarETag: 'tag' },
    });

    expect(await answers()).toEqual(Array(4).fill([{ id: 'ada', email: 'new@example.com' }]));
    expect(await rowOf(rollcall, 'ada')).toEqual({
      _id: 'ada',
      name: 'New',
      username: 'ada',
      status: 'online',
      utcOffset: 0,
      avatarETag: 'tag',
    });
    await rollcall.native('PUT', '/v1/users/helper', { body: { bot: true } });
    expect(await rowOf(rollcall, 'helper')).toMatchObject({ status: 'online' });
    await rollcall.native('PUT', '/v1/users/helper', { body: {} });
    expect(await rowOf(rollcall, 'helper')).toBeUndefined();
  });

  it("comes from the directory before the apps file, and from both before a token's claims", async () => {
    const rollcall = await Rollcall.start([shop(WITH_JWT)]);
    const claims = { email: 'claimed@example.com', username: 'claimed', name: 'Claimed' };
    for (const sub of ['ada', 'zoe']) await rollcall.open({ token: jwtOf({ sub, ...claims }, SECRET) });
    const get = async (id: string) => (await rollcall.native('GET', `/v1/users/${id}`)).json;

    expect(await get('ada')).toMatchObject({ email: 'ada@example.com', username: 'ada', name: 'Ada Lovelace' });
    expect(await get('zoe')).toMatchObject(claims);
    await rollcall.native('PUT', '/v1/users/ada', { body: { name: 'Countess' } });
    await rollcall.native('PUT', '/v1/users/zoe', { body: { username: 'z' } });
    expect(await get('ada')).toMatchObject({ email: 'claimed@example.com', username: 'claimed', name: 'Countess' });
    expect(await get('zoe')).toMatchObject({ email: 'claimed@example.com', username: 'z', name: 'Claimed' });
  });

  it('is read with status, connections and their channels on this host', async () => {
    const rollcall = await Rollcall.start([shop({ hosts: [HERE, THERE] })], { DC: 'dc-1' });
    const before = Date.now();
    const tabs = [await rollcall.open(tabOf('ada')), await rollcall.open(tabOf('ada'))] as const;
    await rollcall.open({ ...tabOf('ada'), host: THERE });
    await tabs[0].join('salesRoom');
    await tabs[0].join('chat', true);
    await tabs[0].ask('presence:set', { status: 'busy', statusText: 'hm' });
    await tabs[1].ask('presence:idle', { idle: true });

    const { json } = await rollcall.native('GET', '/v1/users/ada');

    const [first, second] = tabs.map(({ id, session: { pod } }) => ({ connectionId: id, pod, dc: 'dc-1' }));
    const channels = [
      { channel: 'salesRoom', kind: 'authenticated' },
      { channel: 'chat', kind: 'anonymous' },
    ];
    expect(json).toMatchObject({
      status: 'busy',
      statusText: 'hm',
      connections: [
        { ...first, idle: false, channels },
        { ...second, idle: true, channels: [] },
      ],
    });
    for (const { since } of (json as { connections: { since: string }[] }).connections) {
      expect(Date.parse(since)).toBeGreaterThanOrEqual(before);
      expect(Date.parse(since)).toBeLessThanOrEqual(Date.now());
    }
    expect((await rollcall.native('GET', '/v1/users/ada', { host: THERE })).json).toMatchObject({
      status: 'online',
      connections: [{ channels: [] }],
    });
  });

  it('is 404 for a user whom neither the app nor this host knows', async () => {
    const rollcall = await Rollcall.start([shop(WITH_JWT)]);
    await rollcall.open({ token: jwtOf({ sub: 'zoe' }, SECRET) });

    expect(await rollcall.native('GET', '/v1/users/nobody')).toMatchObject({
      status: 404,
      json: { status: 404, code: 'NOT_FOUND', detail: 'There is no user "nobody".' },
    });
    expect((await rollcall.native('GET', '/v1/users/zoe')).status).toBe(200);
    expect((await rollcall.native('GET', '/v1/users/zoe', { host: THERE })).status).toBe(404);
  });

  it('belongs to one app', async () => {
    const rollcall = await Rollcall.start([shop(), shop({ id: 'other', hosts: [THERE] })]);
    await rollcall.native('PUT', '/v1/users/ada', { body: { name: 'Countess' } });

    expect((await rollcall.native('GET', '/v1/users/ada')).json).toMatchObject({ name: 'Countess' });
    expect((await rollcall.native('GET', '/v1/users/ada', { host: THERE })).json).toMatchObject({
      name: 'Ada Lovelace',
    });
  });

  it.each([
    '__proto__',
    'constructor',
    'hasOwnProperty',
    'a/b',
    '../x',
    'a b',
    '100%',
    'ü',
    '🦊',
    '?',
    '#',
    '.',
    'x'.repeat(255),
    '漢'.repeat(255),
  ])('may have any ordinary id: %s', async (id) => {
    const rollcall = await Rollcall.start();
    const path = `/v1/users/${encodeURIComponent(id)}`;

    expect((await rollcall.native('GET', path)).status).toBe(404);
    expect((await rollcall.native('PUT', path, { body: { bot: true } })).json).toMatchObject({ id, username: id });
    expect((await rollcall.native('GET', path)).json).toMatchObject({ id, status: 'online' });
    expect(await rowOf(rollcall, id)).toMatchObject({ _id: id });
    expect((await rollcall.native('DELETE', path)).status).toBe(204);
    expect((await rollcall.native('GET', path)).status).toBe(404);
  });

  it.each([
    ['x'.repeat(256), 'at most 255 characters'],
    ['x'.repeat(4000), 'at most 255 characters'],
    ['%00', 'control characters'],
    ['a%0Ab', 'control characters'],
    ['%C2%85', 'control characters'],
  ])('has an id that is a name (%#)', async (id, reason) => {
    const rollcall = await Rollcall.start();
    for (const [method, path] of [
      ['GET', ''],
      ['PUT', ''],
      ['DELETE', ''],
      ['POST', '/tokens'],
      ['DELETE', '/tokens'],
      ['DELETE', '/connections'],
    ] as const) {
      expect(await rollcall.native(method, `/v1/users/${id}${path}`)).toMatchObject({
        status: 400,
        json: { field: 'id', detail: expect.stringContaining(reason) as unknown },
      });
    }
  });

  it.each([
    ['email', [5, '', 'x'.repeat(321), {}, []]],
    ['username', [5, '', 'x'.repeat(256), 'a\nb', {}]],
    ['name', [true, '', 'x'.repeat(256), `x${'\ufe0f'.repeat(300)}`, []]],
    ['utcOffset', ['1', -14.5, 15, 1e308, {}, []]],
    ['avatarETag', [0, '', 'x'.repeat(256)]],
    ['bot', ['true', 1, {}]],
    ['role', ['root', '', 'ADMIN', 1, ['admin'], '__proto__']],
  ])('refuses a wrong %s by its name, and changes nothing', async (field, values) => {
    const rollcall = await Rollcall.start();
    for (const value of values) {
      const refused = await rollcall.native('PUT', `/v1/users/${ID}`, { body: { [field]: value } });
      expect(refused).toMatchObject({ status: 400, json: { code: 'BAD_REQUEST', field } });
      expect((refused.json as { detail: string }).detail).toContain(field);
    }
    expect((await rollcall.native('GET', `/v1/users/${ID}`)).status).toBe(404);
  });
});

describe('a user with many connections and channels', () => {
  it('is shown in turn, as of then, or not at all where that would take too long', async () => {
    const rollcall = await Rollcall.start();
    const queue = rollcall.app.get(TurnQueue);
    const turn = jest.spyOn(queue, 'turn');
    const roster = rollcall.app.get(LocalRosters).of(HERE);
    const join = (n: number) => roster.join(`tab-${n % 2}`, 'authenticated', `room-${n}`);
    const shown = async (): Promise<number[]> => {
      const { json } = await rollcall.native('GET', `/v1/users/${ID}`);
      return (json as { connections: { channels: unknown[] }[] }).connections.map(({ channels }) => channels.length);
    };
    for (const n of [0, 1]) await roster.connect(`tab-${n}`, { id: ID, claims: null });
    for (let n = 0; n < 18; n += 1) await join(n);
    expect(await shown()).toEqual([9, 9]);
    expect(turn).not.toHaveBeenCalled();

    await join(18);
    turn.mockImplementationOnce(async () => {
      await join(19);
      return true;
    });
    expect(await shown()).toEqual([10, 10]);
    expect(turn).toHaveBeenCalledTimes(1);
    turn.mockResolvedValueOnce(false);
    expect(await rollcall.native('GET', `/v1/users/${ID}`)).toMatchObject({
      status: 503,
      json: { code: 'UNAVAILABLE' },
    });
  });
});

describe('an erased user', () => {
  it('is gone from every answer, from all hosts of the app, under the old name and email', async () => {
    const rollcall = await Rollcall.start([shop({ hosts: [HERE, THERE] })]);
    const tabs = [await rollcall.open(tabOf('ada')), await rollcall.open({ ...tabOf('ada'), host: THERE })];
    const bob = await rollcall.open(tabOf('bob'));
    await tabs[0]?.ask('presence:set', { status: 'busy', statusText: 'secret plans' });
    const from = encodeURIComponent(new Date(Date.now() - 60_000).toISOString());
    const closed = Promise.all(tabs.map(({ socket }) => new Promise((resolve) => socket.once('disconnect', resolve))));

    expect(await rollcall.native('DELETE', '/v1/users/ada')).toMatchObject({ status: 204, text: '' });

    for (const host of [HERE, THERE]) {
      const answers = [
        await rollcall.message('users', {}, { host }),
        await rollcall.message('allusers', { includeUsers: true }, { host }),
        await rollcall.presence('', { host }),
        await rollcall.presence('?ids=ada', { host }),
      ];
      for (const { text } of answers) expect(text).not.toMatch(/ada|Ada|secret/);
      const { text, json } = await rollcall.presence(`?from=${from}`, { host });
      expect(text).not.toMatch(/Ada|secret|busy/);
      expect(json).toMatchObject({
        users: expect.arrayContaining([
          { _id: 'ada', name: 'ada', username: 'ada', status: 'offline', utcOffset: 0 },
        ]) as unknown,
      });
      expect((await rollcall.native('GET', '/v1/users/ada', { host })).status).toBe(404);
    }
    expect(await closed).toEqual(['io server disconnect', 'io server disconnect']);
    expect(bob.socket.connected).toBe(true);
  });

  it('comes in again by no token from before, and by new ones as somebody new', async () => {
    const rollcall = await Rollcall.start([shop(WITH_JWT)]);
    const minted = (await rollcall.native('POST', '/v1/users/ada/tokens')).json as { token: string };
    const jwt = jwtOf({ sub: 'ada', iat: Math.floor(Date.now() / 1000) }, SECRET);
    const undated = jwtOf({ sub: 'ada' }, SECRET);
    await rollcall.native('DELETE', '/v1/users/ada');

    for (const token of ['token-of-ada', minted.token, jwt, undated]) {
      await expect(rollcall.open({ token, userId: 'ada' })).rejects.toMatchObject({ code: 'NOT_AUTHENTICATED' });
      const headers = { 'x-auth-token': token, 'x-user-id': 'ada' };
      expect((await rollcall.presence('', { headers })).status).toBe(401);
    }
    const later = jwtOf({ sub: 'ada', iat: Math.floor(Date.now() / 1000) + 2 }, SECRET);
    await rollcall.open({ token: later });
    expect((await rollcall.native('GET', '/v1/users/ada')).json).toMatchObject({
      email: null,
      name: 'ada',
      status: 'online',
    });
    await rollcall.native('PUT', '/v1/users/ada', { body: { name: 'Second Ada' } });
    expect((await rollcall.presence('', { headers: asUser('ada') })).status).toBe(401);
    expect((await rollcall.native('GET', '/v1/users/ada')).json).toMatchObject({ name: 'Second Ada', email: null });
  });

  it('does not come in by a token from before that its issuer, whose clock is ahead, has dated later', async () => {
    const rollcall = await Rollcall.start([shop(WITH_JWT)]);
    const aheadSeconds = (): number => Math.floor(Date.now() / 1000) + LEEWAY_SECONDS;
    // By which this pod learns of it.
    await rollcall.open({ token: jwtOf({ sub: 'bob', iat: aheadSeconds() }, SECRET) });
    const token = jwtOf({ sub: 'ada', iat: aheadSeconds() }, SECRET);
    await rollcall.native('DELETE', '/v1/users/ada');
    await expect(rollcall.open({ token })).rejects.toThrow(/has a clock that is ahead/);
    // The apps file is read anew.
    rollcall.app.get(Apps).replace(readApps({ apps: [shop(WITH_JWT)] }, 'the apps file'));
    await expect(rollcall.open({ token })).rejects.toThrow(/has a clock that is ahead/);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await rollcall.open({ token: jwtOf({ sub: 'ada', iat: aheadSeconds() }, SECRET) });
  });

  it('need not have been there, and may be erased twice', async () => {
    const rollcall = await Rollcall.start();
    for (let times = 0; times < 2; times += 1) {
      expect((await rollcall.native('DELETE', '/v1/users/nobody')).status).toBe(204);
    }
  });
});
