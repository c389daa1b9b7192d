import { createHash } from 'node:crypto';
import { type Asking, DEMO, Rollcall } from '../support/rollcall';
import { errorOf, KEY_ROUTES, TOKEN_ROUTES, typeOf } from '../support/routes';
import { asUser, shop, tabOf } from '../support/shop';

const THERE = 'other.example.com';
const ROUTES = [...KEY_ROUTES, ...TOKEN_ROUTES];
const USERS = { method: 'POST', path: '/message/users' };

const twoApps = () =>
  Rollcall.start([shop({ apiKeys: ['key-a'] }), shop({ id: 'b', hosts: [THERE], apiKeys: ['key-b'], users: [] })]);

/** What to send as a key, in each of the three places. */
const placed = (key: string): Asking[] => [
  { body: { apiKey: key } },
  { headers: { authorization: `Bearer ${key}` } },
  { headers: { 'x-api-key': key } },
];

describe('an API key', () => {
  it('is taken from the body, from Authorization and from X-Api-Key', async () => {
    const rollcall = await Rollcall.start();
    const bearer = ['Bearer BFAPI_demo', 'bearer BFAPI_demo', 'BEARER   BFAPI_demo '];
    const askings = [...placed(DEMO.apiKey), ...bearer.map((authorization) => ({ headers: { authorization } }))];
    for (const asking of askings) expect((await rollcall.ask(USERS.method, USERS.path, asking)).status).toBe(201);
  });

  it('counts in the body before Authorization, and there before X-Api-Key', async () => {
    const rollcall = await Rollcall.start();
    const [good, bad] = [DEMO.apiKey, 'nonsense'];
    const ask = async (inBody?: unknown, bearer?: string, header?: string) => {
      const headers = { ...(bearer && { authorization: `Bearer ${bearer}` }), ...(header && { 'x-api-key': header }) };
      return (await rollcall.ask(USERS.method, USERS.path, { body: { apiKey: inBody }, headers })).status;
    };
    expect([await ask(good, bad, bad), await ask(bad, good, good)]).toEqual([201, 401]);
    expect([await ask(undefined, good, bad), await ask(undefined, bad, good)]).toEqual([201, 401]);
    expect([await ask('', undefined, good), await ask(null, good, bad)]).toEqual([201, 201]);
    expect([await ask(5, good, good), await ask({}, good), await ask([good], good)]).toEqual([401, 401, 401]);
  });

  it('may be written as its SHA-256, which is no key itself', async () => {
    const hash = createHash('sha256').update('hashed-key').digest('hex');
    const rollcall = await Rollcall.start([shop({ apiKeys: [`sha256:${hash}`, 'sha256'] })]);
    const statusOf = async (apiKey: string) =>
      (await rollcall.ask(USERS.method, USERS.path, { body: { apiKey } })).status;

    expect([await statusOf('hashed-key'), await statusOf('sha256')]).toEqual([201, 201]);
    expect([await statusOf(`sha256:${hash}`), await statusOf(hash), await statusOf('hashed-key ')]).toEqual([
      401, 401, 401,
    ]);
  });

  it.each(KEY_ROUTES)('is needed, and the right one for the host, on %s %s', async (method, path) => {
    const rollcall = await twoApps();
    const wrong = [
      {},
      ...['key-b', 'key-A', 'key-a\u00e4', '__proto__', 'x'.repeat(20_000), 'token-of-ada'].flatMap(placed),
    ];
    for (const asking of [
      ...wrong,
      ...placed('key-a').map((right) => ({ ...right, host: THERE })),
      { headers: asUser('ada') },
    ]) {
      const refused = await rollcall.ask(method, path, asking);
      expect(refused).toMatchObject({ status: 401, json: errorOf(path, 401, 'NotAuthenticated') });
      expect(refused.headers['content-type']).toBe(typeOf(path));
    }
    const headers = { 'x-api-key': 'key-b' };
    expect([401, 500]).not.toContain((await rollcall.ask(method, path, { host: THERE, headers })).status);
  });

  it('is refused by the letter of the document', async () => {
    const rollcall = await Rollcall.start();
    const [missing, wrong] = [
      await rollcall.ask('POST', '/message/users'),
      await rollcall.message('users', { apiKey: 'x' }),
    ];

    expect(missing.json).toEqual({
      name: 'NotAuthenticated',
      message: 'An API key is missing: send it as "apiKey" in the body or as a header.',
      code: 401,
      className: 'not-authenticated',
    });
    expect(wrong.json).toMatchObject({ message: 'The API key is not valid for this host.' });
  });

  it.each(ROUTES)('and a token are never repeated by an error of %s %s', async (method, path) => {
    const rollcall = await Rollcall.start();
    const secret = 'hunter2-hunter2';
    const headers = { 'x-auth-token': secret, 'x-user-id': DEMO.userId };
    for (const asking of [...placed(secret), { headers }, { body: `{"apiKey":"${secret}"`, headers }]) {
      const { status, text } = await rollcall.ask(method, path, asking);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(text).not.toContain('hunter2');
    }
  });
});

