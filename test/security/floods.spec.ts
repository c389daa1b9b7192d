/* Clients that may come in, and ask for more than their share. */
import { LocalRosters, Views } from '@rollcall/roster';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'socket.io-client';
import WebSocket from 'ws';
import { Connections } from '../../src/sockets/connections.service';
import { SocketEvents } from '../../src/sockets/socket-events';
import { SocketServer } from '../../src/sockets/socket-server';
import { limitUnusedLines } from '../../src/sockets/unused-lines';
import { Stores } from '../../src/store/stores';
import { eventually } from '../support/eventually';
import { JwksServer } from '../support/jwks-server';
import { Rollcall } from '../support/rollcall';
import { asUser, shop, tabOf, tokenOf } from '../support/shop';
import { signed, signingKey } from '../support/signing-keys';
import type { Tab } from '../support/tab';
import { stopAfterTest } from '../support/teardown';

const HOST = 'localhost';
const USERS = 10_000;
const CHANNELS = 5;
/** As many answers as channels, and twenty. */
const WAITING = CHANNELS + 20;
const BIG = 'everybody';
const MINUTE_MS = 60_000;

interface Asked {
  readonly ok: boolean;
  readonly error?: { readonly code: string };
}

/** A host with so many users, of whom only the roster knows. */
async function crowd(rollcall: Rollcall, users: number): Promise<void> {
  const roster = rollcall.app.get(LocalRosters).of(HOST);
  const connected = Array.from({ length: users }, (_, n) => {
    void roster.connect(`c-${n}`, { id: `user-${n}`, claims: { name: `User ${n}` } });
    return roster.join(`c-${n}`, 'authenticated', BIG);
  });
  await Promise.all(connected);
}

describe('A connection that asks for everything again and again', () => {
  it.each([
    ['presence', 'presence:watch', {}],
    ['a channel', 'channel:watch', { channel: BIG }],
  ])('gets it in its turn, a few times, and keeps nobody waiting: %s', async (_, event, payload) => {
    const rollcall = await Rollcall.start([shop({ limits: { channelsPerConnection: CHANNELS } })]);
    await crowd(rollcall, USERS);
    const [greedy, modest] = [await rollcall.open(tabOf('ada')), await rollcall.open(tabOf('bob'))];
    await greedy.join(BIG);
    const socket = greedy.socket as unknown as Socket;
    const ask = (): Promise<Asked> => socket.emitWithAck(event, payload) as Promise<Asked>;
    const asked = Array.from({ length: 250 }, ask);

    let slowestMs = 0;
    const until = performance.now() + 2000;
    for (let n = 0; performance.now() < until; n += 1) {
      const startedMs = performance.now();
      expect(await modest.join(`room-${n % 3}`)).toMatchObject({ ok: true });
      slowestMs = Math.max(slowestMs, performance.now() - startedMs);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }

    const answers = await Promise.all(asked);
    // One that is being made while so many wait, and perhaps another that was made before all had been asked.
    const given = answers.filter(({ ok }) => ok).length;
    expect([WAITING + 1, WAITING + 2]).toContain(given);
    expect(new Set(answers.flatMap(({ error }) => error?.code ?? []))).toEqual(new Set(['RATE_LIMITED']));
    // All at once they take ten seconds and more, and this process reads the answers as well.
    expect(slowestMs).toBeLessThan(1000);
  });
});

describe('A connection that sends token after token while its issuer is silent', () => {
  it('has five of them looked at, and the rest refused at once', async () => {
    const jwks = await JwksServer.start(await signingKey('ES256', { kid: 'known' }));
    jwks.answer = () => undefined;
    const rollcall = await Rollcall.start([
      shop({ jwt: { algorithms: ['ES256'], jwksUrl: jwks.url, issuer: 'login', audience: 'rollcall' } }),
    ]);
    const tab = await rollcall.open(tabOf('ada'));
    const token = await signed(await signingKey('ES256'), { iss: 'login', aud: 'rollcall' });
    const answers = await Promise.all(Array.from({ length: 20 }, () => tab.ask('auth:refresh', { token })));
    const codes = answers.map(({ error }) => (error as { code: string }).code);
    expect(codes.filter((code) => code === 'UNAVAILABLE')).toHaveLength(5);
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(15);
  });
});

