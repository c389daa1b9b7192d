import type { Server } from 'node:http';
import { createHash } from 'node:crypto';
import { WebSocket } from 'ws';
import { Connections } from '../../src/sockets/connections.service';
import { rawHttp } from '../support/raw-http';
import { DEMO, Rollcall } from '../support/rollcall';
import { shop, type WrittenApp } from '../support/shop';
import { stopAfterTest } from '../support/teardown';

const serverOf = (rollcall: Rollcall): Server => rollcall.app.getHttpServer();

const PORTAL = 'https://portal.example.com';

const SAFE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
};

/** A plain WebSocket client at Socket.IO's door, such as any page can be. */
function knock(rollcall: Rollcall, headers: Record<string, string>) {
  const socket = new WebSocket(`ws://127.0.0.1:${rollcall.port}/socket.io/?EIO=4&transport=websocket`, { headers });
  stopAfterTest(() => socket.terminate());
  const received: string[] = [];
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('message', (data: Buffer) => {
    const text = data.toString();
    received.push(text);
    if (text.startsWith('0')) socket.send('40');
  });
  return { received, closed };
}

const get = (target: string, headers: string): string =>
  `GET ${target} HTTP/1.1\r\n${headers}X-Api-Key: ${DEMO.apiKey}\r\nConnection: close\r\n\r\n`;

const statusOf = async (rollcall: Rollcall, target: string, headers: string): Promise<number> =>
  Number((await rawHttp(rollcall.port, get(target, headers))).slice(9, 12));

