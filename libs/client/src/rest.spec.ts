import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stopAfterTest } from '../../../test/support/teardown';
import { rest } from './rest';

interface Asked {
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server that answers everything as the test says, and tells what it was asked. */
async function answering(answer: (response: ServerResponse) => void) {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      asked.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stopAfterTest(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const saying =
  (status: number, body: unknown, headers: Record<string, string> = {}) =>
  (response: ServerResponse): void => {
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  };

const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => error,
  );

describe('A REST client', () => {
  it('puts the key, the path, the query and the body where they belong', async () => {
    const { asked, url } = await answering(saying(200, {}));
    const api = rest(`${url}/base//`, { apiKey: 'k' });
    await api.get('/v1/channels/{channel}/members', { path: { channel: 'a/b?ü __proto__' }, query: { limit: 5 } });
    await api.post('/message/users', { body: { channel: 'x' } });
    await api.post('/message/users');
    await api.delete('/v1/users/{id}/tokens', { path: { id: 'ada' } });
    expect(asked.map(({ line, body }) => [line, body])).toEqual([
      ['GET /base/v1/channels/a%2Fb%3F%C3%BC%20__proto__/members?limit=5', ''],
      ['POST /base/message/users', '{"channel":"x"}'],
      ['POST /base/message/users', '{}'],
      ['DELETE /base/v1/users/ada/tokens', ''],
    ]);
    for (const { headers } of asked) expect(headers.authorization).toBe('Bearer k');
    expect(asked.map(({ headers }) => headers['content-type'])).toEqual([
      undefined,
      'application/json',
      'application/json',
      undefined,
    ]);
  });

  it("sends a user's credentials, and lists as they are", async () => {
    const { asked, url } = await answering(saying(200, {}));
    const api = rest(url, { token: 't', userId: 'ada' });
    await api.get('/api/v1/users.presence', { query: { ids: ['a', 'b,c'], from: undefined } });
    expect(asked[0]).toMatchObject({
      line: 'GET /api/v1/users.presence?ids=a&ids=b%2Cc',
      headers: { 'x-auth-token': 't', 'x-user-id': 'ada' },
    });
  });

  it('reads the body and the headers of ours', async () => {
    const headers = {
      'X-Rollcall-Cursor': 'e.1.t',
      'X-Rollcall-Stale': '3',
      'X-Rollcall-Dc': 'us-east-1=live, eu-west-1=stale;age=12, ap-south-1=missing',
    };
    const { url } = await answering(saying(201, { _total: {} }, headers));
    const answer = await rest(url, { apiKey: 'k' }).post('/message/allusers');
    expect(answer).toMatchObject({
      status: 201,
      body: { _total: {} },
      cursor: 'e.1.t',
      staleSeconds: 3,
      datacenters: [
        { dc: 'us-east-1', state: 'live' },
        { dc: 'eu-west-1', state: 'stale', ageSeconds: 12 },
        { dc: 'ap-south-1', state: 'missing' },
      ],
    });
    expect(answer.headers.get('x-rollcall-stale')).toBe('3');
  });

  it('has no body where there is none', async () => {
    const { url } = await answering(saying(204, ''));
    const answer = await rest(url, { apiKey: 'k' }).delete('/v1/users/{id}', { path: { id: 'ada' } });
    expect(answer).toEqual({ status: 204, body: undefined, headers: expect.anything() as unknown });
  });

  it.each([
    [
      400,
      { code: 'CHANNEL_NAME_INVALID', detail: 'channel is empty.', field: 'channel' },
      'CHANNEL_NAME_INVALID',
      'channel is empty.',
      'channel',
    ],
    [401, { name: 'NotAuthenticated', message: 'No.', code: 401 }, 'NOT_AUTHENTICATED', 'No.', undefined],
    [400, { message: 'No.', code: 400, errors: [{ field: 'apiKey', message: 'No.' }] }, 'BAD_REQUEST', 'No.', 'apiKey'],
    [429, { success: false, error: 'Slow down.' }, 'RATE_LIMITED', 'Slow down.', undefined],
    [502, '<html>', 'UNAVAILABLE', 'The service answered 502.', undefined],
    [500, '', 'INTERNAL', 'The service answered 500.', undefined],
    [418, 'null', 'BAD_REQUEST', 'The service answered 418.', undefined],
  ])('turns a %i of any family into an error with a code: %j', async (status, body, code, message, field) => {
    const { url } = await answering(saying(status, body, { 'Retry-After': '7' }));
    const error = await caught(rest(url, { apiKey: 'k' }).get('/v1/pods'));
    expect(error).toMatchObject({ name: 'RollcallError', code, message, status, retryAfterSeconds: 7 });
    expect((error as { field?: string }).field).toBe(field);
  });

  it.each(['', '.', '..'])('refuses %j in a path, which would be another route', async (id) => {
    const { asked, url } = await answering(saying(200, {}));
    const error = await caught(rest(url, { apiKey: 'k' }).get('/v1/users/{id}', { path: { id } }));
    expect(error).toMatchObject({ code: 'BAD_REQUEST', field: 'id' });
    expect(asked).toEqual([]);
  });

  it('says when the answer is no JSON, when nobody answers, and when it takes too long', async () => {
    const { url: page } = await answering(saying(200, '<html>'));
    const { url: silent } = await answering(() => undefined);
    const { url: half } = await answering((response) => void response.writeHead(200).write('{'));
    const { url: cut } = await answering((response) => void response.destroy());
    const codes = [page, silent, half, cut].map(async (url) => {
      const error = await caught(rest(url, { apiKey: 'k' }, { timeoutMs: 100 }).get('/v1/pods'));
      return (error as { code: unknown }).code;
    });
    expect(await Promise.all(codes)).toEqual(['UNREACHABLE', 'TIMEOUT', 'TIMEOUT', 'UNREACHABLE']);
  });

  it('follows no redirect, which would take the credentials elsewhere, and says so', async () => {
    const { asked, url: other } = await answering(saying(200, {}));
    const says = 'The answer is a redirect, which is not followed: name the address where it leads.';
    const [key, user] = [{ apiKey: 'k' }, { token: 't', userId: 'ada' }];
    for (const status of [301, 302, 303, 307, 308]) {
      const { url } = await answering(saying(status, '', { location: `${other}/v1/pods` }));
      for (const credentials of [key, user]) {
        const error = await caught(rest(url, credentials).get('/v1/pods'));
        expect(error).toMatchObject({ code: 'UNREACHABLE', message: says });
      }
      expect(await caught(rest(url, key).post('/message/users'))).toMatchObject({ message: says });
    }
    expect(asked).toEqual([]);
  });

  it('says so where a browser tells nothing else of a redirect', async () => {
    const opaque = { type: 'opaqueredirect', status: 0, text: () => Promise.resolve('') } as Response;
    const given = jest.fn<ReturnType<typeof fetch>, Parameters<typeof fetch>>(() => Promise.resolve(opaque));
    const error = await caught(rest('http://a', { apiKey: 'k' }, { fetch: given }).get('/v1/pods'));
    expect(error).toMatchObject({ code: 'UNREACHABLE', message: expect.stringContaining('redirect') as unknown });
    expect(given.mock.calls[0]?.[1]).toMatchObject({ redirect: 'manual' });
  });

  it('can be called off', async () => {
    const { url } = await answering(() => undefined);
    const [early, late] = [new AbortController(), new AbortController()];
    early.abort('early');
    const api = rest(url, { apiKey: 'k' });
    const asked = [early, late].map(({ signal }) => caught(api.get('/v1/pods', { signal })));
    late.abort('late');
    expect(await Promise.all(asked)).toEqual(['early', 'late']);
  });
});