describe('the host', () => {
  it.each(ROUTES)('must be known on %s %s', async (method, path) => {
    const rollcall = await Rollcall.start();
    const headers = { 'x-api-key': DEMO.apiKey, 'x-auth-token': DEMO.token, 'x-user-id': DEMO.userId };
    for (const host of ['unknown.example.com', 'localhost.example.com', 'xlocalhost', '*', 'a b', '127.0.0.2']) {
      const refused = await rollcall.ask(method, path, { host, headers });
      expect(refused).toMatchObject({ status: 401, json: errorOf(path, 401, 'NotAuthenticated') });
    }
  });

  it('is the same with a port, in upper case and with a final dot', async () => {
    const rollcall = await Rollcall.start([shop({ hosts: ['portal.example.com'] })]);
    const ada = await rollcall.open({ ...tabOf('ada'), host: 'Portal.Example.com:8080' });
    for (const host of ['portal.example.com', 'PORTAL.example.COM', 'portal.example.com.', 'portal.example.com:443']) {
      expect((await rollcall.message('users', {}, { host })).json).toHaveProperty([`tab|${ada.id}`]);
    }
  });

  it('belongs to who names it before it belongs to who takes any, each name a scope of its own', async () => {
    const any = shop({ id: 'any', hosts: ['*'], apiKeys: ['any'] });
    const rollcall = await Rollcall.start([any, shop({ id: 'exact', hosts: [THERE], apiKeys: ['exact'] })]);
    const ask = (apiKey: string, host: string) => rollcall.message('users', { apiKey }, { host });
    await rollcall.open({ host: 'one.example.com' });

    expect([(await ask('exact', THERE)).status, (await ask('any', THERE)).status]).toEqual([201, 401]);
    expect((await ask('any', 'one.example.com')).json).toMatchObject({ anonymous: 1 });
    expect((await ask('any', 'two.example.com')).json).toEqual({});
    expect((await ask('any', 'not a name')).status).toBe(401);
    expect((await ask('exact', 'one.example.com')).status).toBe(401);
  });

  it('is the forwarded one behind a proxy that is trusted, and never else', async () => {
    const [plain, trusting] = [await Rollcall.start(), await Rollcall.start(undefined, { TRUST_PROXY: 'true' })];
    const ask = async (rollcall: Rollcall, forwarded: string, host: string) =>
      (await rollcall.message('users', {}, { host, headers: { 'x-forwarded-host': forwarded } })).status;

    expect(await ask(trusting, 'localhost', 'pod-7.internal')).toBe(201);
    expect(await ask(trusting, 'LOCALHOST:443, proxy.internal', 'pod-7.internal')).toBe(201);
    expect(await ask(trusting, 'proxy.internal, localhost', 'localhost')).toBe(401);
    expect(await ask(trusting, '', 'localhost')).toBe(201);
    expect(await ask(plain, 'localhost', 'pod-7.internal')).toBe(401);
    expect(await ask(plain, 'pod-7.internal', 'localhost')).toBe(201);
  });

  it('does not matter to health, documents and the UI', async () => {
    const rollcall = await Rollcall.start();
    for (const path of ['/health/live', '/health/ready', '/openapi.json', '/docs']) {
      expect((await rollcall.ask('GET', path, { host: 'unknown.example.com' })).status).toBe(200);
    }
  });
});

