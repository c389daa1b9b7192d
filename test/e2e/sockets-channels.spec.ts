import type { Message } from '@rollcall/contract';
import { DEMO, Rollcall } from '../support/rollcall';
import type { Tab } from '../support/tab';

const USER = { id: DEMO.userId, email: 'demo@example.com' };
const USERS = ['ada', 'bob'].map((id) => ({ id, email: `${id}@example.com`, tokens: [`${id}-token`] }));
const APP = { id: 'forms', hosts: ['localhost', 'other.example'], apiKeys: [DEMO.apiKey], anonymous: true };

const refused = (code: string): object => ({ ok: false, error: { code, message: expect.any(String) as string } });

/** A service with two users, and how their tabs open. */
async function withUsers() {
  const rollcall = await Rollcall.start([{ ...APP, users: USERS }]);
  const openAs = (id: string, host?: string): Promise<Tab> => rollcall.open({ userId: id, token: `${id}-token`, host });
  return { rollcall, openAs };
}

/** The messages that a tab has, when everything that was sent to it before is there. */
async function messagesAfter(collected: readonly Message[], tab: Tab): Promise<readonly Message[]> {
  // Packets of one connection keep their order, so the answer to this comes behind every message.
  await tab.ask('no:such');
  return collected;
}

describe('Joining and leaving', () => {
  it('acknowledges with channel, kind, count and cursor', async () => {
    const { rollcall, openAs } = await withUsers();
    const [first, second, bob, visitor] = [
      await openAs('ada'),
      await openAs('ada'),
      await openAs('bob'),
      await rollcall.open(),
    ];
    const cursor = expect.stringMatching(/^\S+$/) as string;
    const joined = (kind: string, count: number): object => ({ ok: true, channel: 'room', kind, count, cursor });

    expect(await first.join('room')).toEqual(joined('authenticated', 1));
    // Counted are users there and connections here.
    expect(await second.join('room', false)).toEqual(joined('authenticated', 1));
    expect(await bob.join('room')).toEqual(joined('authenticated', 2));
    expect(await visitor.join('room')).toEqual(joined('anonymous', 1));
    expect(await first.join('room', true)).toEqual(joined('anonymous', 2));
    expect(await second.join('room', true)).toEqual(joined('anonymous', 3));
    expect((await rollcall.message('users', { channel: 'room' })).json).toEqual({
      room: USERS.map(({ id, email }) => ({ id, email })),
      'room|anonymous': 3,
    });
    expect(await first.ask('channel:leave', { channel: 'room' })).toEqual({ ok: true, channel: 'room' });
    expect(await second.ask('channel:leave', { channel: 'room', anonymous: true })).toEqual({
      ok: true,
      channel: 'room',
    });
    expect((await rollcall.message('channels')).json).toEqual({ authenticated: ['room'], anonymous: ['room'] });
    expect((await rollcall.message('users', { channel: 'room' })).json).toMatchObject({ 'room|anonymous': 2 });
  });

  it('gives a cursor that changes with the roster and with nothing else', async () => {
    const rollcall = await Rollcall.start();
    const tab = await rollcall.openDemo();

    const { cursor } = await tab.join('room');
    const again = await tab.join('room');
    const elsewhere = await tab.join('other');
    const answer = await rollcall.message('users');

    expect(again.cursor).toBe(cursor);
    expect(elsewhere.cursor).not.toBe(cursor);
    expect(answer.headers['x-rollcall-cursor']).toBe(elsewhere.cursor);
  });

  it('is idempotent', async () => {
    const rollcall = await Rollcall.start();
    const [tab, visitor] = [await rollcall.openDemo(), await rollcall.open()];

    const joins = await Promise.all(Array.from({ length: 20 }, () => visitor.join('room')));
    await tab.join('lobby');
    await tab.join('lobby');

    expect(joins.map(({ count }) => count)).toEqual(joins.map(() => 1));
    expect((await rollcall.message('users', { channel: 'room' })).json).toEqual({ room: 1 });
    for (let time = 0; time < 2; time += 1) {
      expect(await tab.ask('channel:leave', { channel: 'lobby' })).toEqual({ ok: true, channel: 'lobby' });
    }
    expect(await tab.ask('channel:leave', { channel: 'never joined' })).toMatchObject({ ok: true });
    expect((await rollcall.message('channels')).json).toEqual({ authenticated: [], anonymous: ['room'] });
  });

  it('puts an anonymous connection into anonymous channels, whatever it asks for', async () => {
    const rollcall = await Rollcall.start();
    const visitor = await rollcall.open();

    for (const anonymous of [undefined, false, true]) {
      expect(await visitor.join(`room ${anonymous}`, anonymous)).toMatchObject({ kind: 'anonymous', count: 1 });
    }
    expect((await rollcall.message('channels')).json).toMatchObject({ authenticated: [] });
  });

  it('keeps the order of first joining, until somebody leaves with all tabs', async () => {
    const { rollcall, openAs } = await withUsers();
    const [ada, adaAgain, bob] = [await openAs('ada'), await openAs('ada'), await openAs('bob')];
    const idsIn = async (): Promise<unknown> =>
      ((await rollcall.message('users', { channel: 'room' })).json as { room: { id: string }[] }).room.map(
        ({ id }) => id,
      );
    for (const tab of [ada, bob, adaAgain]) await tab.join('room');
    expect(await idsIn()).toEqual(['ada', 'bob']);

    await ada.ask('channel:leave', { channel: 'room' });
    await ada.join('room');
    expect(await idsIn()).toEqual(['bob', 'ada']);
  });

  it('refuses names that mean something else', async () => {
    const rollcall = await Rollcall.start();
    const tabs = [await rollcall.openDemo(), await rollcall.open()];
    const names = ['authenticated', 'anonymous', '_total', 'tab|x', 'tab|', 'user|x', 'x|anonymous', '|anonymous'];

    for (const tab of tabs) {
      for (const channel of [...names, `tab|${tabs[0]?.id}`]) {
        for (const event of ['channel:join', 'channel:leave', 'message:send']) {
          expect(await tab.ask(event, { channel, message: 1 })).toEqual(refused('CHANNEL_RESERVED'));
        }
      }
    }
    expect((await rollcall.message('channels')).json).toEqual({ authenticated: [], anonymous: [] });
  });

  it('refuses what is no name', async () => {
    const rollcall = await Rollcall.start();
    const tab = await rollcall.openDemo();
    const names = ['', 'x'.repeat(256), 'a\u0000b', 'a\nb', '\u007f', '\u0085', 7, 0, null, true, ['room'], {}];

    for (const channel of [...names, undefined, Buffer.from('room')]) {
      for (const event of ['channel:join', 'channel:leave', 'message:send']) {
        expect(await tab.ask(event, { channel, message: 1 })).toEqual(refused('CHANNEL_NAME_INVALID'));
      }
    }
    for (const anonymous of ['true', 1, null, {}]) {
      expect(await tab.ask('channel:join', { channel: 'room', anonymous })).toEqual(refused('BAD_REQUEST'));
    }
    expect((await rollcall.message('channels')).json).toEqual({ authenticated: [], anonymous: [] });
  });

  it('takes every other name, and all answers stay valid JSON', async () => {
    const rollcall = await Rollcall.start();
    const [tab, visitor] = [await rollcall.openDemo(), await rollcall.open()];
    const names = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', '\ud800', '🦊', '"\\', ' ', 'a|b', 'tab'];
    names.push('</script>', '\u2028', '%2f', 'x'.repeat(255), '0', 'localhost', tab.id);

    for (const channel of names) {
      expect(await tab.join(channel)).toMatchObject({ ok: true, channel, count: 1 });
      expect(await visitor.join(channel)).toMatchObject({ ok: true, channel, count: 1 });
      const { json } = await rollcall.message('users', { channel });
      expect(Object.entries(json as object)).toEqual([
        [channel, [USER]],
        [`${channel}|anonymous`, 1],
      ]);
    }
    const { json } = await rollcall.message('users');
    // Each name in both kinds, both built-in channels and both tabs.
    expect(Object.keys(json as object)).toHaveLength(2 * names.length + 4);
    expect((await rollcall.message('channels')).json).toEqual({ authenticated: names, anonymous: names });
    for (const channel of names) await tab.ask('channel:leave', { channel });
    expect((await rollcall.message('channels')).json).toEqual({ authenticated: [], anonymous: names });
  });

  it('takes a hundred channels from a connection and refuses the next, without harm to those', async () => {
    const rollcall = await Rollcall.start();
    const tab = await rollcall.openDemo();
    const joins = await Promise.all(Array.from({ length: 100 }, (_, n) => tab.join(`room ${n}`, n % 2 === 0)));

    expect(joins.filter(({ ok }) => ok)).toHaveLength(100);
    expect(await tab.join('room 100')).toEqual(refused('RATE_LIMITED'));
    expect(await tab.join('room 7')).toMatchObject({ ok: true });
    await tab.ask('channel:leave', { channel: 'room 7' });
    expect(await tab.join('room 100')).toMatchObject({ ok: true });
    const { authenticated, anonymous } = (await rollcall.message('channels')).json as Record<string, string[]>;
    expect([authenticated?.length, anonymous?.length]).toEqual([50, 50]);
  });
});

