import { DEMO, Rollcall } from '../support/rollcall';
import { asUser, shop, tabOf } from '../support/shop';

const HERE = 'localhost';
const THERE = 'other.example.com';
const ODD_NAMES = [
  '__proto__',
  'constructor',
  'a/b',
  '/',
  'a%2Fb',
  '%',
  '100%25',
  'a b+c',
  '?x=1&y#z',
  '.',
  ';',
  'members',
  'Überraschung \u{1f600}',
  'x'.repeat(255),
  '\u{1f600}'.repeat(127),
];

interface Page {
  readonly channels?: { readonly channel: string }[];
  readonly members?: { readonly id: string }[];
  readonly nextCursor?: string;
}

let rollcall: Rollcall;

beforeEach(async () => {
  rollcall = await Rollcall.start([shop({ hosts: [HERE, THERE] })]);
});

const channels = (query = '', host = HERE) => rollcall.native('GET', `/v1/channels${query}`, { host });
const channel = (name: string, host = HERE) =>
  rollcall.native('GET', `/v1/channels/${encodeURIComponent(name)}`, { host });
const members = (name: string, query = '', host = HERE) =>
  rollcall.native('GET', `/v1/channels/${encodeURIComponent(name)}/members${query}`, { host });

/** Opens a tab that is in channels of its own kind, and in others anonymously. */
async function tabIn(userId: string | undefined, names: readonly string[], anonymously: readonly string[] = []) {
  const tab = await rollcall.open(userId === undefined ? {} : tabOf(userId));
  for (const name of names) expect(await tab.join(name)).toMatchObject({ ok: true });
  for (const name of anonymously) expect(await tab.join(name, true)).toMatchObject({ ok: true });
  return tab;
}

const found = (json: object): object => ({ status: 200, json });

describe('the list of channels', () => {
  it('is empty when nobody is in any', async () => {
    expect(await channels()).toMatchObject(found({ channels: [] }));
    await rollcall.open();
    expect((await channels()).json).toEqual({ channels: [] });
  });

  it('has names with kind and count, in order, without built-in and tab channels', async () => {
    await tabIn('ada', ['salesRoom', 'chat'], ['hall']);
    await tabIn('ada', ['salesRoom']);
    await tabIn('bob', ['salesRoom']);
    await tabIn(undefined, ['hall', 'chat']);

    const { status, json, headers } = await channels();
    expect({ status, json }).toEqual({
      status: 200,
      json: {
        channels: [
          { channel: 'chat', kind: 'authenticated', count: 1 },
          { channel: 'chat', kind: 'anonymous', count: 1 },
          { channel: 'hall', kind: 'anonymous', count: 2 },
          { channel: 'salesRoom', kind: 'authenticated', count: 2 },
        ],
      },
    });
    expect(headers['x-rollcall-cursor']).toBe((await rollcall.message('users')).headers['x-rollcall-cursor']);
    expect(headers).not.toHaveProperty('x-rollcall-stale');
  });

  it('follows what comes and goes after it was first asked for', async () => {
    await tabIn('ada', ['b']);
    const names = async () => ((await channels()).json as Page).channels?.map(({ channel: name }) => name);
    expect(await names()).toEqual(['b']);
    const bob = await tabIn('bob', ['a', 'c', 'b'], ['c']);
    expect(await names()).toEqual(['a', 'b', 'c', 'c']);
    await bob.ask('channel:leave', { channel: 'c' });
    expect(await names()).toEqual(['a', 'b', 'c']);
    await bob.ask('channel:leave', { channel: 'c', anonymous: true });
    await bob.ask('channel:leave', { channel: 'b' });
    expect(await names()).toEqual(['a', 'b']);
  });

  it('can be had for a prefix, and page by page, a name in both kinds over two of them', async () => {
    await tabIn('ada', ['sales', 'sales/2', 'sale', 'zoo'], ['sales']);
    const read: unknown[] = [];
    let cursor = '';
    for (let pages = 0; pages < 3; pages += 1) {
      const page = (await channels(`?prefix=sales&limit=1&cursor=${cursor}`)).json as Page;
      expect(page.nextCursor === undefined).toBe(pages === 2);
      read.push(...(page.channels ?? []));
      cursor = page.nextCursor ?? '';
    }
    expect(read).toMatchObject([
      { channel: 'sales', kind: 'authenticated' },
      { channel: 'sales', kind: 'anonymous' },
      { channel: 'sales/2', kind: 'authenticated' },
    ]);
    expect((await channels('?prefix=sales%2F')).json).toMatchObject({ channels: [{ channel: 'sales/2' }] });
    expect((await channels('?prefix=')).json).toMatchObject({ channels: { length: 5 } });
    expect((await channels('?prefix=x')).json).toEqual({ channels: [] });
    expect((await channels('?prefix=tab%7C')).json).toEqual({ channels: [] });
  });

  it('takes the cursor of a list with another prefix for the place that it is', async () => {
    await tabIn('ada', ['a', 'sale', 'sales', 'zoo']);
    const { nextCursor } = (await channels('?limit=2')).json as Page;
    const names = async (prefix: string) =>
      ((await channels(`?prefix=${prefix}&cursor=${nextCursor}`)).json as Page).channels?.map((one) => one.channel);
    expect([await names('a'), await names('s'), await names('z')]).toEqual([[], ['sales'], ['zoo']]);
  });

  it('has nothing of another host', async () => {
    await tabIn('ada', ['salesRoom']);
    expect((await channels('', THERE)).json).toEqual({ channels: [] });
    expect([(await channel('salesRoom', THERE)).status, (await members('salesRoom', '', THERE)).status]).toEqual([
      404, 404,
    ]);
  });
});

