import { eventually } from '../support/eventually';
import { DEMO, Rollcall } from '../support/rollcall';
import { clientSocket, type Tab } from '../support/tab';
import { Wire } from '../support/wire';

const refused = (code: string): object => ({ ok: false, error: { code, message: expect.any(String) as string } });

/** Every event of the contract, and two that are none. */
const EVENTS = [
  'channel:join',
  'channel:leave',
  'channel:watch',
  'channel:unwatch',
  'presence:watch',
  'presence:unwatch',
  'presence:set',
  'presence:idle',
  'message:send',
  'no:such',
  'error',
];

/** Sends an acknowledged packet of any content, as text, and waits for its acknowledgement. */
function askRaw(tab: Tab, data: string, id = 900): Promise<unknown> {
  const engine = tab.socket.io.engine;
  return new Promise((resolve) => {
    const listen = (packet: unknown): void => {
      const [, json] = /^3900(.*)$/s.exec(String(packet)) ?? [];
      if (json === undefined) return;
      engine.off('data', listen);
      resolve((JSON.parse(json) as unknown[])[0]);
    };
    engine.on('data', listen);
    new Wire(tab).packet(`2${id}${data}`);
  });
}

/** The pod works as if nothing had happened: it takes tabs and joins, and answers. */
async function expectGoodHealth(rollcall: Rollcall): Promise<void> {
  const tab = await rollcall.openDemo();
  expect(await tab.join('health')).toMatchObject({ ok: true, count: 1 });
  const { json } = await rollcall.message('users', { channel: 'health' });
  expect(json).toEqual({ health: [{ id: DEMO.userId, email: 'demo@example.com' }] });
  tab.close();
}