describe('Tokens that are good', () => {
  it('are not held against all channels as often as a client likes', async () => {
    const rollcall = await Rollcall.start([shop()]);
    const tab = await rollcall.open(tabOf('ada'));
    const codes: unknown[] = [];
    for (let times = 0; times < 12; times += 1) {
      const { ok, error } = await tab.ask('auth:refresh', { token: tokenOf('ada') });
      codes.push(ok === true ? 'ok' : (error as { code: string }).code);
    }
    expect(codes).toEqual([...Array.from({ length: 10 }, () => 'ok'), 'RATE_LIMITED', 'RATE_LIMITED']);
  });
});

describe('Lines', () => {
  const lineTo = async (rollcall: Rollcall): Promise<{ socket: WebSocket; heard: string[] }> => {
    const headers = { host: HOST };
    const url = `ws://127.0.0.1:${rollcall.port}/socket.io/?EIO=4&transport=websocket`;
    const socket = new WebSocket(url, { headers });
    stopAfterTest(() => socket.terminate());
    socket.on('error', () => undefined);
    const heard: string[] = [];
    socket.on('message', (data: Buffer) => void heard.push(data.toString()));
    await eventually(() => expect(heard.length + (socket.readyState === WebSocket.CLOSED ? 1 : 0)).toBeGreaterThan(0));
    return { socket, heard };
  };

  it('are closed when nobody is connected over them any more', async () => {
    const rollcall = await Rollcall.start([shop()]);
    const { socket, heard } = await lineTo(rollcall);
    socket.send('40');
    await eventually(() => expect(heard.some((packet) => packet.startsWith('42["session"'))).toBe(true));
    socket.send('41');
    await eventually(() => expect(socket.readyState).toBe(WebSocket.CLOSED));
    const { engine } = rollcall.app.get(SocketServer).server;
    await eventually(() => expect(engine.clientsCount).toBe(0));
  });

  it('that nobody has come in by make room, the oldest first, and keep nobody out', async () => {
    const rollcall = await Rollcall.start([shop()]);
    const { server } = rollcall.app.get(SocketServer);
    limitUnusedLines(server, () => false, 3);
    const tab = await rollcall.open(tabOf('ada'));
    const lines: WebSocket[] = [];
    for (let n = 0; n < 6; n += 1) lines.push((await lineTo(rollcall)).socket);
    await eventually(() =>
      expect(lines.map(({ readyState }) => readyState === WebSocket.OPEN)).toEqual([
        false,
        false,
        false,
        true,
        true,
        true,
      ]),
    );
    await rollcall.open(tabOf('bob'));
    expect(await tab.join('room')).toMatchObject({ ok: true });
  });

  it('that nobody has come in by make room also where the oldest are being closed, or wanted', async () => {
    const rollcall = await Rollcall.start([shop()]);
    const { server } = rollcall.app.get(SocketServer);
    const { clients } = server.engine as unknown as { clients: Record<string, { close(): void }> };
    const wanted = new Set<unknown>();
    limitUnusedLines(server, (line) => wanted.has(line), 3);
    const poll = async (): Promise<string> => {
      const { text } = await rollcall.ask('GET', '/socket.io/?EIO=4&transport=polling');
      return (JSON.parse(text.slice(1)) as { sid: string }).sid;
    };
    const first = await poll();
    wanted.add(clients[first]);
    for (let n = 0; n < 2; n += 1) clients[await poll()]?.close();
    const last = [await poll(), await poll()];
    expect(Object.keys(clients)).toEqual([first, ...last]);
  });

  it('that nobody has come in by count as many where more is kept of their requests', async () => {
    const rollcall = await Rollcall.start([shop()]);
    const { server } = rollcall.app.get(SocketServer);
    const { clients } = server.engine as unknown as { clients: Record<string, unknown> };
    limitUnusedLines(server, () => false, 10);
    const open = (headers: Record<string, string>) =>
      rollcall.ask('GET', '/socket.io/?EIO=4&transport=polling', { headers });
    for (let n = 0; n < 8; n += 1) await open({});
    expect(Object.keys(clients)).toHaveLength(8);
    await open({ 'x-auth-token': 'x'.repeat(20_000) });
    expect(Object.keys(clients)).toHaveLength(6);
    for (let n = 0; n < 5; n += 1) await open({});
    expect(Object.keys(clients)).toHaveLength(6);
    for (let n = 0; n < 5; n += 1) await open({});
    expect(Object.keys(clients)).toHaveLength(10);
  });

  it('keep of their requests what says who somebody is, and nothing else', async () => {
    const rollcall = await Rollcall.start([shop()]);
    const { server } = rollcall.app.get(SocketServer);
    const { clients } = server.engine as unknown as { clients: Record<string, { request: IncomingMessage }> };
    const headers = { host: HOST, 'x-user-id': 'ada', cookie: 'x'.repeat(20_000), 'x-odd': 'x' };
    await rollcall.ask('GET', `/socket.io/?EIO=4&transport=polling&b64=${'x'.repeat(1000)}`, { headers });
    const [line] = Object.values(clients);
    const { headers: kept, rawHeaders, url, _query: query } = line?.request as IncomingMessage & { _query: object };
    expect({ kept, rawHeaders, url, query }).toEqual({
      kept: { host: HOST, 'x-user-id': 'ada' },
      rawHeaders: [],
      url: '',
      query: { EIO: '4', transport: 'polling', sid: '', b64: '1' },
    });
  });

  it('are of one connection each, however many are asked for at once', async () => {
    const rollcall = await Rollcall.start([shop()]);
    const { socket } = await lineTo(rollcall);
    for (let n = 0; n < 5; n += 1) socket.send('40');
    await eventually(() => expect(socket.readyState).toBe(WebSocket.CLOSED));
    await eventually(() => expect(rollcall.app.get(Connections).size).toBe(0));
  });
});