describe('one channel', () => {
  it('has the kinds that are active', async () => {
    await tabIn('ada', ['room', 'chat'], ['hall']);
    await tabIn(undefined, ['room', 'hall']);
    const authenticated = { kind: 'authenticated', count: 1 };

    const { status, json, headers } = await channel('room');
    expect({ status, json }).toEqual({
      status: 200,
      json: { channel: 'room', kinds: [authenticated, { kind: 'anonymous', count: 1 }] },
    });
    expect(headers['x-rollcall-cursor']).toMatch(/./);
    expect((await channel('chat')).json).toEqual({ channel: 'chat', kinds: [authenticated] });
    expect((await channel('hall')).json).toEqual({ channel: 'hall', kinds: [{ kind: 'anonymous', count: 2 }] });
  });

  it('may be a built-in one', async () => {
    expect([(await channel('authenticated')).status, (await channel('anonymous')).status]).toEqual([404, 404]);
    for (const userId of ['ada', 'ada', 'bob', undefined]) await tabIn(userId, []);
    expect((await channel('authenticated')).json).toEqual({
      channel: 'authenticated',
      kinds: [{ kind: 'authenticated', count: 2 }],
    });
    expect((await channel('anonymous')).json).toEqual({
      channel: 'anonymous',
      kinds: [{ kind: 'anonymous', count: 1 }],
    });
  });

  it('is 404 while nobody is in it, and for what nobody can join', async () => {
    const ada = await tabIn('ada', ['room']);
    await ada.ask('channel:leave', { channel: 'room' });
    for (const name of ['room', '_total', `tab|${ada.id}`, 'user|ada', 'room|anonymous', 'constructor']) {
      const detail = `The channel ${JSON.stringify(name)} is not active.`;
      expect(await channel(name)).toMatchObject({ status: 404, json: { code: 'NOT_FOUND', detail } });
      expect(await members(name)).toMatchObject({ status: 404, json: { code: 'NOT_FOUND' } });
    }
  });

  it.each(ODD_NAMES)('may be called %j', async (name) => {
    await tabIn('ada', [name], [name]);
    const kinds = [
      { kind: 'authenticated', count: 1 },
      { kind: 'anonymous', count: 1 },
    ];
    expect(await channel(name)).toMatchObject(found({ channel: name, kinds }));
    expect(await members(name)).toMatchObject(found({ channel: name, count: 1, members: [{ id: 'ada' }] }));
    expect((await members(name, '?anonymous=true')).json).toEqual({ channel: name, kind: 'anonymous', count: 1 });
    const prefix = encodeURIComponent(name);
    const { nextCursor } = (await channels(`?limit=1&prefix=${prefix}`)).json as Page;
    expect((await channels(`?prefix=${prefix}&cursor=${nextCursor}`)).json).toEqual({
      channels: [{ channel: name, kind: 'anonymous', count: 1 }],
    });
  });
});