describe('An event', () => {
  it('that does not exist is acknowledged as unknown', async () => {
    const rollcall = await Rollcall.start();
    const names = [
      'no:such',
      'error',
      '',
      '__proto__',
      'constructor',
      'message',
      'session',
      'channel:JOIN',
      'channel:changed',
    ];

    for (const tab of [await rollcall.openDemo(), await rollcall.open()]) {
      for (const name of names) {
        expect(await tab.ask(name, { channel: 'room' })).toEqual(refused('UNKNOWN_EVENT'));
        expect(await tab.ask(name)).toEqual(refused('UNKNOWN_EVENT'));
      }
    }
    await expectGoodHealth(rollcall);
  });

  it('whose name is a number is acknowledged as unknown', async () => {
    const rollcall = await Rollcall.start();
    const tab = await rollcall.openDemo();

    for (const data of ['[0]', '[7,{"channel":"room"}]', '[-1.5e300,1,2]']) {
      expect(await askRaw(tab, data)).toEqual(refused('UNKNOWN_EVENT'));
    }
    expect(tab.socket.connected).toBe(true);
  });

  it('without an acknowledgement does its work all the same, and harms nothing if it cannot', async () => {
    const rollcall = await Rollcall.start();
    const tab = await rollcall.openDemo();
    const emit = (tab.socket as unknown as { emit(event: string, ...payload: unknown[]): void }).emit.bind(tab.socket);

    for (const event of EVENTS) for (const payload of [[], [undefined], [null], ['x'], [{}]]) emit(event, ...payload);
    emit('channel:join', { channel: 'room' });

    expect(await tab.ask('no:such')).toEqual(refused('UNKNOWN_EVENT'));
    await eventually(async () =>
      expect((await rollcall.message('channels')).json).toMatchObject({ authenticated: ['room'] }),
    );
    await expectGoodHealth(rollcall);
  });

  it('with a payload of a wrong type is refused, whichever it is', async () => {
    const rollcall = await Rollcall.start();
    const tab = await rollcall.openDemo();
    const code = (event: string): string => (['no:such', 'error'].includes(event) ? 'UNKNOWN_EVENT' : 'BAD_REQUEST');

    for (const event of EVENTS) {
      expect(await tab.ask(event)).toEqual(refused(code(event)));
      for (const payload of [0, 7, '', 'room', null, true, [], ['room'], [{ channel: 'room' }], Buffer.from('room')]) {
        expect(await tab.ask(event, payload)).toEqual(refused(code(event)));
      }
    }
    await expectGoodHealth(rollcall);
  });

  it('names in its refusal the field that is missing or wrong', async () => {
    const rollcall = await Rollcall.start();
    const tab = await rollcall.openDemo();
    const cases: [event: string, payload: object, field: string][] = [
      ['channel:join', {}, 'channel '],
      ['channel:join', { channel: 'room', anonymous: 'yes' }, 'anonymous '],
      ['presence:idle', {}, 'idle '],
      ['presence:idle', { idle: 'yes' }, 'idle '],
      ['presence:set', { status: 'sleepy' }, 'status '],
      ['presence:set', { statusText: 7 }, 'statusText '],
      ['message:send', { channel: 'room' }, 'message '],
    ];
    await tab.join('room');

    for (const [event, payload, field] of cases) {
      const { error } = await tab.ask(event, payload);
      expect((error as { message: string }).message.startsWith(field)).toBe(true);
    }
  });

  it('takes its first argument and ignores the others', async () => {
    const rollcall = await Rollcall.start();
    const tab = await rollcall.openDemo();

    expect(await tab.ask('channel:join', { channel: 'room', extra: 1 }, 'x', null, { channel: 'other' })).toMatchObject(
      {
        ok: true,
        channel: 'room',
      },
    );
    expect((await rollcall.message('channels')).json).toEqual({ authenticated: ['room'], anonymous: [] });
  });

  it('is refused in words where it has binary data, wherever that is', async () => {
    const rollcall = await Rollcall.start();
    const tab = await rollcall.openDemo();
    const data = Buffer.from('data');
    await tab.join('room');

    expect(await tab.ask('message:send', { channel: 'room', message: { data: [data, data] } })).toEqual({
      ok: false,
      error: { code: 'BAD_REQUEST', message: 'message must be JSON, without binary data.' },
    });
    expect(await tab.ask('channel:join', { channel: data })).toEqual(refused('CHANNEL_NAME_INVALID'));
    expect(await tab.ask('no:such', data)).toEqual(refused('UNKNOWN_EVENT'));
    expect(await tab.ask('channel:join', { channel: 'room' }, data)).toMatchObject({ ok: true });
  });

  it('reads own fields of its payload alone', async () => {
    const rollcall = await Rollcall.start();
    const tab = await rollcall.openDemo();

    expect(await askRaw(tab, '["channel:join",{"__proto__":{"channel":"room"}}]')).toEqual(
      refused('CHANNEL_NAME_INVALID'),
    );
    expect(({} as { channel?: string }).channel).toBeUndefined();
  });

  it('nested as deep as a frame can hold is refused like any other', async () => {
    const rollcall = await Rollcall.start();
    const tab = await rollcall.openDemo();
    const deep = '['.repeat(120_000) + ']'.repeat(120_000);
    await tab.join('room');

    expect(await askRaw(tab, `["message:send",{"channel":"room","message":${deep}}]`)).toEqual(refused('BAD_REQUEST'));
    expect(await askRaw(tab, `["channel:join",{"channel":${deep}}]`)).toEqual(refused('CHANNEL_NAME_INVALID'));
    expect(await askRaw(tab, `["no:such",${deep}]`)).toEqual(refused('UNKNOWN_EVENT'));
    expect(tab.socket.connected).toBe(true);
  });
});

describe('A flood', () => {
  it('of events is acknowledged, a burst of it as done and the rest as too much', async () => {
    const rollcall = await Rollcall.start();
    const [tab, other] = [await rollcall.openDemo(), await rollcall.open()];

    const answers = await Promise.all(Array.from({ length: 1000 }, () => tab.join('room')));

    const done = answers.filter(({ ok }) => ok).length;
    expect(done).toBeGreaterThanOrEqual(300);
    expect(done).toBeLessThan(600);
    expect(answers.filter(({ ok }) => !ok)).toEqual(Array.from({ length: 1000 - done }, () => refused('RATE_LIMITED')));
    // The limit is each connection's own, and goes by.
    expect(await other.join('room')).toMatchObject({ ok: true });
    await eventually(async () => expect(await tab.join('room')).toMatchObject({ ok: true }));
    await expectGoodHealth(rollcall);
  });

  it('is measured by the limits of the app, unknown events included', async () => {
    const limits = { eventsPerSecond: 1, eventsBurst: 3 };
    const app = { id: 'tight', hosts: ['localhost'], apiKeys: [DEMO.apiKey], anonymous: true, limits };
    const rollcall = await Rollcall.start([app]);
    const tab = await rollcall.open();

    const answers = await Promise.all(Array.from({ length: 5 }, () => tab.ask('no:such')));

    expect(answers.map(({ error }) => (error as { code: string }).code)).toEqual([
      'UNKNOWN_EVENT',
      'UNKNOWN_EVENT',
      'UNKNOWN_EVENT',
      'RATE_LIMITED',
      'RATE_LIMITED',
    ]);
  });
});

