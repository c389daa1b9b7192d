import { LocalRosters } from '@rollcall/roster';
import { Rollcall } from '../support/rollcall';
import { asUser, shop, tabOf } from '../support/shop';

interface Presence {
  readonly users: Record<string, unknown>[];
  readonly full: boolean;
  readonly success: true;
}

const row = (id: string, name: string, status = 'online') => ({ _id: id, name, username: id, status, utcOffset: 0 });
const ADA = row('ada', 'Ada Lovelace');
const BOB = row('bob', 'Bob');
const CAT = row('cat', 'cat');

const UNAUTHORIZED = {
  success: false,
  error: 'You must be logged in to do this.',
  status: 'error',
  message: 'You must be logged in to do this.',
};
const LONG_AGO = '?from=2019-05-22T12:11:45.392Z';
const NOW_AND_ON = () => `?from=${new Date(Date.now() + 3_600_000).toISOString()}`;

const idsOf = (json: unknown): unknown[] => (json as Presence).users.map(({ _id }) => _id);

describe('users.presence', () => {
  it('lists everybody who is not offline, the caller and bots included', async () => {
    const rollcall = await Rollcall.start([shop()]);
    await rollcall.open(tabOf('ada'));
    await rollcall.open(tabOf('bob'));

    const { status, json, text } = await rollcall.presence('', { headers: asUser('ada') });

    expect(status).toBe(200);
    expect(json).toEqual({ users: expect.arrayContaining([ADA, BOB, CAT]) as unknown, full: true, success: true });
    expect(idsOf(json)).toHaveLength(3);
    expect(text).toMatch(/^\{"users":\[.*\],"full":true,"success":true\}$/);
  });

  it('writes the keys of a row as the document does, and leaves out what is not set', async () => {
    const users = [
      { id: 'ada', email: 'ada@example.com', tokens: ['token-of-ada'] },
      { id: 'bob', username: 'b', name: 'Bob', utcOffset: -2.5, avatarETag: 'etag', tokens: ['token-of-bob'] },
    ];
    const rollcall = await Rollcall.start([shop({ users })]);
    await rollcall.open(tabOf('ada'));
    const bob = await rollcall.open(tabOf('bob'));
    await bob.ask('presence:set', { status: 'busy', statusText: 'In a meeting' });

    const { text } = await rollcall.presence('', { headers: asUser('ada') });

    const ada = '{"_id":"ada","name":"ada","username":"ada","status":"online","utcOffset":0}';
    const named = '{"_id":"bob","name":"Bob","username":"b","status":"busy","utcOffset":-2.5,"avatarETag":"etag"';
    expect(text).toBe(`{"users":[${ada},${named},"statusText":"In a meeting"}],"full":true,"success":true}`);
  });

  it('gives those of the ids who are not offline, the caller included, whatever `from` says', async () => {
    const rollcall = await Rollcall.start([shop()]);
    await rollcall.open(tabOf('ada'));
    const ask = async (query: string) => (await rollcall.presence(query, { headers: asUser('ada') })).json;

    expect(await ask('?ids=ada,bob,cat,nobody')).toEqual({ users: [ADA, CAT], full: false, success: true });
    expect(await ask(`${LONG_AGO}&ids[]=ada&ids[]=ada`)).toEqual({ users: [ADA], full: false, success: true });
    expect(await ask('?ids=bob')).toEqual({ users: [], full: false, success: true });
    expect(await ask('?ids[]=')).toEqual({ users: [], full: false, success: true });
    expect(await ask('?ids=&foo=1')).toMatchObject({ full: true });
    expect(await ask('?ids=__proto__,constructor,toString')).toEqual({ users: [], full: false, success: true });
  });

  it.each([LONG_AGO, '?from=abc', '?from=', '?from=1700000000000', '?from=0', '?from=a&from=b', '?from=null', '?x=1'])(
    'is the full list for %s',
    async (query) => {
      const rollcall = await Rollcall.start([shop()]);
      expect((await rollcall.presence(query)).json).toEqual({ users: [CAT], full: true, success: true });
    },
  );

  it('says with its headers what its clients compare', async () => {
    const rollcall = await Rollcall.start([shop()]);
    const before = Date.now();

    const { headers } = await rollcall.presence();

    const shownMs = Number(headers['x-rollcall-time']);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      pragma: 'no-cache',
      'x-ratelimit-limit': '1200',
      'x-ratelimit-remaining': '1199',
      'ratelimit-policy': '"presence";q=1200;w=60',
      ratelimit: expect.stringMatching(/^"presence";r=1199;t=(60|59)$/) as unknown,
      'x-rollcall-cursor': expect.stringMatching(/\S/) as unknown,
    });
    expect(shownMs).toBeGreaterThanOrEqual(before);
    expect(shownMs).toBeLessThanOrEqual(Date.now());
    expect(Date.parse(String(headers.date))).toBe(Math.floor(shownMs / 1000) * 1000);
    const resetMs = Number(headers['x-ratelimit-reset']);
    expect(resetMs).toBeGreaterThan(before + 50_000);
    expect(resetMs).toBeLessThanOrEqual(Date.now() + 60_000);
  });

  it('changes its cursor when somebody comes, and not by being asked', async () => {
    const rollcall = await Rollcall.start([shop()]);
    const cursor = async () => (await rollcall.presence()).headers['x-rollcall-cursor'];
    const first = await cursor();

    expect(await cursor()).toBe(first);
    await rollcall.open(tabOf('ada'));
    expect(await cursor()).not.toBe(first);
  });

  it.each([
    ['no headers', {}],
    ['a token alone', { 'x-auth-token': 'token-of-ada' }],
    ['a user alone', { 'x-user-id': 'ada' }],
    ['a wrong token', { 'x-auth-token': 'token-of-eva', 'x-user-id': 'ada' }],
    ["another user's token", { 'x-auth-token': 'token-of-ada', 'x-user-id': 'bob' }],
    ['a user without tokens', { 'x-auth-token': 'token-of-cat', 'x-user-id': 'cat' }],
    ['an unknown user', { 'x-auth-token': 'token-of-ada', 'x-user-id': '__proto__' }],
    ['an empty token', { 'x-auth-token': '', 'x-user-id': 'ada' }],
    ['an API key', { authorization: 'Bearer BFAPI_demo', 'x-api-key': 'BFAPI_demo' }],
    ['a token of 20,000 characters', { 'x-auth-token': 'x'.repeat(20_000), 'x-user-id': 'ada' }],
  ])('is 401 with %s, before anything else, and does not count it', async (_what, headers) => {
    const rollcall = await Rollcall.start([
      shop({ limits: { usersPresencePerMinute: 1 }, presence: { broadcastDisabled: true } }),
    ]);

    for (const query of ['', '?ids=a', LONG_AGO]) {
      const refused = await rollcall.ask('GET', `/api/v1/users.presence${query}`, { headers });
      expect(refused).toMatchObject({ status: 401, json: UNAUTHORIZED });
      expect(refused.headers['content-type']).toBe('application/json');
      expect(Object.keys(refused.headers).filter((name) => /ratelimit|rollcall/.test(name))).toEqual([]);
    }
    expect((await rollcall.presence('', { headers: asUser('ada') })).headers['x-ratelimit-remaining']).toBe('0');
  });

  it('is an empty full list where broadcast is disabled, whatever is asked', async () => {
    const rollcall = await Rollcall.start([shop({ presence: { broadcastDisabled: true } })]);
    await rollcall.open(tabOf('ada'));

    for (const query of ['', '?ids=ada', NOW_AND_ON(), LONG_AGO]) {
      const { json, text, headers } = await rollcall.presence(query);
      expect(json).toEqual({ users: [], full: true, success: true });
      expect(text).toBe('{"users":[],"full":true,"success":true}');
      expect(headers['content-type']).toBe('application/json');
    }
  });

  it('counts a call that names very many users as several', async () => {
    const rollcall = await Rollcall.start([shop({ limits: { usersPresencePerMinute: 10 } })]);
    const left = async (ids: string): Promise<unknown> =>
      (await rollcall.presence(`?ids=${ids}`, { headers: asUser('ada') })).headers['x-ratelimit-remaining'];
    expect(await left('ada')).toBe('9');
    expect(await left('x'.repeat(200) + ',ada'.repeat(3000))).toBe('6');
    const all = { headers: asUser('bob') };
    expect((await rollcall.presence(`?ids=${'bob,'.repeat(15_000)}`, all)).status).toBe(200);
    expect((await rollcall.presence('?ids=bob', all)).status).toBe(429);
  });

  it('counts a call that may show very many users as several, before it is answered, and always takes one', async () => {
    const limits = { usersPresencePerMinute: 10 };
    const rollcall = await Rollcall.start([shop({ limits })]);
    const roster = rollcall.app.get(LocalRosters).of('localhost');
    const enter = (n: number) => roster.connect(`tab-${n}`, { id: `user-${n}`, claims: null });
    await Promise.all(Array.from({ length: 1600 }, (_, n) => enter(n)));
    const ask = (userId: string, query: string) => rollcall.presence(query, { headers: asUser(userId) });
    const left = async (userId: string, query: string): Promise<unknown> =>
      (await ask(userId, query)).headers['x-ratelimit-remaining'];
    const minutesAgo = `?from=${new Date(Date.now() - 300_000).toISOString()}`;

    expect(await left('ada', '?ids=user-1')).toBe('9');
    expect(await left('ada', minutesAgo)).toBe('5');
    expect(await left('ada', NOW_AND_ON())).toBe('4');
    expect(await left('ada', '')).toBe('0');
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask('bob', minutesAgo)));
    expect(answers.filter(({ status }) => status === 200).length).toBeLessThanOrEqual(2);
    expect(answers.find(({ status }) => status === 429)?.headers).toMatchObject({ 'x-ratelimit-remaining': '0' });

    await Promise.all(Array.from({ length: 5000 }, (_, n) => enter(2000 + n)));
    expect((await ask('eve', '')).status).toBe(200);
    expect((await ask('eve', '?ids=user-1')).status).toBe(429);
  });

  it('counts bots, whom it shows though they were never connected', async () => {
    const bots = Array.from({ length: 1600 }, (_, n) => ({ id: `bot-${n}`, bot: true }));
    const { users = [] } = shop();
    const rollcall = await Rollcall.start([
      shop({ users: [...users, ...bots], limits: { usersPresencePerMinute: 10 } }),
    ]);
    const { headers, json } = await rollcall.presence('', { headers: asUser('ada') });
    expect((json as { users: unknown[] }).users).toHaveLength(1601);
    expect(headers['x-ratelimit-remaining']).toBe('6');
  });

  it('counts per user, refuses what is too much, and says how long to wait', async () => {
    const limits = { usersPresencePerMinute: 2 };
    const rollcall = await Rollcall.start([shop({ limits, presence: { broadcastDisabled: true } })]);
    const ask = (userId: string) => rollcall.presence('?ids=ada', { headers: asUser(userId) });
    const remaining = [await ask('ada'), await ask('ada')].map(({ headers }) => headers['x-ratelimit-remaining']);

    const { status, json, headers } = await ask('ada');

    expect(remaining).toEqual(['1', '0']);
    expect(status).toBe(429);
    const waitMs = Number(headers['x-ratelimit-reset']) - Date.now();
    expect(waitMs).toBeGreaterThan(50_000);
    expect(waitMs).toBeLessThanOrEqual(60_000);
    const [, seconds] = /wait (\d+) seconds/.exec((json as { error: string }).error) ?? [];
    expect([60, 59]).toContain(Number(seconds));
    expect(json).toEqual({
      success: false,
      error: `Error, too many requests. Please slow down. You must wait ${seconds} seconds before trying this endpoint again. [error-too-many-requests]`,
    });
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-ratelimit-limit': '2',
      'x-ratelimit-remaining': '0',
      ratelimit: `"presence";r=0;t=${seconds}`,
    });
    expect(headers).not.toHaveProperty('retry-after');
    expect((await ask('bob')).status).toBe(200);
    expect((await ask('ada')).status).toBe(429);
  });

  it('counts users of one id in two apps apart', async () => {
    const limits = { usersPresencePerMinute: 1 };
    const apps = [shop({ limits }), shop({ id: 'other', hosts: ['other.example.com'], limits })];
    const rollcall = await Rollcall.start(apps);
    const ask = (host: string) => rollcall.presence('', { host, headers: asUser('ada') });

    expect((await ask('localhost')).status).toBe(200);
    expect((await ask('other.example.com')).status).toBe(200);
    expect((await ask('localhost')).status).toBe(429);
  });

  it('answers HEAD like GET, without a body', async () => {
    const rollcall = await Rollcall.start([shop()]);
    const { status, text, headers } = await rollcall.ask('HEAD', '/api/v1/users.presence', { headers: asUser('ada') });

    expect({ status, text }).toEqual({ status: 200, text: '' });
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'x-ratelimit-remaining': '1199' });
    expect((await rollcall.ask('HEAD', '/api/v1/users.presence')).status).toBe(401);
  });

  it('takes a URL of 64 KiB, and refuses one past 80 KiB in words', async () => {
    const rollcall = await Rollcall.start([shop()]);
    const queryOf = (bytes: number) =>
      `?ids=cat,${'x'.repeat(16)},`.padEnd(bytes - '/api/v1/users.presence'.length, 'abc,');

    expect((await rollcall.presence(queryOf(65_536))).json).toEqual({ users: [CAT], full: false, success: true });
    const tooLong = await rollcall.presence(queryOf(82_000));
    expect(tooLong).toMatchObject({ status: 431, json: { status: 431, title: 'Request Header Fields Too Large' } });
  });

  it('keeps two hosts of one app apart', async () => {
    const host = 'other.example.com';
    const rollcall = await Rollcall.start([shop({ hosts: ['localhost', host] })]);
    const ada = await rollcall.open(tabOf('ada'));
    await rollcall.open({ ...tabOf('bob'), host });
    await ada.ask('presence:set', { status: 'busy', statusText: 'here' });
    await rollcall.open({ ...tabOf('ada'), host });
    const delta = `?from=${new Date(Date.now() - 60_000).toISOString()}`;

    expect((await rollcall.presence('')).json).toMatchObject({ users: [{ _id: 'ada', status: 'busy' }, CAT] });
    expect((await rollcall.presence('', { host })).json).toMatchObject({ users: [BOB, ADA, CAT] });
    expect((await rollcall.presence('?ids=ada,bob', { host })).json).toMatchObject({ users: [ADA, BOB] });
    expect(idsOf((await rollcall.presence(delta)).json)).toEqual(['ada']);
    expect(idsOf((await rollcall.presence(delta, { host })).json)).toEqual(['bob', 'ada']);
  });

  it.each([
    ['GET', '/api/v1/users.absence', 404, { success: false, error: 'Resource not found' }],
    ['POST', '/api/v1/users.presence', 405, { success: false, errorType: 'error-method-not-allowed' }],
    ['GET', '/api/v1/users.presence%ff', 400, { success: false, errorType: 'error-bad-request' }],
  ])('writes other errors in its own envelope: %s %s is %d', async (method, path, status, json) => {
    const rollcall = await Rollcall.start([shop()]);
    const refused = await rollcall.ask(method, path, { headers: asUser('ada') });
    expect(refused).toMatchObject({ status, json });
    expect(refused.headers['content-type']).toBe('application/json');
  });
});