describe('the members of a channel', () => {
  it('are users, each once, in the order of joining', async () => {
    const tabs = [];
    for (const userId of ['eve', 'ada', 'eve', 'bob']) tabs.push(await tabIn(userId, ['room']));
    await tabIn(undefined, ['room']);
    const row = (id: string, name: string, connections: number) => {
      return { id, username: id, name, email: `${id}@example.com`, connections };
    };

    const { status, json, headers } = await members('room');
    expect({ status, json }).toEqual({
      status: 200,
      json: {
        channel: 'room',
        kind: 'authenticated',
        count: 3,
        members: [row('eve', 'Eve', 2), row('ada', 'Ada Lovelace', 1), row('bob', 'Bob', 1)],
      },
    });
    expect(headers['x-rollcall-cursor']).toMatch(/./);
    await tabs[0]?.ask('channel:leave', { channel: 'room' });
    expect((await members('room')).json).toMatchObject({ members: [{ id: 'ada' }, { id: 'eve', connections: 1 }, {}] });
  });

  it('come page by page, whoever comes and goes meanwhile', async () => {
    const leaving = await tabIn('ada', ['room']);
    for (const userId of ['fay', 'bob', 'eve']) await tabIn(userId, ['room']);
    const first = (await members('room', '?limit=2')).json as Page;
    await leaving.ask('channel:leave', { channel: 'room' });
    await leaving.join('room');
    await tabIn('fay', ['room']);
    const second = (await members('room', `?limit=2&cursor=${first.nextCursor}`)).json as Page;
    const third = (await members('room', `?limit=2&cursor=${second.nextCursor}`)).json as Page;

    const ids = [first, second, third].map((page) => page.members?.map(({ id }) => id));
    expect(ids).toEqual([['ada', 'fay'], ['bob', 'eve'], ['ada']]);
    expect(third).not.toHaveProperty('nextCursor');
  });

  it('show profiles as they are now', async () => {
    await tabIn('ada', ['room']);
    await rollcall.native('PUT', '/v1/users/ada', { body: { name: 'Countess' } });
    const shown = { id: 'ada', username: 'ada', name: 'Countess', email: null, connections: 1 };
    expect((await members('room')).json).toMatchObject({ members: [shown] });
  });

  it('are everybody who is logged in, for the built-in channel', async () => {
    for (const userId of ['bob', 'ada', 'bob', undefined]) await tabIn(userId, []);
    expect((await members('authenticated')).json).toMatchObject({
      count: 2,
      members: [{ id: 'bob', connections: 2 }, { id: 'ada' }],
    });
    const counted = { channel: 'anonymous', kind: 'anonymous', count: 1 };
    expect((await members('anonymous')).json).toEqual(counted);
    expect((await members('anonymous', '?anonymous=true')).json).toEqual(counted);
    expect((await members('anonymous', '?anonymous=false')).status).toBe(404);
    expect((await members('authenticated', '?anonymous=true')).status).toBe(404);
  });

  it('of an anonymous channel are a count, and who asks for the wrong kind is told', async () => {
    await tabIn('ada', ['room'], ['hall']);
    const counted = { channel: 'hall', kind: 'anonymous', count: 1 };
    for (const yes of ['true', '1', '']) expect((await members('hall', `?anonymous=${yes}`)).json).toEqual(counted);

    for (const [name, query, detail] of [
      [
        'hall',
        '',
        'There is no active authenticated channel "hall". There is an anonymous one: ask with anonymous=true.',
      ],
      [
        'room',
        '?anonymous=1',
        'There is no active anonymous channel "room". There is an authenticated one: ask with anonymous=false.',
      ],
      ['none', '?anonymous=false', 'There is no active authenticated channel "none".'],
    ] as const) {
      expect(await members(name, query)).toMatchObject({ status: 404, json: { code: 'NOT_FOUND', detail } });
    }
  });
});