describe('A connection that heeds no refusal', () => {
  it('is cut before what else it has sent is looked at', async () => {
    const rollcall = await Rollcall.start([shop({ limits: { eventsPerSecond: 1, eventsBurst: 10 } })]);
    const answered = jest.spyOn(rollcall.app.get(SocketEvents), 'receive');
    const tab = await rollcall.open();
    const gone = new Promise((resolve) => tab.socket.once('disconnect', resolve));
    for (let n = 0; n < 5000; n += 1) tab.socket.emit('channel:leave', { channel: 'x' });
    await gone;
    expect(answered.mock.calls.length).toBeLessThan(1100);
    await expect(rollcall.open()).resolves.toBeDefined();
  });

  it.each(['ping', 'pong', '3', '6'])('is cut for frames as well that are no packets of its own: %s', async (frame) => {
    const rollcall = await Rollcall.start([shop({ limits: { eventsPerSecond: 1, eventsBurst: 10 } })]);
    const { ws } = (await rollcall.open({ transports: ['websocket'] })).socket.io.engine.transport as unknown as {
      ws: WebSocket;
    };
    const gone = new Promise((resolve) => ws.once('close', resolve));
    for (let n = 0; n < 5000; n += 1) {
      if (frame === 'ping') ws.ping();
      else if (frame === 'pong') ws.pong();
      else ws.send(frame);
    }
    await gone;
  });

  it.each([['websocket'], ['polling', 'websocket'], ['polling']] as ('websocket' | 'polling')[][])(
    'is not one that sends much, where its app lets it: over %s %s',
    async (...transports) => {
      const limits = { eventsPerSecond: 1_000_000, eventsBurst: 1_000_000 };
      const rollcall = await Rollcall.start([shop({ limits })]);
      const tab = await rollcall.open({ transports });
      const left = await Promise.all(
        Array.from({ length: 20_000 }, () => tab.ask('channel:leave', { channel: 'room' })),
      );
      expect(left.every(({ ok }) => ok)).toBe(true);
    },
  );
});

