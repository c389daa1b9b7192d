import { Logger } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { eventually } from '../../test/support/eventually';
import { JwksServer } from '../../test/support/jwks-server';
import { signed, type SigningKey, signingKey } from '../../test/support/signing-keys';
import type { JwtRules } from '../config/app';
import { jwtRules } from '../config/jwt-rules';
import { JwtVerifier } from './jwt.verifier';
import {
  COOLDOWN_MS,
  FAULT_KNOWN_MS,
  FETCH_TIMEOUT_MS,
  KEPT_MS,
  KEYS_MAX,
  PAGE_MAX_BYTES,
  REFRESH_MS,
  UNKNOWN_MS,
} from './remote-keys';

const ISSUER = 'https://login.example.com';

const rulesOf = (jwksUrl: string, more: object = {}): JwtRules =>
  jwtRules.parse({ algorithms: ['ES256', 'RS256'], jwksUrl, issuer: ISSUER, ...more });

const tokenOf = (key: SigningKey, kid: string | undefined = key.jwk.kid as string, claims: object = {}) =>
  signed(key, { iss: ISSUER, ...claims }, kid === undefined ? {} : { kid });

const KEY = 'No key that this app takes fits the token.';
const unavailable = { code: 'UNAVAILABLE' };
const refused = (message: string) => ({ code: 'NOT_AUTHENTICATED', message });

