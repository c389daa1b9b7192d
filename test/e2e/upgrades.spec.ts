import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import WebSocket from 'ws';
import { SocketServer } from '../../src/sockets/socket-server';
import { DEMO, Rollcall } from '../support/rollcall';
import { eventually } from '../support/eventually';
import { rawHttp } from '../support/raw-http';
import { stopAfterTest } from '../support/teardown';

const H2C = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n';
const WEBSOCKET =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

const at = (target: string, more: string, method = 'GET', body = ''): string =>
  `${method} ${target} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n${body}`;

function line(port: number): { readonly socket: Socket; readonly heard: () => string } {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined);
  stopAfterTest(() => void socket.destroy());
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  return { socket, heard: () => heard };
}

describe('A request for another protocol', () => {
  it.each([
    ['HTTP/2, as Java’s client asks for it', H2C],
    ['one that nobody knows', 'Connection: Upgrade\r\nUpgrade: x\r\n'],
    ['a WebSocket, where there is none', WEBSOCKET],
  ])('is answered as if nothing had been asked: %s', async (_what, more) => {
    const { port } = await Rollcall.start();
    const body = JSON.stringify({ apiKey: DEMO.apiKey });
    const json = `${more}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
    const { socket, heard } = line(port);
    socket.write(at('/health/live', more));
    await eventually(() => expect(heard()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\{"status":"ok"\}$/));
    // On the same connection.
    socket.write(at('/message/users', json, 'POST', body));
    await eventually(() => expect(heard()).toMatch(/\{"status":"ok"\}HTTP\/1\.1 201 Created\r\n[^]*\r\n\r\n\{/));
    socket.write(at('/nowhere', more));
    await eventually(() => expect(heard()).toMatch(/HTTP\/1\.1 404 Not Found\r\n[^]*NOT_FOUND/));
  });

  it('is one, where Socket.IO is asked for a WebSocket', async () => {
    const { port } = await Rollcall.start();
    const { socket, heard } = line(port);
    socket.write(at('/socket.io/?EIO=4&transport=websocket', WEBSOCKET));
    await eventually(() => expect(heard()).toMatch(/^HTTP\/1\.1 101 /));
  });

  it('of Socket.IO for anything else is one for polling', async () => {
    const { port } = await Rollcall.start();
    const { socket, heard } = line(port);
    socket.write(at('/socket.io/?EIO=4&transport=polling', H2C));
    await eventually(() => expect(heard()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*"sid"/));
  });

  it('gets no tunnel', async () => {
    const { port } = await Rollcall.start();
    expect(await rawHttp(port, 'CONNECT example.com:443 HTTP/1.1\r\nHost: localhost\r\n\r\n')).not.toContain(' 200 ');
  });

  it.each(['/x', '/health/live', '/socket.io/', '/socket.io/?EIO=4&transport=websocket'])(
    'may break off at any moment, and ends no process: %s',
    async (target) => {
      const rollcall = await Rollcall.start();
      for (const more of [WEBSOCKET, H2C]) {
        for (const [before, afterMs] of [
          ['', 0],
          ['', 20],
          [at('/health/live', ''), 20],
        ] as const) {
          const { socket } = line(rollcall.port);
          socket.write(before + at(target, more));
          await setTimeout(afterMs);
          socket.resetAndDestroy();
        }
      }
      expect((await rollcall.ask('GET', '/health/live')).status).toBe(200);
    },
  );

  it('that never comes is no request that waits, and other methods are none at all', async () => {
    const rollcall = await Rollcall.start();
    const polling = await rollcall.ask('GET', '/socket.io/?EIO=4&transport=polling');
    const { sid } = JSON.parse(polling.text.slice(1)) as { sid: string };
    for (const [method, transport, status] of [
      ['GET', 'websocket', 400],
      ['GET', 'web%73ocket', 400],
      ['PUT', 'polling', 405],
      ['DELETE', 'polling', 405],
    ] as const) {
      const target = `/socket.io/?EIO=4&transport=${transport}&sid=${sid}`;
      expect([method, (await rollcall.ask(method, target)).status]).toEqual([method, status]);
    }
    const chunked = 'Transfer-Encoding: chunked\r\nConnection: close\r\n';
    const pieces = at(`/socket.io/?EIO=4&transport=polling&sid=${sid}`, chunked, 'POST', '1\r\n3\r\n0\r\n\r\n');
    expect(await rawHttp(rollcall.port, pieces)).toMatch(/^HTTP\/1\.1 411 /);
    const behindMany = at(
      `/socket.io/?EIO=4&transport=polling&sid=${sid}`,
      `${'a:\r\n'.repeat(1500)}${chunked}`,
      'POST',
      '',
    );
    expect(await rawHttp(rollcall.port, behindMany)).toMatch(/^HTTP\/1\.1 431 /);
    const scripted = at('/socket.io/?EIO=4&transport=polling&j#', 'Connection: close\r\n');
    expect(await rawHttp(rollcall.port, scripted)).toMatch(/^HTTP\/1\.1 40[03] /);
  });
});

describe('The URL of a session', () => {
  const asked = '/socket.io/?EIO=4&transport=';
  const filled = (target: string, length: number): string =>
    target + '&a'.repeat(length).slice(0, length - target.length);

  it.each([
    ['polling', '', 200],
    ['websocket', WEBSOCKET, 101],
  ])('may have 4,096 characters, and no more: %s', async (transport, more, status) => {
    const { port } = await Rollcall.start();
    for (const [length, answer] of [
      [4096, status],
      [4097, 414],
      [70_000, 414],
    ] as const) {
      const { socket, heard } = line(port);
      socket.write(at(filled(asked + transport, length), more));
      await eventually(() => expect([length, heard().slice(0, 12)]).toEqual([length, `HTTP/1.1 ${answer}`]));
      if (answer === 414) await eventually(() => expect(heard()).toMatch(/\r\n\r\n\{"code":3,"message":".+"\}$/));
    }
  });

  it.each([
    ['polling', ''],
    ['websocket', WEBSOCKET],
  ])('leaves of its query nothing with the line but what Engine.IO goes by: %s', async (transport, more) => {
    const rollcall = await Rollcall.start();
    const { socket } = line(rollcall.port);
    socket.write(at(`${asked}${transport}&name=value&another`, more));
    const { engine } = rollcall.app.get(SocketServer).server;
    const { clients } = engine as unknown as { clients: Record<string, { request: { _query: object } }> };
    await eventually(() =>
      expect(Object.values(clients).map(({ request }) => request._query)).toEqual([
        { EIO: '4', transport, sid: '', b64: '' },
      ]),
    );
  });
});

describe('A WebSocket of which nobody knows whose it is', () => {
  const socketTo = async (rollcall: Rollcall): Promise<WebSocket> => {
    const url = `ws://127.0.0.1:${rollcall.port}/socket.io/?EIO=4&transport=websocket`;
    const socket = new WebSocket(url, { headers: { host: 'localhost' } });
    stopAfterTest(() => socket.terminate());
    socket.on('error', () => undefined);
    await once(socket, 'message');
    return socket;
  };
  const lineOf = (rollcall: Rollcall) => {
    const { engine } = rollcall.app.get(SocketServer).server;
    return Object.values((engine as unknown as { clients: Record<string, Line> }).clients);
  };
  interface Line {
    close(): void;
    readonly transport: { readonly socket: WebSocket };
  }

  it('may not come in very small pieces', async () => {
    const rollcall = await Rollcall.start();
    const socket = await socketTo(rollcall);
    for (let n = 0; n < 100; n += 1) socket.send('x', { fin: false });
    await once(socket, 'close');
    expect((await rollcall.ask('GET', '/health/live')).status).toBe(200);
  });

  it.each([
    ['binary data', Buffer.alloc(10)],
    ['what is to be followed by binary data', '451-["x",{"_placeholder":true,"num":0}]'],
    ['an event', '42["channel:join",{"channel":"room"}]'],
  ])('may only ask to be let in: not with %s', async (_what, packet) => {
    const socket = await socketTo(await Rollcall.start());
    socket.send(packet);
    await once(socket, 'close');
  });

  it.each([
    ['pings', (socket: WebSocket) => socket.ping()],
    ['pongs', (socket: WebSocket) => socket.pong()],
    ['answers to pings of Engine.IO', (socket: WebSocket) => socket.send('3')],
    ['packets of Engine.IO that say nothing', (socket: WebSocket) => socket.send('6')],
  ])('may send a hundred frames at once, and is cut for more: %s', async (_what, send) => {
    const rollcall = await Rollcall.start();
    const [many, more] = [await socketTo(rollcall), await socketTo(rollcall)];
    let pongs = 0;
    for (const socket of [many, more]) socket.on('pong', () => (pongs += 1));
    const gone = once(more, 'close');
    for (let n = 0; n < 5; n += 1) send(many);
    for (let n = 0; n < 10_000 && more.readyState === WebSocket.OPEN; n += 1) send(more);
    await gone;
    expect(pongs).toBeLessThan(200);
    many.ping('still there');
    expect(String((await once(many, 'pong'))[0])).toMatch(/^(still there)?$/);
  });

  it('gets no answer to each of very many probes', async () => {
    const rollcall = await Rollcall.start();
    const polling = await rollcall.ask('GET', '/socket.io/?EIO=4&transport=polling');
    const { sid } = JSON.parse(polling.text.slice(1)) as { sid: string };
    const socket = new WebSocket(`ws://127.0.0.1:${rollcall.port}/socket.io/?EIO=4&transport=websocket&sid=${sid}`, {
      headers: { host: 'localhost' },
    });
    stopAfterTest(() => socket.terminate());
    let answers = 0;
    socket.on('error', () => undefined).on('message', () => (answers += 1));
    await once(socket, 'open');
    const gone = once(socket, 'close');
    for (let n = 0; n < 10_000; n += 1) socket.send('2probe');
    await gone;
    expect(answers).toBeLessThan(200);
  });

  it('does not outlive the session that it was to take over', async () => {
    const rollcall = await Rollcall.start();
    const polling = await rollcall.ask('GET', '/socket.io/?EIO=4&transport=polling');
    const { sid } = JSON.parse(polling.text.slice(1)) as { sid: string };
    const target = `/socket.io/?EIO=4&transport=websocket&sid=${sid}`;
    const [first, second] = [line(rollcall.port), line(rollcall.port)];
    const gone = [once(first.socket, 'close'), once(second.socket, 'close')];
    for (const { socket, heard } of [first, second]) {
      socket.write(at(target, WEBSOCKET));
      await eventually(() => expect(heard()).toMatch(/^HTTP\/1\.1 101 /));
    }
    await rollcall.ask('POST', `/socket.io/?EIO=4&transport=polling&sid=${sid}`, { body: '1' });
    await Promise.all(gone);
  }, 10_000);

  it('does not stay for what it does not read when it has said all that it will say', async () => {
    const rollcall = await Rollcall.start();
    const { socket } = line(rollcall.port);
    socket.write(at('/socket.io/?EIO=4&transport=websocket', WEBSOCKET));
    await eventually(() => expect(lineOf(rollcall)).toHaveLength(1));
    const own = lineOf(rollcall)[0];
    const there = own?.transport.socket as unknown as WebSocket & { readonly _socket: Socket };
    const gone = once(there._socket, 'close');
    // As where the operating system takes no more of it.
    jest.spyOn(there._socket, 'end').mockReturnThis();
    socket.end();
    await eventually(() => expect(there.readyState).toBe(WebSocket.CLOSING));
    own?.close();
    await gone;
  }, 10_000);

  it('gets answers to its pings, of those that it does not read to the last', async () => {
    const rollcall = await Rollcall.start();
    const socket = await socketTo(rollcall);
    const pongs: string[] = [];
    socket.on('pong', (data: Buffer) => pongs.push(data.toString()));
    socket.ping('hello');
    await eventually(() => expect(pongs).toEqual(['hello']));
    const there = lineOf(rollcall)[0]?.transport.socket as unknown as WebSocket & { readonly _socket: Socket };
    // The operating system alone holds some hundred thousand of them.
    Object.defineProperty(there._socket, 'writableNeedDrain', { value: true, configurable: true });
    for (const said of ['once more', 'and again', 'still there?']) {
      const pinged = once(there, 'ping');
      socket.ping(said);
      await pinged;
    }
    delete (there._socket as { writableNeedDrain?: boolean }).writableNeedDrain;
    there._socket.emit('drain');
    socket.ping('goodbye');
    await eventually(() => expect(pongs).toEqual(['hello', 'still there?', 'goodbye']));
  });

  it('is not waited for when it does not say goodbye', async () => {
    const rollcall = await Rollcall.start();
    const { socket } = line(rollcall.port);
    socket.write(at('/socket.io/?EIO=4&transport=websocket', WEBSOCKET));
    await eventually(() => expect(lineOf(rollcall)).toHaveLength(1));
    lineOf(rollcall)[0]?.close();
    await once(socket, 'close');
  }, 10_000);
});