describe('Messages', () => {
  it('of one user go to so many connections a second, whichever they are sent from', async () => {
    const rollcall = await Rollcall.start([shop({ limits: { deliveriesPerSecond: 5 } })]);
    const tabs = await Promise.all(Array.from({ length: 5 }, () => rollcall.open(tabOf('ada'))));
    for (const tab of tabs) await tab.join('room');
    const send = (tab: Tab | undefined): Promise<unknown> | undefined =>
      tab?.ask('message:send', { channel: 'room', message: 1 });
    for (let n = 0; n < 4; n += 1) expect(await send(tabs[n])).toMatchObject({ ok: true });
    expect(await send(tabs[4])).toMatchObject({ ok: false, error: { code: 'RATE_LIMITED' } });
    const bob = await rollcall.open(tabOf('bob'));
    await bob.join('room');
    expect(await send(bob)).toMatchObject({ ok: true });
  });

  it('count once more for each KiB, each time that they are delivered', async () => {
    const rollcall = await Rollcall.start([shop({ limits: { deliveriesPerSecond: 5 } })]);
    const [ada, bob] = [await rollcall.open(tabOf('ada')), await rollcall.open(tabOf('bob'))];
    for (const tab of [ada, bob]) await tab.join('room');
    const send = (tab: Tab, message: string): Promise<unknown> => tab.ask('message:send', { channel: 'room', message });
    for (let n = 0; n < 5; n += 1) expect(await send(ada, 'small')).toMatchObject({ ok: true });
    expect(await send(bob, 'x'.repeat(20_000))).toMatchObject({ ok: true });
    expect(await send(bob, 'small')).toMatchObject({ ok: false, error: { code: 'RATE_LIMITED' } });
    expect(await send(ada, 'small')).toMatchObject({ ok: true });
  });
});

describe('Hosts that clients make up', () => {
  it('are as many as the app says, also where they are only asked about', async () => {
    const rollcall = await Rollcall.start([shop({ hosts: [HOST, '*'], limits: { hosts: 3 } })]);
    const asked: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      const { status } = await rollcall.presence('', { host: `h${n}.example`, headers: asUser('ada') });
      asked.push(status);
    }
    expect(asked).toEqual([200, 200, 200, 429, 429]);
    expect((await rollcall.message('users', {}, { host: 'h9.example' })).status).toBe(429);
    await expect(rollcall.open({ host: 'h9.example' })).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await rollcall.open({ host: 'h0.example' });
    expect((await rollcall.message('users', {}, { host: HOST })).status).toBe(201);
  });

  it('keep nothing of what was chosen there when everybody has been gone for a while', async () => {
    const { now } = Date;
    let aheadMs = 0;
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() + aheadMs);
    stopAfterTest(() => void clock.mockRestore());
    const rollcall = await Rollcall.start([shop({ hosts: [HOST, '*'] })]);
    for (const host of [HOST, 'made-up.example']) {
      const tab = await rollcall.open({ ...tabOf('ada'), host });
      expect(await tab.ask('presence:set', { status: 'busy' })).toMatchObject({ ok: true });
      tab.close();
    }
    await eventually(() => expect(rollcall.app.get(Connections).size).toBe(0));
    await rollcall.app.get(LocalRosters).dropIdle();
    for (let rounds = 0; rounds < 3; rounds += 1) rollcall.app.get(Views).dropIdle();
    aheadMs = 20 * MINUTE_MS;
    const stores = rollcall.app.get(Stores);
    stores.trim();
    expect(await stores.rosters.hosts()).toEqual([HOST]);
  });
});
