import { Shutdown } from '../../src/http/shutdown.service';
import { eventually } from '../support/eventually';
import { holdWrites } from '../support/held-writes';
import { asSigned, DONE, office, SECRET, THERE, UNKNOWN } from '../support/office';
import type { Answer } from '../support/rollcall';
import { asUser, jwtOf, tabOf } from '../support/shop';

describe('users.getPresence and users.getStatus', () => {
  it('say of oneself what is shown, and what the connections say, by the letter', async () => {
    const { rollcall, get } = await office();
    const texts = async (query = ''): Promise<string[]> =>
      [await get('getPresence', query, 'ada'), await get('getStatus', query, 'ada')].map(({ text }) => text);
    const both = (status: string, connection: string): string[] => [
      `{"presence":"${status}","connectionStatus":"${connection}","success":true}`,
      `{"_id":"ada","connectionStatus":"${connection}","status":"${status}","success":true}`,
    ];

    expect(await texts()).toEqual(both('offline', 'offline'));
    const tab = await rollcall.open(tabOf('ada'));
    expect(await texts()).toEqual(both('online', 'online'));
    await tab.ask('presence:set', { status: 'busy', statusText: 'Not told here' });
    await tab.ask('presence:idle', { idle: true });
    expect(await texts()).toEqual(both('busy', 'away'));
    for (const query of ['?userId=ada', '?username=countess', '?user=countess', '?userId=', '?x=1']) {
      expect(await texts(query)).toEqual(both('busy', 'away'));
    }
    await tab.ask('presence:set', { status: 'offline' });
    expect(await texts()).toEqual(both('offline', 'away'));
  });

  it('say of somebody else what is shown, and no more', async () => {
    const { rollcall, get } = await office();
    const tab = await rollcall.open(tabOf('ada'));
    await tab.ask('presence:set', { status: 'busy', statusText: 'Not told here' });

    for (const query of ['?userId=ada', '?username=countess', '?user=countess', '?userId=ada&username=bob']) {
      expect((await get('getPresence', query, 'bob')).text).toBe('{"presence":"busy","success":true}');
      expect((await get('getStatus', query, 'bob')).text).toBe('{"_id":"ada","status":"busy","success":true}');
    }
    expect((await get('getPresence', '?userId=root', 'bob')).json).toEqual({ presence: 'offline', success: true });
    expect((await get('getStatus', '?username=tom', 'bob')).json).toMatchObject({ _id: 'cat', status: 'online' });
  });

  it('know the users of signed tokens who are here, or have been, by what their tokens say', async () => {
    const { rollcall, get } = await office({ hosts: ['localhost', THERE] });
    const tab = await rollcall.open({ token: jwtOf({ sub: 'zoe', username: 'z' }, SECRET) });
    const statusOf = async (query: string): Promise<unknown> => (await get('getStatus', query, 'bob')).json;

    for (const query of ['?userId=zoe', '?username=z']) {
      expect(await statusOf(query)).toMatchObject({ _id: 'zoe', status: 'online' });
      expect(await get('getStatus', query, 'bob', THERE)).toMatchObject(UNKNOWN);
    }
    tab.close();
    await eventually(async () =>
      expect(await statusOf('?username=z')).toMatchObject({ _id: 'zoe', status: 'offline' }),
    );
    const self = await rollcall.rocket('GET', 'users.getStatus?username=new', {
      headers: asSigned('newcomer', { username: 'new' }),
    });
    expect(self.json).toMatchObject({ _id: 'newcomer', connectionStatus: 'offline' });
  });

  it.each(['?userId=nobody', '?username=ada', '?user=nobody', '?userId=__proto__', '?username=constructor'])(
    'know no user by %s',
    async (query) => {
      const { get } = await office();
      for (const verb of ['getPresence', 'getStatus'] as const) {
        expect(await get(verb, query, 'bob')).toMatchObject(UNKNOWN);
      }
    },
  );

  it('know nobody who was erased', async () => {
    const { rollcall, get } = await office();
    await rollcall.open(tabOf('ada'));
    await rollcall.open({ token: jwtOf({ sub: 'zoe', username: 'z' }, SECRET) });
    for (const id of ['ada', 'zoe']) await rollcall.native('DELETE', `/v1/users/${id}`);

    for (const query of ['?userId=ada', '?username=countess', '?userId=zoe', '?username=z']) {
      expect(await get('getStatus', query, 'bob')).toMatchObject(UNKNOWN);
    }
  });

  it.each(['userId', 'username', 'user'])('refuse a %s that is no name', async (name) => {
    const { get } = await office();
    for (const value of ['x'.repeat(256), '%00', 'a%0Ab']) {
      const { status, json } = await get('getStatus', `?${name}=${value}`, 'bob');
      expect([status, (json as { error: string }).error]).toEqual([400, expect.stringMatching(`^${name} must `)]);
    }
  });

  it('are not silenced with the broadcast', async () => {
    const { rollcall, get, set } = await office({ presence: { broadcastDisabled: true } });
    await rollcall.open(tabOf('ada'));
    expect(await set({ status: 'away' }, 'ada')).toMatchObject(DONE);
    expect((await get('getPresence', '?userId=ada', 'bob')).json).toMatchObject({ presence: 'away' });
  });
});