describe('Security headers', () => {
  it.each([
    ['POST', '/message/users', 201],
    ['POST', '/message/nothing', 404],
    ['GET', '/message/users', 405],
    ['GET', '/api/v1/users.presence', 401],
    ['GET', '/v1/channels', 200],
    ['GET', '/v1/users/nobody', 404],
    ['GET', '/health/live', 200],
    ['GET', '/openapi.json', 200],
    ['GET', '/', 302],
    ['GET', '/nothing', 404],
    ['GET', '/%zz', 400],
  ])('forbid browsers to make more of %s %s (%i) than it is', async (method, path, status) => {
    const rollcall = await Rollcall.start();
    const answer = await rollcall.ask(method, path, { headers: { 'x-api-key': DEMO.apiKey } });
    expect(answer).toMatchObject({
      status,
      headers: SAFE_HEADERS,
    });
  });

  it('are on the answers of Socket.IO and on preflights, too', async () => {
    const rollcall = await Rollcall.start();
    const preflight = { origin: PORTAL, 'access-control-request-method': 'POST' };
    const sockets = '/socket.io/?EIO=4&transport=polling';
    for (const [method, path, status, headers] of [
      ['GET', sockets, 200, {}],
      ['GET', `${sockets}&sid=nobody`, 400, {}],
      ['POST', sockets, 400, {}],
      ['GET', '/socket.io/?EIO=3&transport=polling', 400, {}],
      ['GET', '/socket.io/?EIO=4&transport=telepathy', 400, {}],
      ['GET', '/socket.io/', 400, {}],
      ['GET', `${sockets}&j=0`, 403, {}],
      ['OPTIONS', sockets, 204, preflight],
      ['OPTIONS', '/message/users', 204, preflight],
    ] as const) {
      expect(await rollcall.ask(method, path, { headers })).toMatchObject({ status, headers: SAFE_HEADERS });
    }
  });

  it.each([
    [400, 'no HTTP at all\r\n\r\n'],
    [414, `GET /v1/users/${'%25'.repeat(1400)} HTTP/1.1\r\nHost: localhost\r\n\r\n`],
    [431, `GET / HTTP/1.1\r\nHost: localhost\r\nX-A: ${'x'.repeat(100_000)}\r\n\r\n`],
    [408, 'GET / HTTP/1.1\r\nHost: localhost\r\n'],
  ])('are on the %i for what Node could not read', async (status, bytes) => {
    const rollcall = await Rollcall.start();
    // Read with each look at the connections, which is each second.
    Object.assign(rollcall.app.getHttpServer(), { headersTimeout: 500, requestTimeout: 1000 });
    const [head = '', body = ''] = (await rawHttp(rollcall.port, bytes)).split('\r\n\r\n');
    const [first, ...lines] = head.split('\r\n');

    expect(first).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(Object.fromEntries(lines.map((line) => line.toLowerCase().split(': ')))).toEqual({
      ...SAFE_HEADERS,
      'content-type': 'application/problem+json',
      'content-length': String(Buffer.byteLength(body)),
      connection: 'close',
    });
    expect(JSON.parse(body)).toMatchObject({ status });
  });

  it('leave the UI what its page contains, by the hash of each script, and nothing else', async () => {
    for (const rollcall of [await Rollcall.start(), await Rollcall.start([shop()])]) {
      for (const path of ['/docs', '/docs/', '/docs/swagger-ui-init.js', '/docs/swagger-ui.css']) {
        const { status, headers } = await rollcall.ask('GET', path);
        const policy = String(headers['content-security-policy']);
        expect([status, headers['x-content-type-options']]).toEqual([200, 'nosniff']);
        expect(policy).toMatch(/^default-src 'none'; script-src 'self'[^;]*; .*frame-ancestors 'none'/);
        expect(/script-src [^;]*/.exec(policy)?.[0]).not.toMatch(/unsafe|https?:|\*/);
      }
      const { text, headers } = await rollcall.ask('GET', '/docs');
      const policy = String(headers['content-security-policy']);
      const scripts = [...text.matchAll(/<script>([\s\S]*?)<\/script>/g)]
        .map(([, script = '']) => script)
        .filter(Boolean);
      const hashes = scripts.map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
      expect([...policy.matchAll(/'sha256-[^']+'/g)].map(String)).toEqual(hashes);
      expect(text).not.toMatch(/ on[a-z]+="/);
    }
  });
});

describe('The origin of a page', () => {
  const app: WrittenApp = shop({ origins: [PORTAL] });

  it.each([
    'https://evil.example',
    'null',
    `${PORTAL}.evil.example`,
    `${PORTAL}:8443`,
    'http://portal.example.com',
    `${PORTAL}, ${PORTAL}`,
  ])('keeps a WebSocket out that is not on the list, tells it why, and closes it: %s', async (origin) => {
    const rollcall = await Rollcall.start([app]);
    const { received, closed } = knock(rollcall, { host: 'localhost', origin });
    await closed;
    expect(received).toHaveLength(2);
    expect(received[1]).toMatch(/^44\{.*"code":"ORIGIN_REFUSED"/);
    expect(rollcall.app.get(Connections).size).toBe(0);
  });

  it.each(['j=0', 'j=', '%6a=0', 'sid=&j=0'])(
    'is not got around by a script, for which browsers name no origin: %s',
    async (query) => {
      const rollcall = await Rollcall.start([app]);
      const target = `/socket.io/?EIO=4&transport=polling&${query}`;
      const answer = await rawHttp(rollcall.port, get(target, 'Host: localhost\r\n'));
      expect(answer).toMatch(/^HTTP\/1\.1 403 /);
      expect(answer).toContain('JSONP');
      expect(answer).not.toContain('sid');
    },
  );

  it.each([
    ['http://localhost', {}, true],
    ['https://localhost', {}, true],
    ['ws://localhost', {}, false],
    ['chrome-extension://localhost', {}, false],
    ['https://localhost', { 'x-forwarded-proto': 'https' }, true],
    ['https://localhost', { 'x-forwarded-proto': 'HTTPS, http' }, true],
    ['http://localhost', { 'x-forwarded-proto': 'https' }, false],
  ])('is that of the address which it calls: %s with %j: %s', async (origin, headers, isIn) => {
    const rollcall = await Rollcall.start([app], { TRUST_PROXY: 'true' });
    const asked = rollcall.open({ client: { extraHeaders: { host: 'localhost', origin, ...headers } } });
    if (isIn) expect((await asked).session.host).toBe('localhost');
    else await expect(asked).rejects.toMatchObject({ code: 'ORIGIN_REFUSED' });
  });

  it('is not asked for of what is no browser, nor where the app has no list', async () => {
    const rollcall = await Rollcall.start([app, shop({ id: 'b', hosts: ['any.example.com'] })]);
    expect((await rollcall.open()).session.host).toBe('localhost');
    expect((await rollcall.open({ origin: PORTAL })).session.host).toBe('localhost');
    expect((await rollcall.open({ origin: 'null', host: 'any.example.com' })).session.host).toBe('any.example.com');
  });
});

describe('The host of a request', () => {
  it.each([
    ['localhost', 200],
    ['LOCALhost:1234', 200],
    ['localhost.', 200],
    ['localhost:', 200],
    ['localhost..', 401],
    ['user@localhost', 401],
    ['user:localhost@evil.example', 401],
    ['localhost:80:80', 401],
    ['localhost:999999', 401],
    ['localhost, localhost', 401],
    ['localhost/', 401],
    ['localhost#evil', 401],
    ['localhost\\evil', 401],
    ['local%68ost', 401],
    ['[::1]', 401],
  ])('is read from %j by the letter: %i', async (host, status) => {
    const rollcall = await Rollcall.start();
    expect(await statusOf(rollcall, '/v1/channels', `Host: ${host}\r\n`)).toBe(status);
  });

  it('is refused when it is there more than once, in any order, on HTTP and on the socket', async () => {
    const rollcall = await Rollcall.start();
    for (const hosts of [
      'Host: localhost\r\nHost: evil.example\r\n',
      'Host: evil.example\r\nhost: localhost\r\n',
      'Host: localhost\r\nHOST: localhost\r\n',
    ]) {
      expect(await statusOf(rollcall, '/v1/channels', hosts)).toBe(400);
      expect(await statusOf(rollcall, '/socket.io/?EIO=4&transport=polling', hosts)).toBe(403);
      const upgrade = `${hosts}Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n`;
      const request = `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n${upgrade}Connection: Upgrade\r\n\r\n`;
      expect(await rawHttp(rollcall.port, request)).toMatch(/^HTTP\/1\.1 400 /);
    }
  });

  it('is refused when it is there more than once, however many headers are between them', async () => {
    const rollcall = await Rollcall.start();
    const read: number[] = [];
    serverOf(rollcall).prependListener('request', ({ rawHeaders }) => read.push(rawHeaders.length));
    for (const count of [90, 150, 1500, 15_000]) {
      const hosts = `Host: localhost\r\n${'a:\r\n'.repeat(count)}Host: evil.example\r\n`;
      const [rest, polling] = count > 90 ? [431, 431] : [400, 403];
      expect(await statusOf(rollcall, '/v1/channels', hosts)).toBe(rest);
      expect(await statusOf(rollcall, '/socket.io/?EIO=4&transport=polling', hosts)).toBe(polling);
      const upgrade = `${hosts}Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n`;
      const request = `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n${upgrade}Connection: Upgrade\r\n\r\n`;
      expect(await rawHttp(rollcall.port, request)).toMatch(count > 90 ? /^HTTP\/1\.1 431 / : /^HTTP\/1\.1 400 /);
    }
    // To read tens of thousands takes milliseconds.
    expect(Math.max(...read)).toBeLessThan(500);
  });

  it('may stand in the target, too, if it is the same', async () => {
    const rollcall = await Rollcall.start();
    const ask = (target: string): Promise<number> => statusOf(rollcall, target, 'Host: localhost\r\n');

    expect(await ask('http://localhost/v1/channels')).toBe(200);
    expect(await ask('HTTPS://LOCALHOST.:99/v1/channels')).toBe(200);
    for (const target of [
      'http://evil.example/v1/channels',
      'http://user@localhost/v1/channels',
      'http://localhost@evil.example/v1/channels',
      'http:///v1/channels',
    ]) {
      expect(await ask(target)).toBe(400);
    }
    expect(await statusOf(rollcall, 'http://localhost/v1/channels', 'Host: evil.example\r\n')).toBe(400);
    expect(await ask('//localhost/v1/channels')).toBe(404);
  });

  it.each([
    ['is written so that it can be read in two ways', 'http:/localhost/v1/channels'],
    ['begins with slashes', 'http:////localhost/v1/channels'],
    ['begins with a slash of another kind', 'http://\\localhost/v1/channels'],
    ['is longer than any', `http://${'a'.repeat(301)}/v1/channels`],
    ['is in the place of nothing', 'http://'],
  ])('is not read from a target where it %s', async (_, target) => {
    const rollcall = await Rollcall.start();
    for (const host of ['localhost', '-']) {
      const answer = await rawHttp(rollcall.port, get(target, `Host: ${host}\r\n`));
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer).toContain('"code":"BAD_REQUEST"');
    }
    expect(await statusOf(rollcall, 'http://a.example/v1/channels', 'Host: -\r\n')).toBe(400);
  });

  it('costs no more for being of ten thousand different letters, in a target as in an origin', async () => {
    const rollcall = await Rollcall.start([shop({ origins: [PORTAL] })]);
    const host = encodeURIComponent(String.fromCodePoint(...Array.from({ length: 8000 }, (__, n) => 0x4e00 + n)));
    const asked = [
      ...Array.from({ length: 20 }, () => get(`http://${host}/health/live`, 'Host: -\r\n')),
      ...Array.from({ length: 60 }, () => get('/health/live', `Host: localhost\r\nOrigin: http://${host}\r\n`)),
    ];
    const startedMs = performance.now();
    const answers = await Promise.all(asked.map((bytes) => rawHttp(rollcall.port, bytes)));
    // They took ten seconds and seven.
    expect(performance.now() - startedMs).toBeLessThan(2000);
    expect(answers.map((answer) => answer.slice(9, 12))).toEqual(asked.map((__, n) => (n < 20 ? '400' : '200')));
  });

  it('is not what a proxy says that nobody has said to trust', async () => {
    const forwarded =
      'X-Forwarded-Host: localhost\r\nForwarded: host=localhost\r\nX-Original-Host: localhost\r\nX-Host: localhost\r\n';
    const trusting = await Rollcall.start(undefined, { TRUST_PROXY: 'true' });
    const rollcall = await Rollcall.start();

    expect(await statusOf(rollcall, '/v1/channels', `Host: evil.example\r\n${forwarded}`)).toBe(401);
    expect(await statusOf(rollcall, '/v1/channels', 'Host: localhost\r\nX-Forwarded-Host: evil.example\r\n')).toBe(200);
    expect(await statusOf(trusting, '/v1/channels', `Host: pod-7.internal\r\n${forwarded}`)).toBe(200);
    expect(await statusOf(trusting, '/v1/channels', 'Host: localhost\r\nX-Forwarded-Host: evil.example\r\n')).toBe(401);
    await expect(
      rollcall.open({ client: { extraHeaders: { Host: 'evil.example', 'X-Forwarded-Host': 'localhost' } } }),
    ).rejects.toMatchObject({ code: 'UNKNOWN_HOST' });
  });
});
