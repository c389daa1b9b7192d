import { LocalRosters, RosterStore } from '@rollcall/roster';
import type { Server } from 'socket.io';
import { SocketServer } from '../../src/sockets/socket-server';
import { Connections } from '../../src/sockets/connections.service';
import { SocketEvents } from '../../src/sockets/socket-events';
import { eventually } from '../support/eventually';
import { holdWrites } from '../support/held-writes';
import { DEMO, Rollcall } from '../support/rollcall';
import { seeded } from '../support/seeded';
import { clientSocket, type Tab } from '../support/tab';
import { Wire } from '../support/wire';

const USER = { id: DEMO.userId, email: 'demo@example.com' };

const ioOf = ({ app }: Rollcall): Server => app.get(SocketServer).server;

/** Nobody is there, and nothing is left of anybody who was. */
async function expectNothingLeft(rollcall: Rollcall): Promise<void> {
  const { rooms, sids } = ioOf(rollcall).of('/').adapter;
  await eventually(() => expect(ioOf(rollcall).engine.clientsCount).toBe(0));
  await eventually(async () => expect((await rollcall.message('users')).json).toEqual({}));
  expect([...rooms.keys()]).toEqual([]);
  expect([...sids.keys()]).toEqual([]);
  expect(rollcall.app.get(Connections).size).toBe(0);
  expect(rollcall.app.get(LocalRosters).hosts()).toEqual([]);
  expect((await rollcall.message('channels')).json).toEqual({ authenticated: [], anonymous: [] });
}

