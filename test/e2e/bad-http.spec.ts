import fc from 'fast-check';
import { DEMO, Rollcall } from '../support/rollcall';
import { rawHttp } from '../support/raw-http';
import {
  BODY_ROUTES,
  errorOf,
  FIELD_ROUTES,
  fineStatuses,
  fittingBody,
  KEY_ROUTES,
  TOKEN_ROUTES,
  typeOf,
} from '../support/routes';

/** What either door wants. */
const KEY = { 'x-api-key': DEMO.apiKey, 'x-auth-token': DEMO.token, 'x-user-id': DEMO.userId };
const WRITING = BODY_ROUTES.filter(([method]) => method !== 'DELETE');
const nested = (open: string, close: string): string => open.repeat(30_000) + close.repeat(30_000);

describe('a body', () => {
  it.each(BODY_ROUTES)('of %s %s must be JSON, and an object', async (method, path) => {
    const rollcall = await Rollcall.start();
    const broken = ['{', '{"a":1,}', "{'a':1}", 'apiKey=x', '{"a":1}{', '\u0000', '\ufeff{}', '{"a":01}', '"\u0001"'];
    const others = method === 'DELETE' ? [] : ['[]', '[{}]', '"x"', '5', 'null', 'true', '1e999'];
    for (const body of [...broken, ...others]) {
      const refused = await rollcall.ask(method, path, { headers: KEY, body });
      expect(refused).toMatchObject({ status: 400, json: errorOf(path, 400, 'BadRequest') });
      expect(refused.headers['content-type']).toBe(typeOf(path));
    }
  });

  it.each(BODY_ROUTES)('of %s %s may be empty, whatever is said of its type', async (method, path) => {
    const rollcall = await Rollcall.start();
    const types = ['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'];
    const headers = [{}, ...types.map((type) => ({ 'content-type': type }))];
    const answered = FIELD_ROUTES.includes(path) ? [400] : fineStatuses(path);
    for (const more of headers) {
      const { status } = await rollcall.ask(method, path, { headers: { ...KEY, ...more, 'content-length': '0' } });
      expect(answered).toContain(status);
    }
    const { status } = await rollcall.ask(method, path, { headers: KEY, body: ' \n' });
    expect(answered).toContain(status);
  });

  it.each(BODY_ROUTES)('of %s %s is refused past 64 KiB, said or unsaid', async (method, path) => {
    const rollcall = await Rollcall.start();
    const fitting = JSON.stringify({ x: '' }).length;
    const body = (bytes: number) => JSON.stringify({ x: 'y'.repeat(bytes - fitting) });

    expect((await rollcall.ask(method, path, { headers: KEY, body: body(65_536) })).status).not.toBe(413);
    for (const headers of [KEY, { ...KEY, 'content-type': 'text/plain' }]) {
      const refused = await rollcall.ask(method, path, { headers, body: body(65_537) });
      expect(refused).toMatchObject({ status: 413, json: errorOf(path, 413, 'PayloadTooLarge') });
      expect(refused.headers['content-type']).toBe(typeOf(path));
    }
    const chunked = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${DEMO.apiKey}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n10001\r\n${body(65_537)}\r\n0\r\n\r\n`;
    expect(await rawHttp(rollcall.port, chunked)).toMatch(/^HTTP\/1\.1 413 /);
  });

  it.each(BODY_ROUTES)('of %s %s must be called JSON', async (method, path) => {
    const rollcall = await Rollcall.start();
    const good = [
      'application/json',
      'application/json; charset=utf-8',
      'application/json\t;charset=UTF-8',
      'APPLICATION/JSON',
      ' application/json',
      'application/json;',
    ];
    const bad = [
      'text/plain',
      'text/plain;application/json',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/jsonx',
      'application/ld+json',
      'application',
      ';',
      '*/*',
      'json',
      'text/json',
    ];
    const body = JSON.stringify({ apiKey: DEMO.apiKey, ...fittingBody(path) });

    for (const type of good) {
      expect(fineStatuses(path)).toContain(
        (await rollcall.ask(method, path, { headers: { ...KEY, 'content-type': type }, body })).status,
      );
    }
    for (const type of bad) {
      const refused = await rollcall.ask(method, path, { headers: { ...KEY, 'content-type': type }, body });
      expect(refused).toMatchObject({ status: 415, json: errorOf(path, 415, 'UnsupportedMediaType') });
      expect(refused.headers['content-type']).toBe(typeOf(path));
    }
    const untyped = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${DEMO.apiKey}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
    expect(await rawHttp(rollcall.port, untyped)).toMatch(/^HTTP\/1\.1 415 /);
  });

  it.each(BODY_ROUTES)('of %s %s may be strange in any way, and is answered', async (method, path) => {
    const rollcall = await Rollcall.start();
    const strange = [
      nested('[', ']'),
      nested('{"a":', '}').replace('{"a":}', '{}'),
      '{"__proto__":{"apiKey":"x","channel":5},"constructor":{"prototype":{}},"toString":1}',
      '{"hasOwnProperty":1,"then":{},"toJSON":1,"length":-1}',
      '{"channel":"a","channel":5}',
      '{"expiresInSeconds":1e999,"utcOffset":-1e999,"bot":123456789012345678901234567890}',
      `{"x":${nested('[', ']')}}`,
      `{"channels":["a"],"message":{},"x":${nested('[', ']').slice(10, -10)}}`,
      `{"channels":["a"],"message":${nested('{"a":', '}').slice(75_000, -15_000)}}`,
      '{"channel":"\\ud800","channels":["\\udfff"],"message":{"\\ud800":"\\udfff"}}',
      '{"channels":"__proto__","channel":"constructor","message":{"__proto__":{"a":1}},"includeUsers":null}',
    ];
    for (const body of strange)
      expect((await rollcall.ask(method, path, { headers: KEY, body })).status).toBeLessThan(500);
    expect(({} as { apiKey?: unknown }).apiKey).toBeUndefined();
  });

  it.each([
    ['/message/users', 'channel', [5, {}, [], true, 'x'.repeat(256), 'a\u0000']],
    ['/message/allusers', 'includeUsers', ['true', 1, {}, []]],
    ['/message/allusers', 'dedupeUsers', ['false', 0, {}, []]],
    ['/message/sendmessage', 'channels', [undefined, null, 5, {}, [], '', [''], [5], ['a\n'], Array(101).fill('a')]],
  ])('of %s names a wrong %s', async (path, field, values) => {
    const rollcall = await Rollcall.start();
    for (const value of values) {
      const body = { apiKey: DEMO.apiKey, message: {}, [field]: value };
      const refused = await rollcall.ask('POST', path, { body });
      expect(refused).toMatchObject({
        status: 400,
        json: { ...errorOf(path, 400, 'BadRequest'), errors: [{ field }] },
      });
      expect((refused.json as { message: string }).message).toMatch(new RegExp(`^${field} (at \\d+ )?must .*\\.$`));
    }
  });

  it('of any content gets an answer that is documented, and never a 500', async () => {
    const rollcall = await Rollcall.start();
    const key = fc.constantFrom(
      'apiKey',
      'channel',
      'channels',
      'message',
      'includeUsers',
      'dedupeUsers',
      'email',
      'username',
      'name',
      'utcOffset',
      'avatarETag',
      'bot',
      'expiresInSeconds',
      'role',
      'status',
      'userId',
      'user',
      'expiresAt',
      '__proto__',
      'constructor',
      'x',
    );
    const value = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          'a',
          '',
          null,
          true,
          false,
          0,
          1,
          -1,
          1e308,
          'x'.repeat(300),
          ['a'],
          {},
          [],
          DEMO.apiKey,
          DEMO.userId,
          'busy',
        ),
      },
      fc.jsonValue(),
    );
    const object = fc
      .array(fc.tuple(key, value))
      .map((members) => `{${members.map(([name, of]) => `${JSON.stringify(name)}:${JSON.stringify(of)}`).join(',')}}`);
    const body = fc.oneof({ weight: 4, arbitrary: object }, fc.json(), fc.string({ unit: 'binary' }));
    const rule = fc.asyncProperty(fc.constantFrom(...WRITING), body, async ([method, path], text) => {
      // `ask` itself refuses an answer that openapi.json does not describe.
      expect((await rollcall.ask(method, path, { headers: KEY, body: text })).status).toBeLessThan(500);
    });
    await fc.assert(rule, { numRuns: 500 });
  });
});

describe('a request', () => {
  it.each([...KEY_ROUTES, ...TOKEN_ROUTES, ['GET', '/health/live'] as const])(
    'by a wrong method of the path of %s %s is told the right ones',
    async (_method, path) => {
      const rollcall = await Rollcall.start();
      const right = [...KEY_ROUTES, ...TOKEN_ROUTES, ['GET', '/health/live']]
        .filter(([, other]) => other === path)
        .map(([method]) => method);
      const allowed = right.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method ?? '']));
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) {
        if (allowed.includes(method)) continue;
        for (const headers of [{}, KEY]) {
          const refused = await rollcall.ask(method, path, { headers });
          expect(refused).toMatchObject({ status: 405, json: errorOf(path, 405, 'MethodNotAllowed') });
          expect(String(refused.headers.allow).split(', ').sort()).toEqual([...allowed].sort());
          expect(refused.headers['content-type']).toBe(typeOf(path));
        }
      }
      if (!allowed.includes('HEAD')) {
        expect(await rollcall.ask('HEAD', path, { headers: KEY })).toMatchObject({ status: 405, text: '' });
      }
    },
  );

  it.each([
    '/message/nothing',
    '/message/',
    '/message/users/',
    '/message/__proto__',
    '/api/v1/nothing',
    '/api/v1/',
    '/v1/users',
    '/v1/users/a/b',
    '/v1',
    '/nothing',
    '/constructor',
    '//',
  ])('for %s, where nothing is, is 404 in the shape of its face', async (path) => {
    const rollcall = await Rollcall.start();
    for (const method of ['GET', 'POST', 'DELETE']) {
      const refused = await rollcall.ask(method, path, { headers: KEY });
      expect(refused).toMatchObject({ status: 404, json: errorOf(path, 404, 'NotFound') });
      expect(refused.headers['content-type']).toBe(typeOf(path));
    }
  });

  it.each([
    '/docs/nothing.js',
    '/docs/../package.json',
    '/docs/../../../../../../etc/passwd',
    '/docs/..%2f..%2fpackage.json',
    '/docs/%2e%2e/x',
    '/docs/%00',
    '/docs/%',
  ])('for %s reaches no file, and is no fault of ours', async (path) => {
    const rollcall = await Rollcall.start();
    const { status, text } = await rollcall.ask('GET', path);
    expect(path.includes('/../') ? [404] : [400, 404]).toContain(status);
    expect(text).not.toMatch(/root:|"dependencies"/);
  });

  it.each<Record<string, string>>([
    { range: 'bytes=99999999-' },
    { range: 'x' },
    { 'if-match': '"x"' },
    { 'if-modified-since': 'x' },
    { accept: 'image/png' },
    { 'content-encoding': 'gzip' },
    { cookie: 'x'.repeat(5000) },
  ])('with %j is no fault of ours', async (headers) => {
    const rollcall = await Rollcall.start();
    for (const path of ['/docs/swagger-ui.css', '/health/live']) {
      expect((await rollcall.ask('GET', path, { headers })).status).toBeLessThan(500);
    }
  });

  it('of bytes that are no HTTP is told so, and the next one is answered', async () => {
    const rollcall = await Rollcall.start();
    const hello = Buffer.from('16030100f1010000ed0303', 'hex');
    for (const bytes of [
      'nonsense\r\n\r\n',
      '\r\n\r\n\0\0\0',
      hello,
      'GET / HTTP/9.9\r\n\r\n',
      'GET /\x7f HTTP/1.1\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: localhost\r\nA b: c\r\n\r\n',
    ]) {
      const answer = await rawHttp(rollcall.port, bytes);
      expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n(.*\r\n)*content-type: application\/problem\+json\r\n/);
      expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({ status: 400, code: 'BAD_REQUEST' });
    }
    for (const host of ['', 'Host:\r\n', 'Host: a\r\nHost: b\r\n']) {
      const request = `POST /message/users HTTP/1.1\r\n${host}X-Api-Key: ${DEMO.apiKey}\r\nConnection: close\r\n\r\n`;
      expect(await rawHttp(rollcall.port, request)).toMatch(/^HTTP\/1\.1 40[01] /);
    }
    expect((await rollcall.ask('GET', '/health/live')).status).toBe(200);
  });

  it('of headers without end is cut short at 80 KiB', async () => {
    const rollcall = await Rollcall.start();
    const answer = await rawHttp(
      rollcall.port,
      `GET /health/live HTTP/1.1\r\nHost: localhost\r\nX: ${'y'.repeat(500_000)}`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
  });
});
