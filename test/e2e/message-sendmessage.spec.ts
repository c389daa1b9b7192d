import type { Message } from '@rollcall/contract';
import { DEMO, Rollcall } from '../support/rollcall';
import type { Tab } from '../support/tab';

const USERS = ['ada', 'bob'].map((id) => ({ id, tokens: [`${id}-token`] }));
const APP = {
  id: 'forms',
  hosts: ['localhost', 'other.example'],
  apiKeys: [DEMO.apiKey],
  anonymous: true,
  users: USERS,
};
const FOREIGN = { id: 'foreign', hosts: ['foreign.example'], apiKeys: ['foreign-key'], anonymous: true };

/** Ada with two tabs, Bob and a visitor on one host, and Bob on another. Each knows what it has received. */
async function hall() {
  const rollcall = await Rollcall.start([APP, FOREIGN]);
  const openAs = (id: string, host?: string): Promise<Tab> => rollcall.open({ userId: id, token: `${id}-token`, host });
  const tabs = {
    ada: await openAs('ada'),
    adaToo: await openAs('ada'),
    bob: await openAs('bob'),
    visitor: await rollcall.open(),
    elsewhere: await openAs('bob', 'other.example'),
    foreigner: await rollcall.open({ host: 'foreign.example' }),
  };
  const inboxes = Object.entries(tabs).map(([name, tab]) => ({ name, tab, inbox: tab.collect('message') }));
  /** Takes the channels of the messages that have arrived since the last look, by tab; who has none is left out. */
  const arrived = async (): Promise<Record<string, string[]>> => {
    // Packets of one connection keep their order, so the answers to these come behind every message.
    await Promise.all(inboxes.map(({ tab }) => tab.ask('no:such')));
    const taken = inboxes.map(({ name, inbox }) => [name, inbox.splice(0).map(({ channel }) => channel)] as const);
    return Object.fromEntries(taken.filter(([, channels]) => channels.length > 0));
  };
  const send = (channels: unknown, message: unknown = { app: {} }) =>
    rollcall.message('sendmessage', { channels, message });
  return { rollcall, tabs, arrived, send };
}

