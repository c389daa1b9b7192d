import { eventually } from '../support/eventually';
import { DEMO, Rollcall } from '../support/rollcall';
import { shop, tabOf, tokenOf, type WrittenApp } from '../support/shop';
import { signedBySecret } from '../support/signing-keys';
import type { Tab } from '../support/tab';

const SECRET = 'a-secret-of-the-back-end';
const WITH_JWT: Partial<WrittenApp> = { jwt: { algorithms: ['HS256'], secret: SECRET } };

const CHANNELS: WrittenApp['channels'] = [
  { pattern: 'inbox-{userId}', send: 'nobody' },
  { pattern: 'inbox-*', join: 'nobody' },
  { pattern: 'news', watch: 'users', send: ['admin', 'editor'] },
  { pattern: 'room-*', join: 'claimed', watch: 'claimed', send: 'claimed' },
  { pattern: 'staff', join: 'users' },
];

const start = (): Promise<Rollcall> => Rollcall.start([shop({ channels: CHANNELS, ...WITH_JWT })]);
const jwt = (claims: Record<string, unknown>): Promise<string> => signedBySecret(SECRET, claims);
const forbidden = (what: string) => ({ ok: false, error: { code: 'FORBIDDEN', message: `You may not ${what}.` } });
const watch = (tab: Tab, channel: string) => tab.ask('channel:watch', { channel });
const send = (tab: Tab, channel: string) => tab.ask('message:send', { channel, message: 'hello' });
const OK = { ok: true };

describe('The rules of channels', () => {
  it('keep visitors out of what is for users, and let all in where no rule is', async () => {
    const rollcall = await start();
    const [visitor, ada] = [await rollcall.open(), await rollcall.open(tabOf('ada'))];
    expect(await visitor.join('staff')).toEqual(forbidden('join the channel "staff"'));
    expect(await ada.join('staff')).toMatchObject(OK);
    expect(await ada.join('staff', true)).toMatchObject(OK);
    for (const tab of [visitor, ada]) expect(await tab.join('hall')).toMatchObject(OK);
    expect(await send(visitor, 'hall')).toMatchObject(OK);
    expect((await rollcall.message('channels')).json).toEqual({
      authenticated: ['staff', 'hall'],
      anonymous: ['staff', 'hall'],
    });
  });

  it('give each user a channel of their own', async () => {
    const rollcall = await start();
    const ada = await rollcall.open(tabOf('ada'));
    expect(await ada.join('inbox-ada')).toMatchObject(OK);
    expect(await ada.join('inbox-bob')).toEqual(forbidden('join the channel "inbox-bob"'));
    expect(await (await rollcall.open()).join('inbox-ada')).toEqual(forbidden('join the channel "inbox-ada"'));
    expect(await send(ada, 'inbox-ada')).toEqual(forbidden('send to the channel "inbox-ada"'));
  });

  it('do not bind back ends', async () => {
    const rollcall = await start();
    const ada = await rollcall.open(tabOf('ada'));
    const messages = ada.collect('message');
    await ada.join('inbox-ada');
    const sent = await rollcall.message('sendmessage', { channels: ['inbox-ada'], message: { model: {} } });
    expect(sent.status).toBe(201);
    await eventually(() => expect(messages).toHaveLength(1));
  });

  it('tell joining, watching and sending apart, and want members as ever', async () => {
    const rollcall = await start();
    const [visitor, ada] = [await rollcall.open(), await rollcall.open(tabOf('ada'))];
    expect(await watch(ada, 'news')).toMatchObject({ error: { code: 'NOT_A_MEMBER' } });
    for (const tab of [visitor, ada]) expect(await tab.join('news')).toMatchObject(OK);
    expect(await watch(visitor, 'news')).toEqual(forbidden('watch the channel "news"'));
    expect(await watch(ada, 'news')).toMatchObject(OK);
    expect(await send(ada, 'news')).toEqual(forbidden('send to the channel "news"'));

    const editor = await rollcall.open({ token: await jwt({ sub: 'eve', role: 'editor' }) });
    expect(await send(editor, 'news')).toMatchObject({ error: { code: 'NOT_A_MEMBER' } });
    await editor.join('news');
    expect(await send(editor, 'news')).toMatchObject(OK);
  });

  it('take a role from the profile before a token, and notice when it changes', async () => {
    const rollcall = await start();
    const tab = await rollcall.open({ token: await jwt({ sub: 'eve', role: 'editor' }) });
    await tab.join('news');
    expect(await send(tab, 'news')).toMatchObject(OK);
    await rollcall.native('PUT', '/v1/users/eve', { body: { role: 'user' } });
    expect(await send(tab, 'news')).toEqual(forbidden('send to the channel "news"'));
    await rollcall.native('PUT', '/v1/users/eve', { body: { role: 'admin' } });
    expect(await send(tab, 'news')).toMatchObject(OK);
  });

  it('take from a token the channels that it names, and for what', async () => {
    const rollcall = await start();
    const all = await rollcall.open({ token: await jwt({ channels: ['room-1', 'room-a*'] }) });
    for (const room of ['room-1', 'room-a', 'room-abc']) {
      expect(await all.join(room)).toMatchObject(OK);
      expect(await watch(all, room)).toMatchObject(OK);
      expect(await send(all, room)).toMatchObject(OK);
    }
    expect(await all.join('room-2')).toEqual(forbidden('join the channel "room-2"'));

    const some = await rollcall.open({ token: await jwt({ channels: { 'room-1': ['join', 'watch'] } }) });
    expect(await some.join('room-1')).toMatchObject(OK);
    expect(await watch(some, 'room-1')).toMatchObject(OK);
    expect(await send(some, 'room-1')).toEqual(forbidden('send to the channel "room-1"'));

    // Tokens without a claim that can be read, those that cannot carry one, and none at all.
    for (const claims of [{}, { channels: 'room-1' }, { channels: ['room-1', 7] }]) {
      const tab = await rollcall.open({ token: await jwt(claims) });
      expect(await tab.join('room-1')).toEqual(forbidden('join the channel "room-1"'));
    }
    for (const options of [tabOf('ada'), {}]) {
      expect(await (await rollcall.open(options)).join('room-1')).toEqual(forbidden('join the channel "room-1"'));
    }
  });
});

