import { LocalRosters } from '@rollcall/roster';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import pino from 'pino';
import { untakenBytes } from '../../src/http/pipelines';
import { SlowReaders } from '../../src/http/slow-readers.service';
import { eventually } from '../support/eventually';
import { DEMO, Rollcall } from '../support/rollcall';
import { stopAfterTest } from '../support/teardown';

const MIB = 1_048_576;

const serverOf = (rollcall: Rollcall): Server => rollcall.app.getHttpServer();

/** A real client that sends what it is told to, and no more. */
async function sender(rollcall: Rollcall): Promise<{ socket: Socket; ended: () => string | undefined }> {
  const socket = connect({ port: rollcall.port, host: '127.0.0.1', allowHalfOpen: true });
  stopAfterTest(() => void socket.destroy());
  await once(socket, 'connect');
  const chunks: Buffer[] = [];
  let ended: string | undefined;
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => undefined);
  for (const end of ['end', 'close']) socket.on(end, () => (ended ??= Buffer.concat(chunks).toString()));
  return { socket, ended: () => ended };
}

/** Sends the pieces over and over, as slowly as can be, for as long as the connection takes it. */
function trickle(socket: Socket, piece: string): void {
  const timer = setInterval(() => void (socket.writable && socket.write(piece)), 20);
  stopAfterTest(() => clearInterval(timer));
}

const connections = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count))));

