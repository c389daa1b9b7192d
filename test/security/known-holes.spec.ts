/* What has brought down servers like this one, tried on the versions that are pinned here. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import WebSocket from 'ws';
import { eventually } from '../support/eventually';
import { DEMO, Rollcall } from '../support/rollcall';
import { rawHttp } from '../support/raw-http';
import { tabOf, shop } from '../support/shop';
import { stopAfterTest } from '../support/teardown';

async function expectGoodHealth(rollcall: Rollcall): Promise<void> {
  const tab = await rollcall.open(tabOf('ada'));
  expect(await tab.join('health')).toMatchObject({ ok: true });
  expect((await rollcall.message('users', { channel: 'health' })).status).toBe(201);
  tab.close();
}

/** A connection that has said hello, and whatever it wants from then on. */
async function wire(rollcall: Rollcall, hello = '40'): Promise<{ socket: WebSocket; heard: string[] }> {
  const socket = new WebSocket(`ws://127.0.0.1:${rollcall.port}/socket.io/?EIO=4&transport=websocket`, {
    headers: { host: 'localhost' },
  });
  stopAfterTest(() => socket.terminate());
  const heard: string[] = [];
  socket.on('error', () => undefined);
  socket.on('message', (data: Buffer) => {
    const text = data.toString();
    heard.push(text);
    if (text.startsWith('0')) socket.send(hello);
  });
  await eventually(() => expect(heard.length).toBeGreaterThan(hello === '40' ? 1 : 0));
  return { socket, heard };
}

describe('Packets that have killed others', () => {
  it.each([
    ['an event whose name is an object', '42[{"toString":"x"}]'],
    ['an event whose name is a number', '42[5]'],
    ['an event without a name', '42[]'],
    ['an event that is no array', '42{"channel":"x"}'],
    ['an event of nothing', '42'],
    ['no JSON', '42["channel:join"'],
    ['a reserved event', '42["connect_error"]'],
    ['a reserved event of the server', '42["disconnecting"]'],
    ['a reserved event that throws', '42["error",{"message":"x"}]'],
    ['__proto__ for a name', '42["__proto__",{"channel":"x"}]'],
    ['an acknowledgement nobody waits for', '439["x"]'],
    ['an acknowledgement with a huge id', `43${'9'.repeat(400)}["x"]`],
    ['an event with a huge id', `42${'9'.repeat(400)}["channel:join",{"channel":"x"}]`],
    ['a thousand attachments', '451000-["x",{"_placeholder":true,"num":0}]'],
    ['a placeholder that is no number', '451-["x",{"_placeholder":true,"num":"splice"}]'],
    ['a placeholder out of range', '451-["x",{"_placeholder":true,"num":99}]'],
    ['attachments without a number', '45-["x"]'],
    ['a negative number of attachments', '45-1-["x"]'],
    ['a namespace that is not there', '40/admin,{}'],
    ['a namespace like a prototype', '40/__proto__,'],
    ['a packet of an unknown type', '49'],
    ['an engine packet of an unknown type', 'x'],
    ['a ping of the old protocol', '2probe'],
    ['an upgrade in the middle', '5'],
    ['an open of the client', '0{"sid":"x"}'],
    ['deep JSON', `42["channel:join",${'['.repeat(20_000)}${']'.repeat(20_000)}]`],
    ['very many arguments', `42["x"${',0'.repeat(125_000)}]`],
    ['very many arguments, to be answered', `421["x"${',{}'.repeat(80_000)}]`],
    ['very many arguments of an answer', `431[0${',0'.repeat(125_000)}]`],
    ['a payload that claims to have a prototype', '42["channel:join",{"__proto__":{"channel":"x"}}]'],
    ['a hello that is no object', '40[1,2]'],
    ['a hello with a prototype', '40{"__proto__":{"token":"x"},"constructor":{"prototype":{"userId":"x"}}}'],
  ])('do no harm: %s', async (_, packet) => {
    const rollcall = await Rollcall.start([shop()]);
    const { socket } = await wire(rollcall);
    socket.send(packet);
    // Instead of a hello, too.
    await wire(rollcall, packet);
    await expectGoodHealth(rollcall);
    expect(({} as Record<string, unknown>).channel).toBeUndefined();
  });

  it('do no harm as binary, as fragments, and in great numbers', async () => {
    const rollcall = await Rollcall.start([shop()]);
    const { socket } = await wire(rollcall);
    for (let n = 0; n < 20; n += 1) socket.send(Buffer.from([4, 2, 0, 255]));
    const { socket: tiny } = await wire(rollcall);
    for (let n = 0; n < 50_000 && tiny.readyState === WebSocket.OPEN; n += 1)
      tiny.send('', { fin: false, binary: false });
    const { socket: waiting } = await wire(rollcall);
    for (let n = 0; n < 50; n += 1) waiting.send('459-["x",{"_placeholder":true,"num":0}]');
    await expectGoodHealth(rollcall);
  });

  it('do no harm with a frame that is too large', async () => {
    const rollcall = await Rollcall.start([shop()]);
    const { socket } = await wire(rollcall);
    socket.send(`42["channel:join",{"channel":"${'x'.repeat(1_000_000)}"}]`);
    await eventually(() => expect(socket.readyState).toBe(WebSocket.CLOSED), { within: 5000 });
    await expectGoodHealth(rollcall);
  });
});