describe('Sending over REST', () => {
  it('delivers the message as it is, with the name it came by and no sender', async () => {
    const { tabs, send } = await hall();
    await tabs.ada.join('room');
    const message = { actions: [{ action: 'showAlert', options: { text: 'Hé 🦊' } }], model: { a: null }, app: {} };
    const arriving = new Promise<Message>((resolve) => tabs.ada.socket.once('message', resolve));

    const { status, json } = await send(['room'], message);

    expect(status).toBe(201);
    expect(json).toEqual({ channels: ['room'], message });
    expect(await arriving).toEqual({ channel: 'room', message });
  });

  it('reaches both kinds of a channel, or one half of it, and nobody outside', async () => {
    const { tabs, arrived, send } = await hall();
    await tabs.ada.join('room');
    await tabs.visitor.join('room');
    await tabs.bob.join('lobby');
    await tabs.elsewhere.join('room');
    await tabs.foreigner.join('room');

    await send(['room']);
    expect(await arrived()).toEqual({ ada: ['room'], visitor: ['room'] });
    await send('room');
    expect(await arrived()).toEqual({ ada: ['room'], visitor: ['room'] });
    await send(['room|anonymous']);
    expect(await arrived()).toEqual({ visitor: ['room|anonymous'] });
    await tabs.ada.ask('channel:leave', { channel: 'room' });
    await send(['room', 'no such room']);
    expect(await arrived()).toEqual({ visitor: ['room'] });
  });

  it('reaches the built-in channels, one tab, and all tabs of a user, on its host alone', async () => {
    const { tabs, arrived, send } = await hall();
    const { ada, visitor, elsewhere, foreigner } = tabs;

    await send(['authenticated']);
    expect(await arrived()).toEqual({ ada: ['authenticated'], adaToo: ['authenticated'], bob: ['authenticated'] });
    await send(['anonymous']);
    expect(await arrived()).toEqual({ visitor: ['anonymous'] });
    await send([`tab|${ada.id}`, `tab|${visitor.id}`]);
    expect(await arrived()).toEqual({ ada: [`tab|${ada.id}`], visitor: [`tab|${visitor.id}`] });
    await send(['user|ada', 'user|bob']);
    expect(await arrived()).toEqual({ ada: ['user|ada'], adaToo: ['user|ada'], bob: ['user|bob'] });
    await send(['tab|no-such-tab', 'user|nobody', `tab|${elsewhere.id}`, `tab|${foreigner.id}`, 'tab|', 'user|']);
    expect(await arrived()).toEqual({});
  });

  it('takes no name for a way around: neither rooms of the inside nor bare socket ids', async () => {
    const { tabs, arrived, send } = await hall();

    await send([tabs.ada.id, 'localhost', 'localhost c room', 'tab|localhost', 'user|', '__proto__', 'constructor']);

    expect(await arrived()).toEqual({});
  });

  it('gives a tab that several names reach the message once, under the first of them', async () => {
    const { tabs, arrived, send } = await hall();
    await tabs.ada.join('room');
    await tabs.ada.join('room', true);
    await tabs.ada.join('lobby');
    await tabs.bob.join('lobby');

    await send(['lobby', 'room', 'authenticated', 'user|ada', `tab|${tabs.ada.id}`, 'lobby', 'lobby']);

    expect(await arrived()).toEqual({ ada: ['lobby'], bob: ['lobby'], adaToo: ['authenticated'] });
  });

  it('goes to the host that was asked, with the key of its app', async () => {
    const { rollcall, tabs, arrived } = await hall();
    const body = { channels: ['authenticated', 'anonymous'], message: {} };

    expect((await rollcall.message('sendmessage', body, { host: 'other.example' })).status).toBe(201);
    expect(await arrived()).toEqual({ elsewhere: ['authenticated'] });
    expect((await rollcall.message('sendmessage', body, { host: 'foreign.example' })).status).toBe(401);
    expect((await rollcall.message('sendmessage', body, { host: 'nobody.example' })).status).toBe(401);
    expect((await rollcall.message('sendmessage', { ...body, apiKey: 'foreign-key' })).status).toBe(401);
    expect(await arrived()).toEqual({});
    expect(tabs.ada.socket.connected).toBe(true);
  });

  it('repeats the request without its key, odd keys and unknown fields included', async () => {
    const { rollcall, tabs } = await hall();
    await tabs.ada.join('room');
    const arriving = new Promise<Message>((resolve) => tabs.ada.socket.once('message', resolve));
    const message =
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}},"apiKey":"inner","toJSON":3,"a":[{"__proto__":null}]}';
    const rest = `"channels":["room"],"message":${message},"extra":[1,null],"__proto__":{"x":1},"hasOwnProperty":0`;

    const { status, text } = await rollcall.ask('POST', '/message/sendmessage', {
      body: `{"apiKey":"${DEMO.apiKey}",${rest}}`,
    });

    expect(status).toBe(201);
    expect(text).toBe(`{${rest}}`);
    expect(JSON.stringify((await arriving).message)).toBe(message);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('does not repeat a key that came in a header either', async () => {
    const { rollcall } = await hall();
    const body = { channels: ['room'], message: {} };

    const { status, json } = await rollcall.native('POST', '/message/sendmessage', { body });

    expect(status).toBe(201);
    expect(json).toEqual(body);
  });

  it.each<[field: string, body: object | string]>([
    ['channels', { message: {} }],
    ['channels', { channels: null, message: {} }],
    ['channels', { channels: [], message: {} }],
    ['channels', { channels: '', message: {} }],
    ['channels', { channels: [''], message: {} }],
    ['channels', { channels: ['room', 7], message: {} }],
    ['channels', { channels: [['room']], message: {} }],
    ['channels', { channels: { 0: 'room', length: 1 }, message: {} }],
    ['channels', { channels: ['x'.repeat(256)], message: {} }],
    ['channels', { channels: ['localhost\nc\nroom'], message: {} }],
    ['channels', { channels: Array(101).fill('room'), message: {} }],
    ['message', { channels: ['room'] }],
    ['message', { channels: ['room'], message: null }],
    ['message', { channels: ['room'], message: 'hi' }],
    ['message', { channels: ['room'], message: [] }],
    ['message', `{"channels":["room"],"message":{"deep":${'['.repeat(200)}${']'.repeat(200)}}}`],
  ])('refuses bad %s and names the field: %#', async (field, body) => {
    const { rollcall, tabs, arrived } = await hall();
    await tabs.ada.join('room');

    const { status, json } = await rollcall.native('POST', '/message/sendmessage', { body });

    expect(status).toBe(400);
    expect(json).toMatchObject({ name: 'BadRequest', code: 400, className: 'bad-request', errors: [{ field }] });
    expect((json as { message: string }).message.startsWith(field)).toBe(true);
    expect(await arrived()).toEqual({});
  });
});
