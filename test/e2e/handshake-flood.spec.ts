import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { SocketDoor } from '../../src/auth/socket.door';
import { SocketServer } from '../../src/sockets/socket-server';
import { eventually } from '../support/eventually';
import { Rollcall, send } from '../support/rollcall';
import { shop, tabOf } from '../support/shop';
import { stopAfterTest } from '../support/teardown';

/** What separates the packets of one request that polls. */
const NEXT = '\u001e';

describe('A line over which a client knocks without end', () => {
  it.each([
    ['the door', '40'],
    ['doors that are not there', '40/x,'],
    ['the door, with a space for a 0', '4 '],
    ['doors that are not there, with a tab for a 0', '4\t/x,'],
    ['answers to pings that were not sent', '3'],
    ['packets of Engine.IO that say nothing', '6'],
  ])('is cut before the pod has worked for it: %s, tens of thousands of times in one request', async (_what, knock) => {
    const rollcall = await Rollcall.start([shop()]);
    const polling = `http://localhost:${rollcall.port}/socket.io/?EIO=4&transport=polling`;
    const opened = await (await fetch(polling)).text();
    const { sid } = JSON.parse(opened.slice(1)) as { sid: string };
    const body = Array.from({ length: 35_000 }, () => knock).join(NEXT);

    const begunMs = performance.now();
    await fetch(`${polling}&sid=${sid}`, { method: 'POST', body }).catch(() => undefined);
    await rollcall.open(tabOf('ada'));
    expect(performance.now() - begunMs).toBeLessThan(1000);
    expect((await fetch(`${polling}&sid=${sid}`)).status).toBe(400);
  });

  it.each([
    ['is for a door with a name of 256 characters', `40/${'x'.repeat(255)},`],
    ['is for one whose name does not end', `40/${'ä'.repeat(4000)}`],
    ['is longer than a body may be', `40{"token":"${'x'.repeat(65_536)}"}`],
  ])('is cut at once where a knock %s, for the refusal would wait in memory', async (_what, knock) => {
    const rollcall = await Rollcall.start([shop()]);
    const path = '/socket.io/?EIO=4&transport=polling';
    const { sid } = JSON.parse((await rollcall.ask('GET', path)).text.slice(1)) as { sid: string };
    await rollcall.ask('POST', `${path}&sid=${sid}`, { body: knock }).catch(() => undefined);
    expect((await rollcall.ask('GET', `${path}&sid=${sid}`)).status).toBe(400);
  });

  it.each([
    ['a visitor', 'localhost', true],
    ['nobody, for no app has the host', 'nobody.example.com', true],
    ['nobody, for visitors are not let in', 'localhost', false],
  ])('leaves nothing behind when it is knocked over twice at once, by %s', async (_what, host, anonymous) => {
    const rollcall = await Rollcall.start([shop({ anonymous })]);
    const { server } = rollcall.app.get(SocketServer);
    const coming = (server.of('/') as unknown as { _preConnectSockets: Map<string, unknown> })._preConnectSockets;
    const came = jest.spyOn(coming, 'set');

    const { text } = await rollcall.ask('GET', '/socket.io/?EIO=4&transport=polling', { host });
    const { sid } = JSON.parse(text.slice(1)) as { sid: string };
    const path = `/socket.io/?EIO=4&transport=polling&sid=${sid}`;
    const headers = { host, 'content-type': 'text/plain', 'content-length': '5' };
    await send({ host: '127.0.0.1', port: rollcall.port, method: 'POST', path, agent: false, headers }, `40${NEXT}40`);
    const line = new WebSocket(`ws://127.0.0.1:${rollcall.port}/socket.io/?EIO=4&transport=websocket`, {
      headers: { host },
    });
    stopAfterTest(() => line.terminate());
    await new Promise((resolve) => line.once('open', resolve));
    const { _socket: socket } = line as unknown as { _socket: Socket };
    socket.cork();
    for (let times = 0; times < 2; times += 1) line.send('40');
    socket.uncork();

    await eventually(() => expect(came).toHaveBeenCalledTimes(4));
    await eventually(() => expect([coming.size, server.engine.clientsCount]).toEqual([0, 0]));
  });

  it('keeps of what it sent beside the token nothing while that is looked for', async () => {
    const rollcall = await Rollcall.start([shop()]);
    const door = rollcall.app.get(SocketDoor);
    const admit = door.admit.bind(door);
    const kept: unknown[] = [];
    jest.spyOn(door, 'admit').mockImplementation((handshake) => {
      kept.push(handshake.auth);
      return admit(handshake);
    });
    const { token, userId } = tabOf('ada');
    const deep = Array.from({ length: 20_000 }, () => []);
    await rollcall.open({ client: { auth: { token, userId, other: 'x', deep } } });
    await expect(rollcall.open({ client: { auth: { token: deep, userId } } })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
    expect(kept).toEqual([
      { token, userId },
      { token: {}, userId },
    ]);
  });

  it('stays for a client that is refused a few times before it has a good token', async () => {
    const rollcall = await Rollcall.start([shop()]);
    const line = new WebSocket(`ws://localhost:${rollcall.port}/socket.io/?EIO=4&transport=websocket`);
    stopAfterTest(() => line.terminate());
    const received: string[] = [];
    line.on('message', (data: Buffer) => received.push(data.toString()));
    await new Promise((resolve) => line.once('open', resolve));
    for (let times = 1; times < 10; times += 1) {
      line.send('40{"token":"wrong","userId":"ada"}');
      await eventually(() => expect(received.filter((packet) => packet.startsWith('44'))).toHaveLength(times));
    }
    line.send(`40${JSON.stringify(tabOf('ada'))}`);
    await eventually(() => expect(received.some((packet) => packet.startsWith('42["session"'))).toBe(true));
  });
});