describe('Requests that have killed others', () => {
  const at = (target: string, more = '', method = 'GET', body = ''): string =>
    `${method} ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${more}\r\n${body}`;
  const upgrade = 'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

  it.each([
    ['a websocket without its upgrade', at('/socket.io/?EIO=4&transport=websocket')],
    ['an upgrade to polling', at('/socket.io/?EIO=4&transport=polling', upgrade.replace('close', 'upgrade'))],
    ['a transport named constructor', at('/socket.io/?EIO=4&transport=constructor')],
    ['a transport named __proto__', at('/socket.io/?EIO=4&transport=__proto__')],
    ['two transports', at('/socket.io/?EIO=4&transport=polling&transport=websocket')],
    ['a session that nobody has', at('/socket.io/?EIO=4&transport=polling&sid=__proto__')],
    [
      'a session posted to that nobody has',
      at('/socket.io/?EIO=4&transport=polling&sid=x', 'Content-Length: 1\r\n', 'POST', '1'),
    ],
    ['an old protocol', at('/socket.io/?EIO=3&transport=polling')],
    ['no protocol at all', at('/socket.io/')],
    ['a j parameter for JSONP', at('/socket.io/?EIO=4&transport=polling&j=__proto__')],
    [
      'trailing garbage after JSON',
      at(
        '/message/users',
        'Content-Type: application/json\r\nContent-Length: 30\r\n',
        'POST',
        `{"apiKey":"${DEMO.apiKey}"}xxxxxxx`,
      ),
    ],
    [
      'a length that is a lie',
      at(
        '/message/users',
        'Content-Type: application/json\r\nContent-Length: 2\r\nContent-Length: 5\r\n',
        'POST',
        '{}',
      ),
    ],
    [
      'chunks and a length',
      at(
        '/message/users',
        'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n',
        'POST',
        '0\r\n\r\n',
      ),
    ],
    [
      'a JSON prototype',
      at(
        '/message/users',
        'Content-Type: application/json\r\nContent-Length: 36\r\n',
        'POST',
        '{"__proto__":{"apiKey":"BFAPI_demo"}}'.slice(0, 36),
      ),
    ],
    ['a thousand headers', at('/health/live', Array.from({ length: 1990 }, (_, n) => `x-${n}: y\r\n`).join(''))],
    ['too many headers', at('/health/live', `x: ${'y'.repeat(90_000)}\r\n`)],
    ['no HTTP', 'hello\r\n\r\n'],
  ])('do no harm: %s', async (_, bytes) => {
    const rollcall = await Rollcall.start([shop()]);
    const heard = await Promise.race([
      rawHttp(rollcall.port, bytes),
      new Promise((resolve) => setTimeout(resolve, 1500, '')),
    ]);
    expect(heard).not.toMatch(/^HTTP\/1\.1 (2\d\d|5\d\d)[^]*"salesRoom"/);
    expect(heard).not.toMatch(/^HTTP\/1\.1 50[0-2]/);
    await expectGoodHealth(rollcall);
  });

  it('do no harm when a socket is cut in the middle of its upgrade', async () => {
    const rollcall = await Rollcall.start([shop()]);
    for (let n = 0; n < 50; n += 1) {
      const line = connect(rollcall.port, '127.0.0.1');
      line.on('error', () => undefined);
      line.write(
        at('/socket.io/?EIO=4&transport=websocket', upgrade).replace('Connection: close', 'Connection: upgrade'),
      );
      if (n % 2 === 0) line.destroy();
      else line.resetAndDestroy();
    }
    await expectGoodHealth(rollcall);
  });
});

describe('The versions that are pinned', () => {
  const least: Record<string, string> = {
    'socket.io': '4.8.0',
    'socket.io-parser': '4.2.6',
    'engine.io': '6.6.9',
    ws: '8.21.0',
    fastify: '5.8.5',
    '@nestjs/platform-fastify': '11.1.24',
  };
  it.each(Object.entries(least))('of %s are no older than %s', (name, version) => {
    const file = join(__dirname, '../../node_modules', name, 'package.json');
    const { version: found } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
    expect(found.localeCompare(version, undefined, { numeric: true })).toBeGreaterThanOrEqual(0);
  });
});