describe('A message', () => {
  it('reaches the members of its channel, kind and host, and not its sender', async () => {
    const { rollcall, openAs } = await withUsers();
    const tabs = {
      ada: await openAs('ada'),
      adaToo: await openAs('ada'),
      bob: await openAs('bob'),
      outside: await openAs('bob'),
      visitor: await rollcall.open(),
      otherHost: await openAs('bob', 'other.example'),
    };
    for (const tab of [tabs.ada, tabs.adaToo, tabs.bob, tabs.visitor, tabs.otherHost]) await tab.join('room');
    await tabs.outside.join('lobby');
    await tabs.bob.join('room', true);
    const got = Object.entries(tabs).map(([name, tab]) => ({ name, tab, messages: tab.collect('message') }));
    const received = async (): Promise<object> =>
      Object.fromEntries(
        await Promise.all(
          got.map(async ({ name, tab, messages }) => [name, [...(await messagesAfter(messages, tab))]]),
        ),
      ) as object;
    const nothing = { ada: [], adaToo: [], bob: [], outside: [], visitor: [], otherHost: [] };

    expect(await tabs.ada.ask('message:send', { channel: 'room', message: 'hi' })).toEqual({ ok: true, delivered: 2 });
    const first = { channel: 'room', message: 'hi', from: { connectionId: tabs.ada.id, id: 'ada' } };
    expect(await received()).toEqual({ ...nothing, adaToo: [first], bob: [first] });

    expect(await tabs.visitor.ask('message:send', { channel: 'room', message: 'yo' })).toEqual({
      ok: true,
      delivered: 1,
    });
    const second = { channel: 'room', message: 'yo', from: { connectionId: tabs.visitor.id } };
    expect(await received()).toEqual({ ...nothing, adaToo: [first], bob: [first, second] });
  });

  it('is for members to send', async () => {
    const { rollcall, openAs } = await withUsers();
    const [ada, bob, visitor] = [await openAs('ada'), await openAs('bob'), await rollcall.open()];
    await ada.join('room');
    const got = ada.collect('message');
    const send = (tab: Tab, anonymous?: boolean) =>
      tab.ask('message:send', { channel: 'room', message: 'hi', anonymous });

    expect(await send(bob)).toEqual(refused('NOT_A_MEMBER'));
    expect(await send(visitor)).toEqual(refused('NOT_A_MEMBER'));
    expect(await send(ada, true)).toEqual(refused('NOT_A_MEMBER'));
    expect(await send(await openAs('ada', 'other.example'))).toEqual(refused('NOT_A_MEMBER'));
    expect(await send(ada)).toEqual({ ok: true, delivered: 0 });
    await bob.join('room');
    await bob.ask('channel:leave', { channel: 'room' });
    expect(await send(bob)).toEqual(refused('NOT_A_MEMBER'));
    expect(await messagesAfter(got, ada)).toEqual([]);
  });

  it('counts whom it reached, also when its sender joins, sends and leaves in one go', async () => {
    const { openAs } = await withUsers();
    const [ada, bob] = [await openAs('ada'), await openAs('bob')];
    await bob.join('room');
    const got = bob.collect('message');

    const [, sent] = await Promise.all([
      ada.join('room'),
      ada.ask('message:send', { channel: 'room', message: 1 }),
      ada.ask('channel:leave', { channel: 'room' }),
    ]);

    expect(sent).toEqual({ ok: true, delivered: 1 });
    expect(await messagesAfter(got, bob)).toHaveLength(1);
  });

  it('may be any JSON value, which arrives as it was', async () => {
    const { rollcall, openAs } = await withUsers();
    const [ada, bob] = [await openAs('ada'), await openAs('bob')];
    await ada.join('room');
    await bob.join('room');
    const got = bob.collect('message');
    const odd = JSON.parse('{"__proto__":{"a":1},"constructor":2,"_placeholder":true,"num":0,"toJSON":1}') as object;
    const values = [null, false, 0, -1.5e300, '', '\ud800', 'é🦊', [], [[]], {}, odd, { a: [1, { b: null }] }];
    const deep: unknown = JSON.parse('['.repeat(100) + ']'.repeat(100));

    for (const message of [...values, deep]) {
      expect(await ada.ask('message:send', { channel: 'room', message })).toEqual({ ok: true, delivered: 1 });
    }
    expect((await messagesAfter(got, bob)).map(({ message }) => JSON.stringify(message))).toEqual(
      [...values, deep].map((value) => JSON.stringify(value)),
    );
    expect((await rollcall.ask('GET', '/health/live')).status).toBe(200);
  });

  it('is refused when it is missing, binary, too deep or too large, and the connection stays', async () => {
    const { openAs } = await withUsers();
    const [ada, bob] = [await openAs('ada'), await openAs('bob')];
    await ada.join('room');
    await bob.join('room');
    const got = bob.collect('message');
    const send = (message?: unknown) => ada.ask('message:send', { channel: 'room', message });
    const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

    expect(await send()).toEqual(refused('BAD_REQUEST'));
    expect(await send(Buffer.from('binary'))).toEqual(refused('BAD_REQUEST'));
    expect(await send({ a: [{ b: new Uint8Array(3) }] })).toEqual(refused('BAD_REQUEST'));
    expect(await send(nested(102))).toEqual(refused('BAD_REQUEST'));
    expect(await send('x'.repeat(65_535))).toEqual(refused('PAYLOAD_TOO_LARGE'));
    expect(await send('é'.repeat(32_768))).toEqual(refused('PAYLOAD_TOO_LARGE'));
    expect(await messagesAfter(got, bob)).toEqual([]);
    expect(await send('x'.repeat(65_534))).toEqual({ ok: true, delivered: 1 });
    expect(await messagesAfter(got, bob)).toHaveLength(1);
    expect(ada.socket.connected).toBe(true);
  });
});