describe('users.setStatus', () => {
  it.each(['online', 'away', 'busy', 'offline'])('sets %s, as the socket does', async (status) => {
    const { rollcall, get, set, row } = await office();
    await rollcall.open(tabOf('ada'));

    expect(await set({ status, message: '  At lunch ' }, 'ada')).toMatchObject(DONE);

    expect((await get('getStatus', '', 'ada')).json).toMatchObject({ status, connectionStatus: 'online' });
    if (status === 'offline') expect(await row('ada')).toBeUndefined();
    else expect(await row('ada')).toMatchObject({ status, statusText: 'At lunch' });
  });

  it('waits for the connection of a user who has none', async () => {
    const { rollcall, get, set, row } = await office();

    expect(await set({ status: 'busy', message: 'Back at two' }, 'ada')).toMatchObject(DONE);

    expect((await get('getStatus', '', 'ada')).json).toMatchObject({ status: 'offline', connectionStatus: 'offline' });
    expect(await row('ada')).toBeUndefined();
    const from = new Date(Date.now() - 60_000).toISOString();
    expect((await rollcall.presence(`?from=${from}`)).json).toMatchObject({
      users: [{ _id: 'ada', status: 'offline', statusText: 'Back at two' }],
    });
    const tab = await rollcall.open(tabOf('ada'));
    expect(await row('ada')).toMatchObject({ status: 'busy', statusText: 'Back at two' });
    expect(await tab.ask('presence:set', { status: 'online' })).toEqual({ ok: true, status: 'online' });
    expect(await row('ada')).toMatchObject({ status: 'online', statusText: 'Back at two' });
  });

  it('keeps what is absent, null or without a word, and clears the text with an empty one', async () => {
    const { rollcall, set, row } = await office();
    await rollcall.open(tabOf('ada'));
    await set({ status: 'busy', message: 'x'.repeat(120) }, 'ada');

    for (const [body, expected] of [
      [{ status: 'away' }, { status: 'away', statusText: 'x'.repeat(120) }],
      [
        { status: 'busy', message: null },
        { status: 'busy', statusText: 'x'.repeat(120) },
      ],
      [
        { status: null, message: ' y ' },
        { status: 'busy', statusText: 'y' },
      ],
      [
        { status: '', message: 'z', expiresAt: null },
        { status: 'busy', statusText: 'z' },
      ],
    ] as const) {
      expect(await set(body, 'ada')).toMatchObject(DONE);
      expect(await row('ada')).toMatchObject(expected);
    }
    expect(await set({ message: '' }, 'ada')).toMatchObject(DONE);
    expect(await row('ada')).not.toHaveProperty('statusText');
  });

  it.each([
    [{}, 'invalid-params', 'status or message is missing: send one of them, or both.'],
    [{ status: '', message: null }, 'invalid-params', 'status or message is missing: send one of them, or both.'],
    [{ text: 'x' }, 'invalid-params', 'status or message is missing: send one of them, or both.'],
    [
      { status: 'sleepy', message: 'x' },
      'error-invalid-status',
      'status must be one of online, away, busy, offline. [error-invalid-status]',
    ],
    [
      { status: ['busy'] },
      'error-invalid-status',
      'status must be one of online, away, busy, offline. [error-invalid-status]',
    ],
    [{ message: 5, status: 'away' }, 'invalid-params', 'message must be a string.'],
    [{ message: 'x'.repeat(121), status: 'away' }, 'invalid-params', 'message must be at most 120 characters long.'],
    [{ status: 'away', userId: 5 }, 'invalid-params', 'userId must be a string.'],
    [{ status: 'away', username: ['ada'] }, 'invalid-params', 'username must be a string.'],
    [
      { expiresAt: '2099-01-01T00:00:00Z' },
      'invalid-params',
      'status or message is missing: send one of them, or both.',
    ],
  ])('refuses %j and changes nothing', async (body, errorType, error) => {
    const { rollcall, set, row } = await office();
    await rollcall.open(tabOf('ada'));
    await set({ status: 'busy', message: 'Here' }, 'ada');

    const refused = await set(body, 'ada');

    expect(refused).toMatchObject({ status: 400, json: { success: false, error, errorType } });
    expect(refused.headers['content-type']).toBe('application/json');
    expect(await row('ada')).toMatchObject({ status: 'busy', statusText: 'Here' });
  });

  it("takes the caller's own name for the caller's", async () => {
    const { rollcall, set, row } = await office();
    await rollcall.open(tabOf('ada'));
    let message = 0;
    for (const self of [{ userId: 'ada' }, { username: 'countess' }, { user: 'countess' }, { userId: '' }]) {
      message += 1;
      expect(await set({ message: String(message), ...self }, 'ada')).toMatchObject(DONE);
      expect(await row('ada')).toMatchObject({ statusText: String(message) });
    }
  });

  it('is kept on hosts that are made up only while somebody is there', async () => {
    const { rollcall, set, row } = await office({ hosts: ['*'] });
    expect(await set({ status: 'busy' }, 'ada', THERE)).toMatchObject({
      status: 400,
      json: { error: expect.stringMatching(/^Nobody is connected to this host/) as string },
    });
    const tab = await rollcall.open({ ...tabOf('ada'), host: THERE });
    expect(await set({ status: 'busy' }, 'ada', THERE)).toMatchObject(DONE);
    expect(await row('ada', THERE)).toMatchObject({ status: 'busy' });
    tab.close();
  });

  it('belongs to the host', async () => {
    const { rollcall, set, row } = await office({ hosts: ['localhost', THERE] });
    for (const host of ['localhost', THERE]) await rollcall.open({ ...tabOf('ada'), host });
    await set({ status: 'busy' }, 'ada', THERE);

    expect(await row('ada')).toMatchObject({ status: 'online' });
    expect(await row('ada', THERE)).toMatchObject({ status: 'busy' });
  });

  it('is acknowledged when it is in the store, and not before', async () => {
    const { rollcall, set, row } = await office();
    await rollcall.open(tabOf('ada'));
    const release = holdWrites(rollcall);
    let answered = false;
    const answer = set({ status: 'busy' }, 'ada').then((reply) => {
      answered = true;
      return reply;
    });

    // Another request goes there and back meanwhile.
    expect(await row('ada')).toMatchObject({ status: 'online' });
    expect(answered).toBe(false);
    release();
    expect(await answer).toMatchObject(DONE);
    expect(await row('ada')).toMatchObject({ status: 'busy' });
  });

  it('is refused by a pod that is going away', async () => {
    const { rollcall, set } = await office();
    rollcall.app.get(Shutdown).onModuleDestroy();
    expect(await set({ status: 'busy' }, 'ada')).toMatchObject({
      status: 503,
      json: { success: false, error: 'This pod is going away.', errorType: 'error-unavailable' },
    });
  });
});