describe('the guards', () => {
  const tricks = (path: string): string[] => {
    const [, first = '', rest = ''] = /^\/([^/]+)\/(.*)$/.exec(path) ?? [];
    return [
      `${path}/`,
      `/${path}`,
      `${path}//`,
      `${path}?x`,
      `${path}?`,
      `${path};x=1`,
      `${path}.json`,
      `${path}%20`,
      `${path}%00`,
      `${path}%2f`,
      `/${first}//${rest}`,
      `/${first}/./${rest}`,
      `/x/../${first}/${rest}`,
      `/${first}%2f${rest}`,
      `/${first}\\${rest}`,
      `/health/..${path}`,
      `/%2e%2e${path}`,
      `/${first.toUpperCase()}/${rest}`,
      `/%${first.charCodeAt(0).toString(16)}${first.slice(1)}/${rest}`,
      `http://localhost${path}`,
      `http://localhost/docs/..${path}`,
      `/docs/../${first}/${rest}`,
      `/docs/..%2f${first}%2f${rest}`,
    ];
  };

  it.each(ROUTES)('stand before %s %s however its path is written', async (method, path) => {
    const rollcall = await Rollcall.start([shop()]);
    const ada = await rollcall.open(tabOf('ada'));
    await ada.join('salesRoom');
    for (const trick of tricks(path)) {
      for (const verb of [method, 'HEAD', 'GET', 'POST', 'OPTIONS']) {
        const { status, text } = await rollcall.ask(verb, trick, verb === 'POST' ? { body: {} } : {});
        expect([400, 401, 404, 405]).toContain(status);
        expect(text).not.toMatch(/ada|salesRoom|"full"/);
      }
    }
    expect(ada.socket.connected).toBe(true);
  });

  it('answer in the shape of the route, not of its spelling', async () => {
    const rollcall = await Rollcall.start();
    for (const path of ['/%6dessage/users', 'http://localhost/message/users', '/message/user%73']) {
      expect((await rollcall.ask('POST', path)).json).toMatchObject(errorOf('/message/users', 401, 'NotAuthenticated'));
    }
  });
});

describe('CORS', () => {
  const PORTAL = 'https://portal.example.com';
  const preflight = {
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'content-type,x-api-key',
  };
  const allowOrigin = 'access-control-allow-origin';

  it('lets any origin in when the app names none', async () => {
    const rollcall = await Rollcall.start();
    const asked = await rollcall.ask('OPTIONS', '/message/users', { headers: { origin: PORTAL, ...preflight } });
    const answered = await rollcall.presence('', { headers: { origin: PORTAL } });

    expect(asked).toMatchObject({ status: 204, text: '', headers: { [allowOrigin]: '*' } });
    for (const name of ['Content-Type', 'Authorization', 'X-Api-Key', 'X-Auth-Token', 'X-User-Id']) {
      expect(asked.headers['access-control-allow-headers']).toContain(name);
    }
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
      expect(asked.headers['access-control-allow-methods']).toContain(method);
    }
    expect(answered.headers[allowOrigin]).toBe('*');
    expect(answered.headers['access-control-expose-headers']).toMatch(/X-Rollcall-Time.*X-RateLimit-Remaining/);
    expect(answered.headers).not.toHaveProperty('access-control-allow-credentials');
  });

  it("lets in the origins on the app's list, and the host's own", async () => {
    const rollcall = await Rollcall.start([shop({ origins: [PORTAL] })]);
    for (const origin of [PORTAL, 'http://localhost', 'https://localhost']) {
      const asked = await rollcall.ask('OPTIONS', '/message/users', { headers: { origin, ...preflight } });
      const answered = await rollcall.message('users', {}, { headers: { origin } });

      expect(asked).toMatchObject({ status: 204, headers: { [allowOrigin]: origin } });
      expect(answered).toMatchObject({ status: 201, headers: { [allowOrigin]: origin, vary: 'Origin' } });
    }
  });

  it("takes a trusted proxy's word for the host's own", async () => {
    const rollcall = await Rollcall.start([shop({ origins: [PORTAL] })], { TRUST_PROXY: 'true' });
    const headers = { origin: 'https://localhost', 'x-forwarded-host': 'localhost' };
    const { headers: answered } = await rollcall.message('users', {}, { host: 'pod-7.internal', headers });
    expect(answered[allowOrigin]).toBe('https://localhost');
  });

  it('says nothing of the kind to another origin, nor for an unknown host', async () => {
    const rollcall = await Rollcall.start([shop({ origins: [PORTAL] })]);
    const others = ['https://evil.example.com', `${PORTAL}.evil.com`, 'http://portal.example.com', 'null', 'x'];
    const askings = [...others.map((origin) => ({ origin, host: 'localhost' })), { origin: PORTAL, host: 'unknown' }];
    for (const { origin, host } of askings) {
      const asked = await rollcall.ask('OPTIONS', '/message/users', { host, headers: { origin, ...preflight } });
      const answered = await rollcall.message('users', {}, { host, headers: { origin } });

      expect(asked.status).toBeGreaterThanOrEqual(400);
      for (const { headers } of [asked, answered]) expect(headers).not.toHaveProperty(allowOrigin);
    }
  });
});