describe('a question about channels', () => {
  const LIMIT = 'limit must be a whole number from 1 to 1000.';
  const CURSOR = 'cursor is not one of an earlier answer.';
  const toCursor = (place: unknown): string => Buffer.from(JSON.stringify(place)).toString('base64url');

  it.each([
    ['', 'limit=0', LIMIT],
    ['', 'limit=1001', LIMIT],
    ['', 'limit=', LIMIT],
    ['', 'limit=1&limit=2', 'limit may be given once.'],
    ['', 'prefix=a&prefix=b', 'prefix may be given once.'],
    ['', `prefix=${'x'.repeat(256)}`, 'prefix must be at most 255 characters long.'],
    ['', 'prefix=%00', 'prefix must not contain control characters.'],
    ['', 'cursor=%00', CURSOR],
    ['', `cursor=${toCursor([1, 'ada'])}`, CURSOR],
    ['', `cursor=${toCursor(['room', 'x'])}`, CURSOR],
    ['', `cursor=${toCursor('room')}`, CURSOR],
    ['/room/members', 'limit=ten', LIMIT],
    ['/room/members', 'anonymous=maybe', 'anonymous must be true or false.'],
    ['/room/members', 'anonymous=true&anonymous=true', 'anonymous may be given once.'],
    ['/room/members', 'cursor=e30', CURSOR],
    ['/room/members', `cursor=${toCursor(['room', 'authenticated'])}`, CURSOR],
    ['/room/members', `cursor=${toCursor([null, 'ada'])}`, CURSOR],
    ['/room/members', 'cursor=a&cursor=b', 'cursor may be given once.'],
  ])('with %s?%s is refused', async (path, query, detail) => {
    const [field] = query.split('=');
    const refused = await rollcall.native('GET', `/v1/channels${path}?${query}`);
    expect(refused).toMatchObject({ status: 400, json: { code: 'BAD_REQUEST', detail, field } });
    expect(refused.headers['content-type']).toBe('application/problem+json');
  });

  it('has as many parameters as it needs, and of those past 32 none is read', async () => {
    const { status } = await rollcall.native('GET', `/v1/channels?${'a&'.repeat(31)}limit=0`);
    expect(status).toBe(400);
    const names = Array.from({ length: 10_000 }, (_, n) => `n${n}`).join('&');
    expect((await rollcall.native('GET', `/v1/channels?${names}&limit=0`)).status).toBe(200);
    // Lists of ids are as long as they are.
    const presence = await rollcall.presence(`?${'ids=nobody&'.repeat(4000)}ids=${DEMO.userId}`, {
      headers: asUser('ada'),
    });
    expect(presence).toMatchObject({ status: 200, json: { users: [], full: false } });
  });

  it.each([
    ['x'.repeat(256), 'channel must be at most 255 characters long.'],
    ['a%00b', 'channel must not contain control characters.'],
    ['a%0A', 'channel must not contain control characters.'],
  ])('called %j is refused', async (name, detail) => {
    for (const path of [`/v1/channels/${name}`, `/v1/channels/${name}/members`]) {
      const refused = await rollcall.native('GET', path);
      expect(refused).toMatchObject({ status: 400, json: { code: 'CHANNEL_NAME_INVALID', detail, field: 'channel' } });
    }
  });

  it.each(['%', '%ff', '%E0%A4%A', '%zz'])('whose name is written as %s is no fault of ours', async (name) => {
    for (const path of [`/v1/channels/${name}`, `/v1/channels/${name}/members`]) {
      expect(await rollcall.native('GET', path)).toMatchObject({ status: 400, json: { code: 'BAD_REQUEST' } });
    }
  });

  it('is for API keys alone', async () => {
    const headers = { 'x-auth-token': DEMO.token, 'x-user-id': DEMO.userId };
    for (const path of ['', '/room', '/room/members']) {
      expect((await rollcall.ask('GET', `/v1/channels${path}`, { headers })).status).toBe(401);
    }
  });
});