describe('A tab', () => {
  it.each(['websocket', 'polling'] as const)('that is reloaded is there exactly once, over %s', async (transport) => {
    const rollcall = await Rollcall.start();
    const open = (): Promise<Tab> => rollcall.openDemo({ transports: [transport] });
    let tab = await open();
    await tab.join('salesRoom');

    for (let reload = 0; reload < 10; reload += 1) {
      tab.close();
      tab = await open();
      expect(await tab.join('salesRoom')).toMatchObject({ ok: true, count: 1 });
    }

    const once = { authenticated: [USER], salesRoom: [USER], [`tab|${tab.id}`]: USER };
    await eventually(async () => expect((await rollcall.message('users')).json).toEqual(once));
    const counts = await rollcall.message('allusers', { dedupeUsers: false });
    expect(counts.json).toMatchObject({ local: { authenticated: 1, anonymous: 0 } });
  });

  it('that vanishes without a close is gone as soon as its connection breaks', async () => {
    const rollcall = await Rollcall.start();
    const tabs = [await rollcall.openDemo(), await rollcall.open()];
    for (const tab of tabs) await tab.join('room');

    for (const tab of tabs) new Wire(tab).cut();

    await expectNothingLeft(rollcall);
  });

  // The one test that waits for real time: the heartbeat belongs to Socket.IO, whose timers cannot be moved from here.
  it('that stands still is gone within 16 seconds, and one that does not stays', async () => {
    const rollcall = await Rollcall.start();
    const [frozen, awake] = [await rollcall.openDemo(), await rollcall.open()];
    await frozen.join('room');

    new Wire(frozen).freeze();

    await eventually(() => expect(rollcall.app.get(Connections).size).toBe(1), { within: 16_000 });
    await eventually(async () =>
      expect((await rollcall.message('users')).json).toEqual({ anonymous: 1, [`tab|${awake.id}`]: 1 }),
    );
    expect(await awake.join('room')).toMatchObject({ ok: true });
  }, 30_000);

  it('that upgrades from polling to websocket stays the same connection', async () => {
    const rollcall = await Rollcall.start();
    const tab = await rollcall.openDemo({ transports: ['polling', 'websocket'] });
    const joins = [tab.join('a'), tab.join('b')];
    await eventually(() => expect(tab.socket.io.engine.transport.name).toBe('websocket'));

    expect(await Promise.all([...joins, tab.join('c')])).toMatchObject([{ ok: true }, { ok: true }, { ok: true }]);
    expect((await rollcall.message('users')).json).toEqual({
      ...{ authenticated: [USER], [`tab|${tab.id}`]: USER },
      ...{ a: [USER], b: [USER], c: [USER] },
    });
  });

  it('gets its session before any answer, whatever it asked and however long the store takes', async () => {
    const rollcall = await Rollcall.start();
    const received = jest.spyOn(rollcall.app.get(SocketEvents), 'receive');
    const sent: [event: string, payload?: object][] = [
      ['no:such'],
      ['channel:leave'],
      ['channel:join', { channel: 'room' }],
      ['message:send', { channel: 'lobby', message: 1 }],
      ['presence:idle', { idle: true }],
    ];

    for (const login of [{}, DEMO]) {
      received.mockClear();
      const letGo = holdWrites(rollcall);
      const socket = clientSocket(rollcall.url, login);
      const order: string[] = [];
      socket.on('session', () => order.push('session'));
      const emit = socket.emit.bind(socket) as (...args: unknown[]) => void;
      for (const [event, ...payload] of sent) emit(event, ...payload, () => order.push(event));
      await eventually(() => expect(received).toHaveBeenCalledTimes(sent.length));
      letGo();
      await eventually(() => expect(order).toHaveLength(sent.length + 1));
      expect(order[0]).toBe('session');
      socket.disconnect();
      await expectNothingLeft(rollcall);
    }
  });

  it('has an answer when its change is in the store, and not before', async () => {
    const rollcall = await Rollcall.start();
    const tab = await rollcall.openDemo();
    await tab.join('lobby');
    const answered: string[] = [];
    const ask = async (event: string, payload: object): Promise<void> => {
      expect(await tab.ask(event, payload)).toMatchObject({ ok: true });
      answered.push(event);
    };

    const letGo = holdWrites(rollcall);
    const all = Promise.all([
      ask('channel:join', { channel: 'room' }),
      ask('channel:join', { channel: 'room' }),
      ask('channel:leave', { channel: 'lobby' }),
      ask('presence:set', { status: 'busy' }),
      ask('presence:idle', { idle: true }),
      ask('message:send', { channel: 'room', message: 1 }),
    ]);
    // These need no store, and come behind whatever was answered too early; the second one when that was noted.
    await tab.ask('no:such');
    await tab.ask('no:such');
    expect(answered).toEqual([]);
    letGo();
    await all;

    expect((await rollcall.message('channels')).json).toEqual({ authenticated: ['room'], anonymous: [] });
  });

  it('that cannot be written yet is told so, and is written by the next try', async () => {
    const rollcall = await Rollcall.start();
    const store = rollcall.app.get(RosterStore);
    const failing = jest.spyOn(store, 'apply').mockRejectedValueOnce(new Error('The store is away.'));

    const tab = await rollcall.openDemo();

    expect(tab.session.degraded).toBe(true);
    await eventually(async () =>
      expect((await rollcall.message('users')).json).toEqual({ authenticated: [USER], [`tab|${tab.id}`]: USER }),
    );
    expect(failing.mock.calls.length).toBeGreaterThan(1);
  });

  it('that sends on behind its own goodbye leaves nothing behind', async () => {
    const rollcall = await Rollcall.start();
    const tab = await rollcall.openDemo({ transports: ['polling'] });
    const { id = '' } = tab.socket.io.engine as unknown as { id?: string };
    const packets = [
      '41',
      '42["channel:join",{"channel":"room"}]',
      '42["channel:join",{"channel":"b","anonymous":true}]',
    ];

    const path = `/socket.io/?EIO=4&transport=polling&sid=${id}`;
    const headers = { 'content-type': 'text/plain;charset=UTF-8' };
    expect((await rollcall.ask('POST', path, { headers, body: packets.join('\u001e') })).status).toBe(200);

    tab.close();
    await expectNothingLeft(rollcall);
  });

  it('that joins and goes at once leaves nothing behind, however the two interleave', async () => {
    const rollcall = await Rollcall.start();
    const below = seeded(7);
    const goodbyes: ((tab: Tab) => void)[] = [
      (tab) => tab.close(),
      (tab) => tab.vanish(),
      (tab) => new Wire(tab).cut(),
      (tab) => new Wire(tab).packet('1'),
      (tab) => new Wire(tab).frame('garbage'),
    ];
    const round = async (): Promise<void> => {
      const tab = await (below(2) === 0 ? rollcall.openDemo() : rollcall.open());
      const goodbye = goodbyes[below(goodbyes.length)] as (tab: Tab) => void;
      const events = 1 + below(30);
      const at = below(events + 1);
      for (let event = 0; event <= events; event += 1) {
        if (event === at) goodbye(tab);
        const name = below(4) === 0 ? 'channel:leave' : 'channel:join';
        tab.socket.emit(name, { channel: `room ${below(5)}`, anonymous: below(2) === 0 });
        if (below(8) === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      // What was sent behind the goodbye must not come again with a new connection.
      tab.socket.io.reconnection(false);
      tab.close();
    };

    for (let batch = 0; batch < 20; batch += 1) await Promise.all(Array.from({ length: 10 }, round));

    await expectNothingLeft(rollcall);
  });

  it('that says connect many times at once is taken out with all that came of it', async () => {
    const rollcall = await Rollcall.start();
    const path = '/socket.io/?EIO=4&transport=polling';
    const opened = await rollcall.ask('GET', path);
    const { sid } = JSON.parse(opened.text.slice(1)) as { sid: string };
    const headers = { 'content-type': 'text/plain;charset=UTF-8' };

    await rollcall.ask('POST', `${path}&sid=${sid}`, { headers, body: Array(10).fill('40').join('\u001e') });
    await rollcall.ask('POST', `${path}&sid=${sid}`, { headers, body: '1' });

    await expectNothingLeft(rollcall);
  });

  it('of a user who is thrown out is gone when the answer says so', async () => {
    const rollcall = await Rollcall.start();
    const tabs = [await rollcall.openDemo(), await rollcall.openDemo()];
    await tabs[0]?.join('room');
    const reasons = tabs.map(({ socket }) => new Promise((resolve) => socket.once('disconnect', resolve)));
    const joins = Promise.allSettled(
      tabs.map((tab) => tab.socket.timeout(500).emitWithAck('channel:join', { channel: 'b' })),
    );

    expect((await rollcall.native('DELETE', `/v1/users/${DEMO.userId}/connections`)).json).toEqual({ closed: 2 });

    expect((await rollcall.message('users')).json).toEqual({});
    expect(await Promise.all(reasons)).toEqual(['io server disconnect', 'io server disconnect']);
    await joins;
    await expectNothingLeft(rollcall);
  });
});