describe('A client that breaks the protocol', () => {
  const attacks: [name: string, attack: (wire: Wire) => void][] = [
    ['sends no packet at all', (wire) => wire.frame('garbage')],
    ['sends bytes where text belongs', (wire) => wire.frame(Buffer.from([0, 255, 254, 1]))],
    ['sends an unknown packet type', (wire) => wire.packet('9["x"]')],
    ['sends broken JSON', (wire) => wire.packet('2["channel:join",{"channel"')],
    ['sends an event that is no list', (wire) => wire.packet('2{"a":1}')],
    ['sends an event without a name', (wire) => wire.packet('2[]')],
    ['sends an event that Socket.IO keeps for itself', (wire) => wire.packet('21["disconnect"]')],
    ['sends an event whose name is an object', (wire) => wire.packet('21[{}]')],
    ['promises attachments that are none', (wire) => wire.packet('5x-["e"]')],
    ['promises more attachments than allowed', (wire) => wire.packet('599-["e"]')],
    [
      'breaks off between attachments',
      (wire) => (wire.packet('51-["e",{"_placeholder":true,"num":0}]'), wire.packet('2["e"]')),
    ],
    [
      'points to an attachment that is not there',
      (wire) => (wire.packet('51-["e",{"_placeholder":true,"num":7}]'), wire.frame(Buffer.from('x'))),
    ],
    [
      'nests attachments endlessly deep',
      (wire) => (wire.packet(`51-["e",${'['.repeat(60_000)}${']'.repeat(60_000)}]`), wire.frame(Buffer.from('x'))),
    ],
    [
      'holds back the last attachment',
      (wire) => {
        wire.packet(`52-["e",${'{"_placeholder":true,"num":0},'.repeat(2)}0]`);
        wire.frame(Buffer.alloc(100_000));
      },
    ],
    ['holds back the only attachment', (wire) => wire.packet(`51-["e","${'x'.repeat(100_000)}"]`)],
    ['sends very many arguments', (wire) => wire.packet(`21["channel:leave"${',0'.repeat(100_000)}]`)],
    ['answers with very many arguments', (wire) => wire.packet(`31[0${',0'.repeat(100_000)}]`)],
    ['sends a frame that is too large', (wire) => wire.packet(`2["no:such","${'x'.repeat(300_000)}"]`)],
    ['breaks the framing', (wire) => wire.bytes(Buffer.alloc(64, 255))],
    ['says that it connects, once more', (wire) => wire.packet('0{"token":"x"}')],
    ['refuses the server', (wire) => wire.packet('4{"message":"no"}')],
  ];

  it.each(attacks)('%s is closed, and nobody else notices', async (_, attack) => {
    const rollcall = await Rollcall.start();
    const [tab, bystander] = [await rollcall.openDemo(), await rollcall.open()];
    await tab.join('room');
    await bystander.join('lobby');
    const wire = new Wire(tab);

    attack(wire);

    await wire.closed;
    await eventually(async () =>
      expect((await rollcall.message('users')).json).toEqual({ anonymous: 1, lobby: 1, [`tab|${bystander.id}`]: 1 }),
    );
    expect(await bystander.join('room')).toMatchObject({ ok: true, count: 1 });
    await expectGoodHealth(rollcall);
  });

  it('acknowledges what nobody asked, with any number, without any effect', async () => {
    const rollcall = await Rollcall.start();
    const tab = await rollcall.openDemo();
    const wire = new Wire(tab);

    for (const packet of ['30[]', '3["x"]', '3999999999999999999999[1]', '3-1[1]'].slice(0, 3)) wire.packet(packet);

    expect(await tab.join('room')).toMatchObject({ ok: true });
  });

  it('is refused another namespace', async () => {
    const rollcall = await Rollcall.start();
    const socket = clientSocket(`${rollcall.url}/admin`, {});

    const { message } = await new Promise<Error>((resolve) => socket.once('connect_error', resolve));

    expect(message).toBe('Invalid namespace');
    expect((await rollcall.message('users')).json).toEqual({});
  });
});
