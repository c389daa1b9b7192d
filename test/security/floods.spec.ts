/* Clients that may come in, and ask for more than their share. */
import { LocalRosters, Views } from '@rollcall/roster';
import type { Socket } from 'socket.io-client';
import WebSocket from 'ws';
import { Connections } from '../../src/sockets/connections.service';
import { SocketServer } from '../../src/sockets/socket-server';
import { Stores } from '../../src/store/stores';
import { eventually } from '../support/eventually';
import { JwksServer } from '../support/jwks-server';
import { Rollcall } from '../support/rollcall';
import { shop, tabOf } from '../support/shop';
import { signed, signingKey } from '../support/signing-keys';
import { stopAfterTest } from '../support/teardown';

const HOST = 'localhost';
const USERS = 20_000;
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

  it('that nobody has come in by are ten thousand at most', async () => {
    const rollcall = await Rollcall.start([shop()]);
    const tab = await rollcall.open(tabOf('ada'));
    const { engine } = rollcall.app.get(SocketServer).server;
    engine.clientsCount += 9_999;
    const { socket } = await lineTo(rollcall);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    await expect(rollcall.open(tabOf('bob'))).rejects.toThrow();
    expect(await tab.join('room')).toMatchObject({ ok: true });
    engine.clientsCount -= 9_999;
    await rollcall.open(tabOf('bob'));
  });
});

describe('Hosts that clients make up', () => {
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