describe('The siblings of users.presence', () => {
  const ROUTES = [
    ['GET', 'users.getPresence', undefined],
    ['GET', 'users.getStatus', undefined],
    ['POST', 'users.setStatus', { status: 'busy' }],
  ] as const;

  it.each(ROUTES)('count per user, and %s %s by itself', async (method, path, body) => {
    const { rollcall } = await office({ limits: { usersPresencePerMinute: 2 } });
    const ask = (userId: string): Promise<Answer> => rollcall.rocket(method, path, { headers: asUser(userId), body });
    const unauthorized = await rollcall.ask(method, `/api/v1/${path}`, { body });
    expect(unauthorized).toMatchObject({ status: 401, json: { success: false, status: 'error' } });
    expect(Object.keys(unauthorized.headers).filter((name) => name.startsWith('x-ratelimit'))).toEqual([]);
    for (let times = 0; times < 2; times += 1) await rollcall.presence('', { headers: asUser('ada') });

    const answers = [await ask('ada'), await ask('ada')];
    const refused = await ask('ada');

    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers.map(({ headers }) => headers['x-ratelimit-remaining'])).toEqual(['1', '0']);
    for (const { headers } of answers) {
      expect(headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
    }
    expect(refused).toMatchObject({
      status: 429,
      json: {
        success: false,
        error: expect.stringMatching(/^Error, too many .* \[error-too-many-requests\]$/) as unknown,
      },
      headers: { 'x-ratelimit-limit': '2', 'x-ratelimit-remaining': '0', 'content-type': 'application/json' },
    });
    expect((await ask('bob')).status).toBe(200);
    expect((await rollcall.presence('', { headers: asUser('ada') })).status).toBe(429);
  });
});