describe('A newer token', () => {
  it('takes its bearer out of what it does not name any more, and opens what it does', async () => {
    const rollcall = await start();
    const tab = await rollcall.open({ token: await jwt({ channels: ['room-*'] }) });
    const other = await rollcall.open({ token: await jwt({ sub: 'bob', channels: ['room-*'] }) });
    for (const room of ['room-1', 'room-2', 'room-3', 'hall']) await tab.join(room);
    await watch(tab, 'room-3');
    for (const room of ['room-1', 'room-3']) await other.join(room);
    const [messages, changes] = [tab.collect('message'), tab.collect('channel:changed')];

    const channels = { 'room-2': ['join'], 'room-3': ['join'], 'room-4': ['join'] };
    expect(await tab.ask('auth:refresh', { token: await jwt({ channels }) })).toEqual({
      ok: true,
      left: [{ channel: 'room-1', kind: 'authenticated' }],
      unwatched: [{ channel: 'room-3', kind: 'authenticated' }],
    });
    expect((await rollcall.message('users', { channel: 'room-1' })).json).toEqual({
      'room-1': [{ id: 'bob', email: 'bob@example.com' }],
    });
    expect(await tab.join('room-1')).toEqual(forbidden('join the channel "room-1"'));
    expect(await tab.join('room-4')).toMatchObject(OK);
    expect(await send(tab, 'room-2')).toEqual(forbidden('send to the channel "room-2"'));
    expect(await send(tab, 'hall')).toMatchObject(OK);

    expect(await send(other, 'room-1')).toMatchObject({ ok: true, delivered: 0 });
    await other.ask('channel:leave', { channel: 'room-3' });
    await rollcall.message('sendmessage', { channels: ['hall'], message: { model: {} } });
    await eventually(() => expect(messages).toEqual([{ channel: 'hall', message: { model: {} } }]));
    expect(changes).toEqual([]);
  });

  it('that is an opaque one names no channels, and who comes by it keeps none of those', async () => {
    const rollcall = await start();
    const tab = await rollcall.open({ token: await jwt({ channels: ['room-*'] }) });
    await tab.join('room-1');
    const answer = await tab.ask('auth:refresh', { token: tokenOf('ada') });
    expect(answer).toEqual({ ok: true, left: [{ channel: 'room-1', kind: 'authenticated' }] });
  });

  it('ends a watch that has been asked for and has not begun', async () => {
    const rollcall = await start();
    const tab = await rollcall.open({ token: await jwt({ channels: ['room-*'] }) });
    await tab.join('room-1');
    const token = await jwt({ channels: { 'room-1': ['join'] } });
    const [refreshed, watched] = await Promise.all([tab.ask('auth:refresh', { token }), watch(tab, 'room-1')]);
    expect(refreshed).toMatchObject(OK);
    // Whichever came first: either it was ended, or it never began.
    if (watched.ok) expect(refreshed).toHaveProperty('unwatched');
    else expect(watched).toEqual(forbidden('watch the channel "room-1"'));
    expect(await watch(tab, 'room-1')).toEqual(forbidden('watch the channel "room-1"'));
  });

  it('changes nothing where there are no rules', async () => {
    const rollcall = await Rollcall.start([shop(WITH_JWT)]);
    const tab = await rollcall.open({ token: await jwt({ channels: ['room-*'] }) });
    await tab.join('room-1');
    expect(await tab.ask('auth:refresh', { token: await jwt({ channels: [] }) })).toEqual({ ok: true });
    const room = [{ id: 'ada', email: 'ada@example.com' }];
    expect((await rollcall.message('users', { channel: 'room-1' })).json).toEqual({ 'room-1': room });
  });
});

describe('An apps file', () => {
  it.each([
    [[{ pattern: '' }], 'channels[0].pattern: must not be empty'],
    [[{ join: 'users' }], 'channels[0].pattern: Invalid input'],
    [
      [{ pattern: 'a', join: 'everyone' }],
      'channels[0].join: must be "anyone", "users", "claimed", "nobody" or a list',
    ],
    [[{ pattern: 'a', send: [] }], 'channels[0].send: '],
    [[{ pattern: 'a', leave: 'nobody' }], 'channels[0]: Unrecognized key'],
  ])('with the rules %j is refused', async (channels, fault) => {
    const app = { ...shop(), apiKeys: [DEMO.apiKey], channels } as WrittenApp;
    await expect(Rollcall.start([app])).rejects.toThrow(fault);
  });
});
