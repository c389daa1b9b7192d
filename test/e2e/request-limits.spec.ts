import { type Answer, DEMO, Rollcall } from '../support/rollcall';
import { shop } from '../support/shop';

const OTHER = 'other.example.com';
const SECOND = 'the second key';

const start = (requestsPerMinute?: number): Promise<Rollcall> =>
  Rollcall.start([
    shop({ hosts: ['localhost', 'shop.example.com'], apiKeys: [DEMO.apiKey, SECOND], limits: { requestsPerMinute } }),
    shop({ id: 'other', hosts: [OTHER], limits: { requestsPerMinute } }),
  ]);

const LIMIT_HEADERS = /ratelimit|retry-after/;
const limitHeaders = ({ headers }: Answer): object =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => LIMIT_HEADERS.test(name)));

describe('Requests with an API key', () => {
  it('are not counted, unless the app says so', async () => {
    const rollcall = await start();
    expect(limitHeaders(await rollcall.message('users'))).toEqual({});
  });

  it('are told what is left, in both ways', async () => {
    const rollcall = await start(10);
    const before = Date.now();
    const { headers } = await rollcall.message('users');
    expect(headers).toMatchObject({
      'x-ratelimit-limit': '10',
      'x-ratelimit-remaining': '9',
      'ratelimit-policy': '"requests";q=10;w=60',
    });
    expect(headers.ratelimit).toMatch(/^"requests";r=9;t=(60|59)$/);
    expect(headers).not.toHaveProperty('retry-after');
    expect(Number(headers['x-ratelimit-reset'])).toBeGreaterThan(before + 50_000);
    expect(Number(headers['x-ratelimit-reset'])).toBeLessThanOrEqual(Date.now() + 60_000);
  });

  it('are refused one over the limit, in the words of each face, and told when to come again', async () => {
    const rollcall = await start(3);
    for (let left = 2; left >= 0; left -= 1) {
      const answer = await (left === 1 ? rollcall.native('GET', '/v1/pods') : rollcall.message('channels'));
      expect(answer.status).toBeLessThan(300);
      expect(answer.headers['x-ratelimit-remaining']).toBe(String(left));
    }
    const [message, native] = [await rollcall.message('users'), await rollcall.native('GET', '/v1/pods')];
    for (const { headers } of [message, native]) {
      const seconds = Number(headers['retry-after']);
      expect([60, 59]).toContain(seconds);
      expect(headers).toMatchObject({ 'x-ratelimit-remaining': '0', ratelimit: `"requests";r=0;t=${seconds}` });
    }
    const text = /^At most 3 requests a minute are taken; try again in \d+ seconds\.$/;
    expect(message).toMatchObject({
      status: 429,
      json: { name: 'TooManyRequests', code: 429, className: 'too-many-requests' },
    });
    expect((message.json as { message: string }).message).toMatch(text);
    expect(native).toMatchObject({ status: 429, json: { status: 429, code: 'RATE_LIMITED' } });
    expect((native.json as { detail: string }).detail).toMatch(text);
    expect(native.headers['content-type']).toBe('application/problem+json');
  });

  it('are counted by key and app, whatever the host, and not where they were refused', async () => {
    const rollcall = await start(2);
    for (let n = 0; n < 5; n += 1) {
      const refused = await rollcall.message('users', { apiKey: 'wrong' });
      expect(refused.status).toBe(401);
      expect(limitHeaders(refused)).toEqual({});
    }
    const left = async (asking: { host?: string; apiKey?: string }): Promise<unknown> => {
      const { apiKey = DEMO.apiKey, host } = asking;
      return (await rollcall.message('users', { apiKey }, host === undefined ? {} : { host })).headers[
        'x-ratelimit-remaining'
      ];
    };
    expect(await left({})).toBe('1');
    expect(await left({ host: 'shop.example.com' })).toBe('0');
    expect(await left({ apiKey: SECOND })).toBe('1');
    expect(await left({ host: OTHER })).toBe('1');
    expect((await rollcall.message('users')).status).toBe(429);
    expect((await rollcall.message('users', { apiKey: SECOND })).status).toBe(201);
  });

  it('do not count against users, who have a limit of their own', async () => {
    const rollcall = await start(1);
    expect((await rollcall.message('users')).status).toBe(201);
    expect((await rollcall.presence()).headers['x-ratelimit-remaining']).toBe('1199');
  });
});
