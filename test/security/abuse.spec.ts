import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { DEMO, Rollcall } from '../support/rollcall';
import { rawHttp } from '../support/raw-http';
import { fittingBody, KEY_ROUTES, TOKEN_ROUTES } from '../support/routes';
import { jwtOf, shop, tabOf, tokenOf, type WrittenApp } from '../support/shop';

const THERE = 'other.example.com';
const SECRET = 'a-long-secret-of-the-back-end-that-nobody-can-guess';
const PAIR = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = PAIR.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const SECRETS_SHOWN = /ada@example\.com|Ada Lovelace|token-of|BFAPI_demo|BEGIN PUBLIC KEY|a-long-secret/;

const now = (): number => Math.floor(Date.now() / 1000);
const part = (json: object): string => Buffer.from(JSON.stringify(json)).toString('base64url');
const forged = (header: object, claims: object, signature = ''): string =>
  `${part(header)}.${part(claims)}.${signature}`;

/** An RSA key's public half, taken for an HMAC secret. */
function confused(): string {
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'ada', iat: now() })}`;
  return `${signed}.${createHmac('sha256', PEM).update(signed).digest('base64url')}`;
}

const good = { sub: 'ada', iat: now() };
const kids = ['../../../etc/passwd', "' OR 1=1 --", '__proto__', 'http://127.0.0.1:1/keys', 'k'.repeat(8000), '\0'];
const BAD_TOKENS: readonly (readonly [what: string, token: () => string])[] = [
  ['of another user', () => tokenOf('bob')],
  ['of another app', () => 'token-of-the-other-app'],
  ['a key of the app', () => DEMO.apiKey],
  ['expired', () => jwtOf({ ...good, exp: now() - 60 }, SECRET)],
  ['not yet valid', () => jwtOf({ ...good, nbf: now() + 3600 }, SECRET)],
  ['signed by somebody else', () => jwtOf(good, 'another-secret-of-another-back-end-somewhere')],
  ['without a signature', () => jwtOf(good, SECRET).replace(/[^.]+$/, '')],
  ['with its claims exchanged', () => jwtOf(good, SECRET).replace(/\.[^.]+\./, `.${part({ ...good, sub: 'root' })}.`)],
  ['with alg none', () => forged({ alg: 'none', typ: 'JWT' }, good)],
  ['with alg NoNe and a signature', () => forged({ alg: 'NoNe' }, good, 'AAAA')],
  ['with alg RS256', () => forged({ alg: 'RS256' }, good, 'AAAA')],
  [
    'with a key of its own',
    () => forged({ alg: 'RS256', jwk: PAIR.publicKey.export({ format: 'jwk' }) }, good, 'AAAA'),
  ],
  [
    'with a key elsewhere',
    () => forged({ alg: 'RS256', jku: 'http://127.0.0.1:1/', x5u: 'http://127.0.0.1:1/' }, good, 'AA'),
  ],
  ['HMAC with a public key', confused],
  ...kids.map(
    (kid) =>
      [`with kid ${JSON.stringify(kid).slice(0, 30)}`, () => jwtOf(good, 'guess', { alg: 'HS256', kid })] as const,
  ),
  ['malformed', () => 'a.b.c'],
  ['dots', () => '...'],
  ['of 20,000 characters', () => 'x'.repeat(20_000)],
  ['__proto__', () => '__proto__'],
];

const APPS: WrittenApp[] = [
  shop({ jwt: { algorithms: ['HS256'], secret: SECRET } }),
  shop({
    id: 'keyed',
    hosts: ['keyed.example.com'],
    apiKeys: ['key-of-keyed'],
    anonymous: false,
    users: [],
    jwt: { algorithms: ['RS256'], publicKeys: [PEM] },
  }),
  shop({
    id: 'other',
    hosts: [THERE],
    apiKeys: ['key-of-other'],
    users: [{ id: 'ada', tokens: ['token-of-the-other-app'] }],
  }),
];

/** A shop with somebody in it whom nobody may see. */
async function open(): Promise<Rollcall> {
  const rollcall = await Rollcall.start(APPS);
  const ada = await rollcall.open(tabOf('ada'));
  await ada.join('salesRoom');
  return rollcall;
}

describe('A token that is no good', () => {
  it('is told from one that is', async () => {
    const rollcall = await open();
    const signed = `${part({ alg: 'RS256' })}.${part(good)}`;
    const keyed = `${signed}.${sign('sha256', Buffer.from(signed), PAIR.privateKey).toString('base64url')}`;
    for (const [host, token] of [
      ['localhost', jwtOf(good, SECRET)],
      ['localhost', tokenOf('ada')],
      ['keyed.example.com', keyed],
    ] as const) {
      const headers = { 'x-auth-token': token, 'x-user-id': 'ada' };
      expect(await rollcall.ask('GET', '/api/v1/users.presence', { host, headers })).toMatchObject({ status: 200 });
      (await rollcall.open({ host, token, userId: 'ada' })).close();
    }
  });

  it.each(TOKEN_ROUTES)('opens %s %s for nobody', async (method, path) => {
    const rollcall = await open();
    for (const [what, token] of BAD_TOKENS) {
      for (const host of ['localhost', 'keyed.example.com']) {
        const headers = { 'x-auth-token': token().replace(/[^\x20-\x7e]/g, ''), 'x-user-id': 'ada' };
        const body = method === 'POST' ? fittingBody(path) : undefined;
        const { status, text } = await rollcall.ask(method, path, { host, headers, body });
        expect([what, status]).toEqual([what, 401]);
        expect(text).not.toMatch(SECRETS_SHOWN);
      }
    }
  });

  it('lets no socket in, nor keeps one', async () => {
    const rollcall = await open();
    for (const [what, token] of BAD_TOKENS) {
      // Ten of them are looked at over one connection, and then no more for a while.
      const ada = await rollcall.open(tabOf('ada'));
      for (const host of ['localhost', 'keyed.example.com']) {
        const refused = rollcall.open({ host, token: token(), userId: 'ada' });
        await expect(refused).rejects.toMatchObject({ code: 'NOT_AUTHENTICATED' });
        await expect(refused).rejects.not.toMatchObject({ message: expect.stringMatching(SECRETS_SHOWN) as string });
      }
      expect([what, await ada.ask('auth:refresh', { token: token() })]).toMatchObject([
        what,
        { ok: false, error: { code: 'NOT_AUTHENTICATED' } },
      ]);
      expect(await ada.join('after')).toMatchObject({ ok: true });
      ada.close();
    }
  });
});

describe('Ways round the door', () => {
  const tricks = (path: string): string[] => [
    ...[`${path}/`, `/${path}`, `//${path}`, `/.${path}`, `/./${path}`, `/x/..${path}`, path.replace(/\//g, '//')],
    ...[path.replace(/\/(?=[^/]*$)/, '%2f'), path.replace(/\/(?=[^/]*$)/, '%2F'), path.replace(/\//g, '%2f')],
    ...[
      `${path};`,
      `${path};x=1`,
      `${path}%00`,
      `${path}%20`,
      `${path}.json`,
      `${path}?`,
      `${path}#x`,
      path.toUpperCase(),
    ],
    ...[`${path}%2e%2e`, `http://localhost${path}`, `${path}\\`, path.replace(/e/g, '%65')],
  ];

  it.each([...KEY_ROUTES, ...TOKEN_ROUTES])('are shut on %s %s', async (method, path) => {
    const rollcall = await open();
    const body = JSON.stringify(fittingBody(path));
    const ask = (verb: string, target: string, type = 'application/json'): Promise<string> =>
      rawHttp(
        rollcall.port,
        `${verb} ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: ${type}\r\n` +
          `Content-Length: ${body.length}\r\n\r\n${body}`,
      );
    const check = (what: string, answer: string): void => {
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
      expect([what, status >= 400 && status < 500]).toEqual([what, true]);
      expect(answer).not.toMatch(SECRETS_SHOWN);
    };
    for (const target of tricks(path)) check(`${method} ${target}`, await ask(method, target));
    for (const verb of ['HEAD', 'GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'TRACE']) check(verb, await ask(verb, path));
    for (const type of [
      ' application/json',
      'application/json\t',
      'application/json;',
      'text/json',
      'a/b',
      '',
      'application/jsonx',
    ]) {
      check(`Content-Type: ${JSON.stringify(type)}`, await ask(method, path, type));
    }
    for (const override of ['X-HTTP-Method-Override: GET', 'X-Original-URL: /health/live', 'X-Rewrite-URL: /docs']) {
      const answer = await rawHttp(
        rollcall.port,
        `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${override}\r\nContent-Length: 0\r\n\r\n`,
      );
      check(override, answer);
    }
  });

  it('are shut for a key at a host that is not its app’s', async () => {
    const rollcall = await open();
    for (const [method, path] of KEY_ROUTES) {
      for (const [host, key] of [
        [THERE, DEMO.apiKey],
        ['localhost', 'key-of-other'],
        ['unknown.example.com', DEMO.apiKey],
        ['LOCALHOST.', 'key-of-other'],
      ] as const) {
        const body = method === 'GET' ? undefined : fittingBody(path);
        const { status, text } = await rollcall.ask(method, path, { host, headers: { 'x-api-key': key }, body });
        expect([method, path, host, status]).toEqual([method, path, host, 401]);
        expect(text).not.toMatch(SECRETS_SHOWN);
      }
    }
  });
});