const POST = `POST /message/users HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;

describe('The HTTP server', () => {
  it('gives headers ten seconds, requests thirty, and connections that stand still a minute', async () => {
    const server = serverOf(await Rollcall.start());
    const { headersTimeout, requestTimeout, timeout, keepAliveTimeout } = server;
    expect({ headersTimeout, requestTimeout, timeout, keepAliveTimeout }).toEqual({
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      timeout: 60_000,
      keepAliveTimeout: 72_000,
    });
  });

  it('cuts off who does not come to an end, says why, and answers others meanwhile', async () => {
    const rollcall = await Rollcall.start();
    // Read with each look at the connections, which is each second.
    Object.assign(serverOf(rollcall), { headersTimeout: 500, requestTimeout: 1000 });
    const slow = await Promise.all(Array.from({ length: 40 }, () => sender(rollcall)));
    slow.forEach(({ socket }, n) => {
      if (n % 4 === 0) return;
      socket.write(n % 4 === 1 ? POST : n % 4 === 2 ? `${POST}Content-Length: 60000\r\n\r\n` : 'POST /mess');
      trickle(socket, n % 4 === 1 ? 'X-A: b\r\n' : 'x');
    });
    expect((await rollcall.message('users')).status).toBe(201);
    await eventually(() => expect(slow.map(({ ended }) => typeof ended())).toEqual(slow.map(() => 'string')), {
      within: 15_000,
    });
    for (const { ended } of slow) {
      expect(ended()).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
      expect(JSON.parse(ended()?.split('\r\n\r\n')[1] ?? '')).toEqual({
        type: 'about:blank',
        title: 'Request Timeout',
        status: 408,
        detail: 'The headers may take 10 seconds, the whole request 30.',
        code: 'REQUEST_TIMEOUT',
      });
    }
    // They never close their side; the server does not wait for it.
    await eventually(async () => expect(await connections(serverOf(rollcall))).toBe(0), { within: 5000 });
  });

  it('cuts off a reader who does not read, and leaves a tab that is silent alone', async () => {
    const rollcall = await Rollcall.start();
    const server = serverOf(rollcall);
    // Connections take it over when they are made.
    server.timeout = 1000;
    const tab = await rollcall.openDemo();
    const roster = rollcall.app.get(LocalRosters).of('localhost');
    const name = (n: number): string => `${n}-`.padEnd(250, 'x');
    await Promise.all(
      Array.from({ length: 12_000 }, (_, n) => roster.connect(`tab-${n}`, { id: name(n), claims: null })),
    );
    const { socket } = await sender(rollcall);
    const body = JSON.stringify({ apiKey: DEMO.apiKey });
    socket.pause();
    socket.write(`${POST}Content-Length: ${body.length}\r\n\r\n${body}`);
    await eventually(async () => expect(await connections(server)).toBe(2), { within: 5000 });
    await eventually(async () => expect(await connections(server)).toBe(1), { within: 15_000 });
    expect(await tab.join('still-here')).toMatchObject({ ok: true });
  });

  it('does not wait for who was refused to hang up', async () => {
    const rollcall = await Rollcall.start();
    const { socket, ended } = await sender(rollcall);
    socket.write('no HTTP at all\r\n\r\n');
    await eventually(() => expect(ended()).toMatch(/^HTTP\/1\.1 400 /));
    await eventually(async () => expect(await connections(serverOf(rollcall))).toBe(0), { within: 5000 });
  });
});

describe('A reader who takes something now and then', () => {
  it('is cut when more than a megabyte has waited for thirty looks, and one who takes it all is not', async () => {
    const rollcall = await Rollcall.start();
    const readers = rollcall.app.get(SlowReaders);
    readers.onApplicationShutdown();
    const roster = rollcall.app.get(LocalRosters).of('localhost');
    const name = (n: number): string => `${n}-`.padEnd(250, 'x');
    await Promise.all(
      Array.from({ length: 1000 }, (_, n) => roster.connect(`tab-${n}`, { id: name(n), claims: null })),
    );
    const body = JSON.stringify({ apiKey: DEMO.apiKey });
    const [slow, quick] = [await sender(rollcall), await sender(rollcall)];
    slow.socket.pause();
    for (const { socket } of [slow, quick])
      socket.write(`${POST}Content-Length: ${body.length}\r\n\r\n${body}`.repeat(20));
    await eventually(() => expect([...untakenBytes().values()]).toEqual([expect.any(Number)]));
    const waiting = (): number => [...untakenBytes().values()][0] ?? 0;
    expect(waiting()).toBeGreaterThan(4 * MIB);

    for (let look = 1; look < 30; look += 1) {
      const before = waiting();
      slow.socket.read(65_536);
      readers.sweep();
      expect(waiting()).toBeLessThanOrEqual(before);
    }
    expect(await connections(serverOf(rollcall))).toBe(2);
    readers.sweep();
    await eventually(async () => expect(await connections(serverOf(rollcall))).toBe(1));
    expect(untakenBytes().size).toBe(0);
    expect(quick.socket.destroyed).toBe(false);
  });
});

describe('Requests that do not wait for each other', () => {
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

  it('are answered, as many as may wait', async () => {
    const rollcall = await Rollcall.start();
    const { socket } = await sender(rollcall);
    let heard = '';
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    for (let round = 1; round <= 3; round += 1) {
      socket.write(get('/health/live').repeat(20));
      await eventually(() => expect(heard.match(/HTTP\/1\.1 200/g)).toHaveLength(20 * round));
    }
  });

  it.each([
    '/openapi.json',
    '/docs/swagger-ui-bundle.js',
    '/nowhere',
    '/%',
    '/socket.io/?EIO=4&transport=polling',
    '/socket.io/?EIO=3',
  ])('cut their connection where they are more, before anything is made for them: %s', async (path) => {
    const rollcall = await Rollcall.start();
    const { socket } = await sender(rollcall);
    socket.pause();
    socket.write(get(path).repeat(1500));
    const server = serverOf(rollcall);
    await eventually(async () => expect(await connections(server)).toBe(0));
    expect((await rollcall.ask('GET', '/health/live')).status).toBe(200);
  });

  it.each([
    ['without a host', 'GET / HTTP/1.1\r\n\r\n'],
    ['of which more is expected than anybody can do', 'GET / HTTP/1.1\r\nHost: localhost\r\nExpect: x\r\n\r\n'],
  ])('cut it also where Node answers them by itself: %s', async (_what, request) => {
    const rollcall = await Rollcall.start();
    const { socket } = await sender(rollcall);
    socket.pause();
    // Behind one that waits: nothing else would be answered before it.
    const { text } = await rollcall.ask('GET', '/socket.io/?EIO=4&transport=polling');
    const { sid } = JSON.parse(text.slice(1)) as { sid: string };
    socket.write(`${get(`/socket.io/?EIO=4&transport=polling&sid=${sid}`)}${request.repeat(1500)}`);
    const server = serverOf(rollcall);
    await eventually(async () => expect(await connections(server)).toBe(0));
  });
});

describe('A body that comes byte by byte', () => {
  const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;
  const bytewise = (text: string): string => [...text].map((byte) => `1\r\n${byte}\r\n`).join('');

  it('is read as any other', async () => {
    const { socket, ended } = await sender(await Rollcall.start());
    socket.write(`${CHUNKED}${bytewise(JSON.stringify({ apiKey: DEMO.apiKey, pad: 'x'.repeat(3000) }))}0\r\n\r\n`);
    socket.end();
    await eventually(() => expect(ended()).toMatch(/^HTTP\/1\.1 201 /));
  });

  it('is refused when it is too large', async () => {
    const { socket, ended } = await sender(await Rollcall.start());
    socket.write(`${CHUNKED}${bytewise('x'.repeat(70_000))}0\r\n\r\n`);
    socket.end();
    await eventually(() => expect(ended()).toMatch(/^HTTP\/1\.1 413 /));
  });

  it('takes no more memory than it has bytes', async () => {
    const rollcall = await Rollcall.start();
    const taken: Socket[] = [];
    serverOf(rollcall).on('connection', (socket) => taken.push(socket));
    const before = process.memoryUsage().rss;
    const bytes = CHUNKED + bytewise('['.repeat(60_000));
    for (let n = 0; n < 20; n += 1) (await sender(rollcall)).socket.write(bytes);
    const all = 20 * bytes.length;
    const read = (): number => taken.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
    await eventually(() => expect(read()).toBe(all), { within: 10_000 });
    expect((await rollcall.ask('GET', '/health/live')).status).toBe(200);
    expect((process.memoryUsage().rss - before) / 1_000_000).toBeLessThan(250);
  });

  it('may break off, which is no fault of ours', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (text: string) => void lines.push(text) });
    const rollcall = await Rollcall.start(undefined, {}, log);
    const { socket } = await sender(rollcall);
    socket.write(`${POST}Content-Length: 100\r\n\r\n{"api`);
    await eventually(async () => expect(await connections(serverOf(rollcall))).toBe(1));
    socket.resetAndDestroy();
    await eventually(async () => expect(await connections(serverOf(rollcall))).toBe(0));
    expect((await rollcall.ask('GET', '/health/live')).status).toBe(200);
    expect(lines.filter((line) => line.includes('failed'))).toEqual([]);
  });
});