describe('Keys from a URL', () => {
  let one: SigningKey;
  let two: SigningKey;
  let nowMs: number;
  let warnings: string[];
  let news: string[];

  beforeAll(async () => {
    [one, two] = await Promise.all([signingKey('ES256', { kid: 'one' }), signingKey('ES256', { kid: 'two' })]);
  });

  beforeEach(() => {
    nowMs = 1_000_000;
    jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
    [warnings, news] = [[], []];
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((text: string) => void warnings.push(text));
    jest.spyOn(Logger.prototype, 'log').mockImplementation((text: string) => void news.push(text));
  });

  afterEach(() => void jest.restoreAllMocks());

  async function started(...keys: readonly SigningKey[]) {
    const server = await JwksServer.start(...keys);
    const verifier = new JwtVerifier();
    const rules = rulesOf(server.url);
    return { server, verifier, rules, verify: (token: string) => verifier.verify(rules, token) };
  }

  it('are fetched once, for any number of tokens at once', async () => {
    const { server, verify } = await started(one, two);
    const tokens = [await tokenOf(one), await tokenOf(two), await tokenOf(one, undefined)];
    await Promise.all(Array.from({ length: 60 }, (_, n) => verify(tokens[n % 3] ?? '')));
    nowMs += REFRESH_MS;
    await Promise.all(tokens.map(verify));
    expect(server.asked).toEqual(['/jwks.json']);
  });

  it('are not waited for in a place that others could have', async () => {
    const { server, verifier, rules } = await started(one);
    const entered: number[] = [];
    const silent: ServerResponse[] = [];
    server.answer = (response) => void silent.push(response);
    const enter = () => {
      entered.push(server.asked.length);
      return Promise.resolve(() => undefined);
    };
    const verified = verifier.verify(rules, await tokenOf(one), enter);
    await eventually(() => expect(silent).toHaveLength(1));
    expect(entered).toEqual([]);
    for (const response of silent) server.answerWith(response, { keys: server.keys });
    await verified;
    expect(entered).toEqual([1]);
  });

  it('follow a rotation: a new key with its first token, a withdrawn one after a while', async () => {
    const { server, verify } = await started(one);
    await verify(await tokenOf(one));
    server.publish(two);
    nowMs += COOLDOWN_MS;
    await verify(await tokenOf(two));
    expect(server.asked).toHaveLength(2);
    await expect(verify(await tokenOf(one))).rejects.toMatchObject(refused(KEY));

    server.publish(one);
    nowMs += REFRESH_MS + 1;
    await expect(verify(await tokenOf(two))).rejects.toMatchObject(refused(KEY));
    await verify(await tokenOf(one));
    expect(server.asked).toHaveLength(3);
  });

  it('let in every one of many who come at once with a new key', async () => {
    const { server, verify } = await started(one);
    await verify(await tokenOf(one));
    server.publish(one, two);
    nowMs += COOLDOWN_MS;
    const token = await tokenOf(two);
    const comers: Promise<unknown>[] = [];
    // Some before the keys are there, some at the very moment, some after.
    while (server.asked.length < 2 || comers.length < 200) {
      comers.push(verify(token));
      await new Promise(setImmediate);
    }
    await Promise.all(comers);
    expect(server.asked).toHaveLength(2);
  });

  it('are fetched at most once in a cool-down, whatever storm of unknown names comes', async () => {
    const { server, verify } = await started(one);
    await verify(await tokenOf(one));
    const storm = async (name: string): Promise<void> => {
      const tokens = await Promise.all(Array.from({ length: 200 }, (_, n) => tokenOf(two, `${name} ${n}`)));
      const outcomes = await Promise.allSettled(tokens.map(verify));
      expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['rejected']));
    };
    await storm('at once');
    expect(server.asked).toHaveLength(1);
    for (let round = 1; round <= 5; round += 1) {
      nowMs += COOLDOWN_MS;
      await storm(`in round ${round}`);
      await storm(`again in round ${round}`);
      expect(server.asked).toHaveLength(1 + round);
    }
    await verify(await tokenOf(one));
  });

  it('are not fetched for a name that was just found missing, until a while has passed', async () => {
    const { server, verify } = await started(one);
    const lost = await tokenOf(two, 'lost');
    await verify(await tokenOf(one));
    nowMs += COOLDOWN_MS;
    await expect(verify(lost)).rejects.toMatchObject(refused(KEY));
    expect(server.asked).toHaveLength(2);
    for (let passedMs = COOLDOWN_MS; passedMs < UNKNOWN_MS; passedMs += COOLDOWN_MS) {
      nowMs += COOLDOWN_MS;
      await expect(verify(lost)).rejects.toMatchObject(refused(KEY));
    }
    expect(server.asked).toHaveLength(2);
    // Another name is a reason to ask, and what is found then counts at once.
    server.keys = [one.jwk, { ...two.jwk, kid: 'lost' }];
    await expect(verify(await tokenOf(two, 'other'))).rejects.toMatchObject(refused(KEY));
    await verify(lost);
    expect(server.asked).toHaveLength(3);
  });

  it('are kept and used while the URL does not answer, up to a bound', async () => {
    const { server, verify } = await started(one);
    const token = await tokenOf(one);
    await verify(token);
    await server.stop();
    for (nowMs += REFRESH_MS; nowMs <= 1_000_000 + KEPT_MS; nowMs += KEPT_MS / 7) await verify(token);
    nowMs = 1_000_000 + KEPT_MS + 1;
    await expect(verify(token)).rejects.toMatchObject(unavailable);
  });

  it('are asked for again after a failure, once in a cool-down, and nobody is let in meanwhile', async () => {
    const { server, verify } = await started(one);
    const answer = server.answer;
    server.answer = (response) => server.answerWith(response, {}, 500);
    const token = await tokenOf(one);
    for (let round = 0; round < 3; round += 1) {
      const outcomes = await Promise.allSettled([verify(token), verify(token), verify(token)]);
      for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: unavailable });
      expect(server.asked).toHaveLength(round + 1);
      nowMs += COOLDOWN_MS;
    }
    server.answer = answer;
    await verify(token);
    // An outage is told once, and its end once.
    expect(warnings).toEqual([`The keys at ${server.url} cannot be fetched: it answered 500.`]);
    expect(news).toEqual([`The keys at ${server.url} can be fetched again.`]);
  });

  it('keep nobody waiting for a URL that is known to hang, as long as there are some', async () => {
    const { server, verify } = await started(one);
    const token = await tokenOf(one);
    await verify(token);
    server.answer = () => undefined;
    nowMs += REFRESH_MS + 1;
    const sentAt = Date.now();
    await verify(token);
    const waitedMs = Date.now() - sentAt;
    expect(waitedMs).toBeGreaterThan(FETCH_TIMEOUT_MS - 100);
    nowMs += COOLDOWN_MS;
    const sentAgainAt = Date.now();
    await verify(token);
    expect(Date.now() - sentAgainAt).toBeLessThan(FETCH_TIMEOUT_MS);
    await eventually(() => expect(server.asked).toHaveLength(3));
  });

  it('are not taken for good after a failure of long ago, by none of those who come at once', async () => {
    const { server, verify } = await started(one, two);
    const answer = server.answer;
    const token = await tokenOf(one);
    await verify(token);
    server.answer = (response) => server.answerWith(response, {}, 500);
    nowMs += REFRESH_MS + 1;
    await verify(token);
    // It answers again, and nobody has come since.
    server.answer = answer;
    server.keys = [two.jwk];
    nowMs += FAULT_KNOWN_MS;
    const outcomes = await Promise.allSettled([verify(token), verify(token), verify(token)]);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: refused(KEY) });
    await verify(await tokenOf(two));
  });

  it.each<[what: string, reason: string, misbehave: (server: JwksServer) => void]>([
    [
      'is a redirect',
      'it answered 302',
      (server) => (server.answer = (response) => response.writeHead(302, { location: '/other' }).end()),
    ],
    [
      'is too large',
      'it answered more than 65536 bytes',
      (server) => (server.keys = [{ kid: 'x'.repeat(PAGE_MAX_BYTES) }]),
    ],
    [
      'never ends',
      'it answered more than 65536 bytes',
      (server) => (server.answer = (response) => endless(response.writeHead(200))),
    ],
    [
      'has too many keys',
      'it has more than 32 keys',
      (server) => (server.keys = Array.from({ length: KEYS_MAX + 1 }, () => ({ kty: 'EC' }))),
    ],
    [
      'is no JSON',
      'what it answered is no set of keys',
      (server) => (server.answer = (response) => server.answerWith(response, '<html>')),
    ],
    [
      'is no set of keys',
      'what it answered is no set of keys',
      (server) => (server.answer = (response) => server.answerWith(response, { keys: {} })),
    ],
    [
      'is null',
      'what it answered is no set of keys',
      (server) => (server.answer = (response) => server.answerWith(response, 'null')),
    ],
    ['is empty', 'it answered 204', (server) => (server.answer = (response) => response.writeHead(204).end())],
    ['breaks off', 'other side closed', (server) => (server.answer = (response) => response.writeHead(200).destroy())],
  ])('are none when the answer %s', async (_what, reason, misbehave) => {
    const { server, verify } = await started(one);
    misbehave(server);
    await expect(verify(await tokenOf(one))).rejects.toMatchObject(unavailable);
    expect(server.asked).toEqual(['/jwks.json']);
    expect(warnings).toContain(`The keys at ${server.url} cannot be fetched: ${reason}.`);
  });

  it('are none when the answer takes too long', async () => {
    const { server, verify } = await started(one);
    server.answer = (response) => void response.writeHead(200).write('{');
    const sentAt = Date.now();
    await expect(verify(await tokenOf(one))).rejects.toMatchObject(unavailable);
    expect(Date.now() - sentAt).toBeLessThan(2 * FETCH_TIMEOUT_MS);
  });

  it('must fit in kind, algorithm and use', async () => {
    const [rsa, small] = [await signingKey('RS256', { kid: 'rsa' }), await signingKey('RS256', { kid: 'small' })];
    const { server, rules, verifier } = await started();
    const hs = { kty: 'oct', k: Buffer.from('a secret that everybody may read').toString('base64url'), kid: 'hs' };
    const as = (keys: readonly object[], key: SigningKey, kid: string) => {
      server.keys = keys;
      nowMs += REFRESH_MS + 1;
      return tokenOf(key, kid).then((token) => verifier.verify(rules, token));
    };
    expect((await as([hs, { ...rsa.jwk, use: 'sig', alg: 'RS256' }], rsa, 'rsa')).payload.sub).toBe('ada');
    for (const misfit of [
      { ...rsa.jwk, use: 'enc' },
      { ...rsa.jwk, alg: 'PS256' },
      { ...rsa.jwk, key_ops: ['encrypt'] },
      { ...one.jwk, kid: 'rsa' },
      { ...hs, kid: 'rsa' },
    ]) {
      await expect(as([misfit], rsa, 'rsa')).rejects.toMatchObject(refused(KEY));
    }
    await expect(as([{ ...small.jwk, n: 'AQAB' }], small, 'small')).rejects.toMatchObject({
      code: 'NOT_AUTHENTICATED',
    });
  });

  it('are those of the issuer that the app names, and no other is taken', async () => {
    const { verify } = await started(one);
    await expect(verify(await tokenOf(one, 'one', { iss: 'https://evil.example.com' }))).rejects.toMatchObject(
      refused(`The token's "iss" is not the issuer that this app takes.`),
    );
  });

  it('are never those of another URL, also under the same name and issuer', async () => {
    const mine = await signingKey('ES256', { kid: 'same' });
    const theirs = await signingKey('ES256', { kid: 'same' });
    const [here, there] = [await JwksServer.start(mine), await JwksServer.start(theirs)];
    const verifier = new JwtVerifier();
    const [ours, others] = [rulesOf(here.url), rulesOf(there.url)];
    for (let round = 0; round < 2; round += 1) {
      expect((await verifier.verify(ours, await tokenOf(mine))).payload.sub).toBe('ada');
      expect((await verifier.verify(others, await tokenOf(theirs))).payload.sub).toBe('ada');
      for (const [rules, key] of [
        [ours, theirs],
        [others, mine],
      ] as const) {
        await expect(verifier.verify(rules, await tokenOf(key))).rejects.toMatchObject(
          refused(`The token's signature is not valid.`),
        );
      }
    }
    expect([here.asked.length, there.asked.length]).toEqual([1, 1]);
  });

  it('are shared by apps with the same URL and issuer, and with no other issuer', async () => {
    const { server, verifier, rules } = await started(one);
    await verifier.verify(rules, await tokenOf(one));
    await verifier.verify(rulesOf(server.url), await tokenOf(one));
    expect(server.asked).toHaveLength(1);
    await verifier.verify(rulesOf(server.url, { issuer: 'other' }), await tokenOf(one, 'one', { iss: 'other' }));
    expect(server.asked).toHaveLength(2);
  });
});

function endless(response: {
  write(chunk: string): boolean;
  once(event: 'drain', listener: () => void): unknown;
}): void {
  while (response.write('x'.repeat(65_536)));
  response.once('drain', () => endless(response));
}
