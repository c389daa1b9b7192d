import { AppError } from '@rollcall/contract';
import * as fc from 'fast-check';
import { CompactSign, UnsecuredJWT } from 'jose';
import { createHmac } from 'node:crypto';
import {
  KEY_ALGORITHMS,
  SECRET_ALGORITHMS,
  signed,
  signedBySecret,
  type SigningKey,
  signingKey,
} from '../../test/support/signing-keys';
import type { JwtRules } from '../config/app';
import { jwtRules } from '../config/jwt-rules';
import { JwtVerifier } from './jwt.verifier';

const SECRET = 'a secret that is as long as the longest hash: 64 bytes, and more';
const NOW_MS = Date.UTC(2026, 10, 20);
const NOW = NOW_MS / 1000;

const rulesOf = (written: object): JwtRules => jwtRules.parse(written);
const bySecret = (more: object = {}): JwtRules => rulesOf({ algorithms: ['HS256'], secret: SECRET, ...more });
const byKeys = (keys: readonly (string | object)[], algorithms: readonly string[], more: object = {}): JwtRules =>
  rulesOf({ algorithms, publicKeys: keys, ...more });

/** What a token is refused with. Nothing of the token is in it. */
async function refusal(rules: JwtRules, token: string): Promise<string> {
  try {
    await new JwtVerifier().verify(rules, token);
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    const { code, message } = error as AppError;
    expect(code).toBe('NOT_AUTHENTICATED');
    for (const part of token.split('.').filter(({ length }) => length > 8)) expect(message).not.toContain(part);
    return message;
  }
  throw new Error('It was accepted.');
}

const verify = (rules: JwtRules, token: string) => new JwtVerifier().verify(rules, token);

describe('A JWT', () => {
  let rsa: SigningKey;
  let ec: SigningKey;
  let otherEc: SigningKey;

  beforeAll(async () => {
    [rsa, ec, otherEc] = await Promise.all([signingKey('RS256'), signingKey('ES256'), signingKey('ES256')]);
  });

  beforeEach(() => void jest.spyOn(Date, 'now').mockReturnValue(NOW_MS));
  afterEach(() => void jest.restoreAllMocks());

  it.each(SECRET_ALGORITHMS)('is good by %s with the secret alone', async (alg) => {
    const rules = bySecret({ algorithms: [alg] });
    expect(await verify(rules, await signedBySecret(SECRET, { sub: 'bob' }, { alg }))).toMatchObject({
      payload: { sub: 'bob' },
      issuedAtMs: NOW_MS,
    });
    expect(await refusal(rules, await signedBySecret(`${SECRET}!`, {}, { alg }))).toBe(SIGNATURE);
    for (const other of SECRET_ALGORITHMS.filter((one) => one !== alg)) {
      expect(await refusal(rules, await signedBySecret(SECRET, {}, { alg: other }))).toBe(ALGORITHM);
    }
  });

  it.each(KEY_ALGORITHMS)('is good by %s with the key alone, given as PEM or as JWK', async (alg) => {
    const [key, other] = [await signingKey(alg), await signingKey(alg)];
    const token = await signed(key, { sub: 'bob' });
    for (const listed of [key.pem, key.jwk, { ...key.jwk, alg, use: 'sig', key_ops: ['verify'] }]) {
      expect((await verify(byKeys([listed], [alg]), token)).payload.sub).toBe('bob');
      expect(await refusal(byKeys([listed], [alg]), await signed(other))).toBe(SIGNATURE);
    }
    const [header, payload, signature = ''] = token.split('.');
    const middle = Math.floor(signature.length / 2);
    const forged = `${signature.slice(0, middle)}${signature[middle] === 'A' ? 'B' : 'A'}${signature.slice(middle + 1)}`;
    expect(await refusal(byKeys([key.pem], [alg]), `${header}.${payload}.${forged}`)).toBe(SIGNATURE);
  });

  it('by any other algorithm than those of the app is refused, also where the key would fit', async () => {
    const rules = byKeys([rsa.pem], ['RS256']);
    for (const alg of ['RS384', 'RS512', 'PS256'] as const) {
      expect(await refusal(rules, await signed(await signingKey(alg)))).toBe(ALGORITHM);
    }
    expect((await verify(byKeys([rsa.pem], ['PS256', 'RS256']), await signed(rsa))).payload.sub).toBe('ada');
  });

  it('that is signed with the public key as if that were a secret is refused', async () => {
    for (const publicKey of [rsa.pem, rsa.pem.trim(), JSON.stringify(rsa.jwk), String(rsa.jwk.n)]) {
      const signedPart = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: 'ada', iat: NOW })}`;
      const mac = createHmac('sha256', publicKey).update(signedPart).digest('base64url');
      expect(await refusal(byKeys([rsa.pem], ['RS256']), `${signedPart}.${mac}`)).toBe(ALGORITHM);
      expect(await refusal(bySecret(), `${signedPart}.${mac}`)).toBe(SIGNATURE);
    }
  });

  it.each(['none', 'None', 'NONE', 'nOnE', '', 'null', 'constructor', '__proto__', 'HS1', 'HS256 '])(
    'by the algorithm %j is refused, signed or not',
    async (alg) => {
      const [, payload] = (await signed(rsa)).split('.');
      for (const rules of [bySecret(), byKeys([rsa.pem], ['RS256'])]) {
        for (const signature of ['', 'AAAA', createHmac('sha256', SECRET).update('x').digest('base64url')]) {
          expect([ALGORITHM, MALFORMED]).toContain(await refusal(rules, `${part({ alg })}.${payload}.${signature}`));
        }
      }
    },
  );

  it('without a signature is refused', async () => {
    for (const rules of [bySecret(), byKeys([rsa.pem], ['RS256'])]) {
      expect(await refusal(rules, new UnsecuredJWT({ sub: 'ada' }).encode())).toBe(ALGORITHM);
    }
    const good = await signedBySecret(SECRET);
    expect(await refusal(bySecret(), good.slice(0, good.lastIndexOf('.') + 1))).toBe(SIGNATURE);
  });

  it('brings no key of its own, and no address of one', async () => {
    const evil = await signingKey('RS256');
    const header = { jwk: evil.jwk, jku: 'http://127.0.0.1:1/k', x5u: 'http://127.0.0.1:1/c', x5c: ['MII'] };
    const fetched = jest.spyOn(globalThis, 'fetch');
    expect(await refusal(byKeys([rsa.pem], ['RS256']), await signed(evil, {}, header))).toBe(SIGNATURE);
    expect((await verify(byKeys([rsa.pem], ['RS256']), await signed(rsa, {}, header))).payload.sub).toBe('ada');
    expect(fetched).not.toHaveBeenCalled();
  });

  it('names its key by kid among several, and needs none where one of them fits', async () => {
    const named = [
      { ...ec.jwk, kid: 'one' },
      { ...otherEc.jwk, kid: 'two' },
    ];
    const rules = byKeys(named, ['ES256']);
    expect((await verify(rules, await signed(otherEc, {}, { kid: 'two' }))).payload.sub).toBe('ada');
    expect(await refusal(rules, await signed(otherEc, {}, { kid: 'one' }))).toBe(SIGNATURE);
    expect(await refusal(rules, await signed(otherEc, {}, { kid: 'three' }))).toBe(KEY);
    for (const key of [ec, otherEc]) expect((await verify(rules, await signed(key))).payload.sub).toBe('ada');
    expect(await refusal(rules, await signed(await signingKey('ES256')))).toBe(SIGNATURE);
    // A PEM has no name, so a token may call it anything.
    const unnamed = byKeys([ec.pem, ...named.slice(1)], ['ES256']);
    expect((await verify(unnamed, await signed(ec, {}, { kid: 'whatever' }))).payload.sub).toBe('ada');
    expect(await refusal(unnamed, await signed(ec, {}, { kid: 'two' }))).toBe(SIGNATURE);
  });

  describe('that several keys fit', () => {
    const others = async (count: number, names: object = {}) =>
      (await Promise.all(Array.from({ length: count }, () => signingKey('ES256')))).map(({ jwk }, n) => ({
        ...jwk,
        kid: `other ${n}`,
        ...names,
      }));
    const checks = () => jest.spyOn(crypto.subtle, 'verify');

    it('is tried with four, and told that it must name its key where there are more', async () => {
      const [four, five] = [byKeys(await others(4), ['ES256']), byKeys(await others(5), ['ES256'])];
      const token = await signed(await signingKey('ES256'));
      const tried = checks();
      expect(await refusal(four, token)).toBe(SIGNATURE);
      expect(tried).toHaveBeenCalledTimes(4);
      expect(await refusal(five, token)).toBe(MUST_NAME);
      expect(tried).toHaveBeenCalledTimes(8);
    });

    it('is good by the name of its key, however many there are', async () => {
      const rules = byKeys([...(await others(15)), { ...ec.jwk, kid: 'mine' }], ['ES256']);
      const tried = checks();
      expect((await verify(rules, await signed(ec, {}, { kid: 'mine' }))).payload.sub).toBe('ada');
      expect(tried).toHaveBeenCalledTimes(1);
      expect(await refusal(rules, await signed(ec))).toBe(MUST_NAME);
    });

    it('is tried with the keys that have no name before those that it could have named', async () => {
      const rules = byKeys([...(await others(6)), ec.pem], ['ES256']);
      expect((await verify(rules, await signed(ec))).payload.sub).toBe('ada');
    });
  });

  it('waits for its turn when its key is known, and gives the place back whatever comes of it', async () => {
    const log: string[] = [];
    const enter = () => {
      log.push('enter');
      return Promise.resolve(() => void log.push('leave'));
    };
    const rules = byKeys([ec.jwk, otherEc.jwk], ['ES256']);
    const single = byKeys([ec.jwk], ['ES256']);
    const outcome = async (by: JwtRules, token: string): Promise<string[]> => {
      log.length = 0;
      const checked = jest.spyOn(crypto.subtle, 'verify').mockImplementation((...args) => {
        log.push('check');
        checked.mockRestore();
        return crypto.subtle.verify(...args);
      });
      await new JwtVerifier().verify(by, token, enter).catch(() => log.push('refused'));
      checked.mockRestore();
      return log;
    };
    const stranger = await signingKey('ES256');
    expect(await outcome(single, await signed(ec))).toEqual(['enter', 'check', 'leave']);
    expect(await outcome(rules, await signed(ec))).toEqual(['enter', 'check', 'leave']);
    for (const by of [single, rules]) {
      expect(await outcome(by, await signed(stranger))).toEqual(['enter', 'check', 'leave', 'refused']);
      expect(await outcome(by, await signed(ec, { exp: NOW - 60 }))).toEqual(['enter', 'check', 'leave', 'refused']);
    }
    for (const token of [await signed(rsa), 'no.token.', await signed(ec, {}, { kid: 'x'.repeat(300) })]) {
      expect(await outcome(rules, token)).toEqual(['refused']);
    }
  });

  it('is refused for what its turn is refused for, and not checked', async () => {
    const checked = jest.spyOn(crypto.subtle, 'verify');
    const enter = () => Promise.reject(new AppError('UNAVAILABLE', 'Too many.'));
    for (const rules of [byKeys([ec.jwk], ['ES256']), byKeys([ec.jwk, otherEc.jwk], ['ES256'])]) {
      const refused = new JwtVerifier().verify(rules, await signed(ec), enter);
      await expect(refused).rejects.toMatchObject({ code: 'UNAVAILABLE', message: 'Too many.' });
    }
    expect(checked).not.toHaveBeenCalled();
  });

  it.each(['../../etc/passwd', "'; DROP TABLE keys; --", '__proto__', 'constructor', '\u0000', '', 'x'.repeat(255)])(
    'with the kid %j names no key',
    async (kid) => {
      const rules = byKeys([{ ...ec.jwk, kid: 'one' }], ['ES256']);
      expect(await refusal(rules, await signed(ec, {}, { kid }))).toBe(KEY);
    },
  );

  it.each([['x'.repeat(10_240)], [7], [null], [{ a: 1 }], [['one']]])(
    'with a kid such as %j is refused',
    async (kid) => {
      const payload = part({ sub: 'ada', iat: NOW });
      for (const rules of [byKeys([{ ...ec.jwk, kid: 'one' }], ['ES256']), byKeys([ec.pem], ['ES256'])]) {
        expect(await refusal(rules, `${part({ alg: 'ES256', kid })}.${payload}.AAAA`)).toMatch(/"kid" must be/);
      }
    },
  );

  it('must come from the issuer and be for the audience, to the letter', async () => {
    const rules = bySecret({ issuer: 'https://login.example.com', audience: 'rollcall' });
    const good = { iss: 'https://login.example.com', aud: 'rollcall' };
    for (const claims of [good, { ...good, aud: ['x', 'rollcall'] }]) {
      expect((await verify(rules, await signedBySecret(SECRET, claims))).payload.sub).toBe('ada');
    }
    const wrong: [claims: object, text: string][] = [
      [{ iss: 'https://login.example.com/' }, `The token's "iss" is not the issuer that this app takes.`],
      [{ iss: 'https://LOGIN.example.com' }, `The token's "iss" is not the issuer that this app takes.`],
      [{ iss: ['https://login.example.com'] }, `The token's "iss" is not the issuer that this app takes.`],
      [{ iss: undefined }, `The token's "iss" is missing.`],
      [{ aud: 'Rollcall' }, `The token's "aud" does not name this app.`],
      [{ aud: [] }, `The token's "aud" does not name this app.`],
      [{ aud: { rollcall: true } }, `The token's "aud" does not name this app.`],
      [{ aud: undefined }, `The token's "aud" is missing.`],
    ];
    for (const [claims, text] of wrong) {
      expect(await refusal(rules, await raw({ ...good, ...claims }))).toBe(text);
    }
  });

  it.each([0, 5, 60])('is held against its times with a leeway of %i seconds', async (leewaySeconds) => {
    const rules = bySecret({ leewaySeconds });
    const on = (claims: object) => raw({ ...claims });
    expect(await verify(rules, await on({ exp: NOW - leewaySeconds + 1 }))).toMatchObject({
      expiresAtMs: NOW_MS - leewaySeconds * 1000 + 1000,
    });
    expect(await refusal(rules, await on({ exp: NOW - leewaySeconds }))).toBe('The token has expired.');
    expect((await verify(rules, await on({ nbf: NOW + leewaySeconds }))).payload.sub).toBe('ada');
    expect(await refusal(rules, await on({ nbf: NOW + leewaySeconds + 1 }))).toBe(
      'The token is not valid yet ("nbf").',
    );
    expect((await verify(rules, await on({ iat: NOW + leewaySeconds }))).payload.sub).toBe('ada');
    expect(await refusal(rules, await on({ iat: NOW + leewaySeconds + 1 }))).toBe(
      `The token's "iat" lies in the future.`,
    );
  });

  it('may be so old and no older, and expires by that', async () => {
    const rules = bySecret({ maxAgeSeconds: 600 });
    expect(await verify(rules, await raw({ iat: NOW - 604, exp: NOW + 1e6 }))).toMatchObject({
      expiresAtMs: NOW_MS - 4000,
    });
    expect(await verify(rules, await raw({ iat: NOW, exp: NOW + 60 }))).toMatchObject({ expiresAtMs: NOW_MS + 60_000 });
    expect(await refusal(rules, await raw({ iat: NOW - 606 }))).toBe('The token is older than this app allows.');
    expect(await refusal(rules, await raw({ iat: NOW + 6 }))).toBe(`The token's "iat" lies in the future.`);
    expect(await refusal(rules, await raw({ iat: undefined }))).toBe(`The token's "iat" is missing.`);
  });

  it.each(['exp', 'nbf', 'iat'])('with a time %s that is none is refused', async (claim) => {
    for (const value of ['1e400', '"1790000000"', '1e15', 'null', '{}', '[]', 'true', '-1e15']) {
      const token = await rawText(`{"sub":"ada","${claim}":${value}}`);
      expect(await refusal(bySecret(), token)).toMatch(/is not a time in seconds|has expired|not valid yet/);
    }
  });

  it('may live as long as dates reach', async () => {
    expect(await verify(bySecret(), await raw({ exp: 8.64e12 }))).toMatchObject({ expiresAtMs: 8.64e15 });
    expect(await verify(bySecret(), await raw({ iat: undefined }))).not.toHaveProperty('expiresAtMs');
  });

  it.each(['null', '7', '"text"', '[]', '', '{', '{"sub":', '\u0000', '{"sub":"ada"}}'])(
    'whose claims are %j is refused',
    async (text) => {
      expect(await refusal(bySecret(), await rawText(text))).toBe(MALFORMED);
    },
  );

  it('with a header that wants something special is refused', async () => {
    for (const header of [
      { crit: ['x'], x: 1 },
      { crit: [] },
      { crit: 'b64' },
      { b64: false, crit: ['b64'] },
      { alg: 7 },
    ]) {
      const start = `${part({ alg: 'HS256', ...header })}.${part({ sub: 'ada' })}`;
      const token = `${start}.${createHmac('sha256', SECRET).update(start).digest('base64url')}`;
      expect([MALFORMED, ALGORITHM]).toContain(await refusal(bySecret(), token));
    }
  });

  it('of any shape is refused in words, and never throws anything else', async () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
      fc
        .record({ alg: fc.constantFrom('HS256', 'RS256', 'none', 7), kid: fc.anything() })
        .map((header) => part(header)),
      fc.constantFrom('', '=', 'e30', 'bnVsbA', '\ud800', '.'),
    );
    const rules = [bySecret(), byKeys([rsa.pem, ec.jwk], ['RS256', 'ES256'])];
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 5 }), fc.constantFrom(...rules), async (pieces, one) => {
        const token = pieces.join('.');
        await expect(verify(one, token)).rejects.toMatchObject({ name: 'AppError', code: 'NOT_AUTHENTICATED' });
      }),
      { numRuns: 500 },
    );
  });
});

const ALGORITHM = `The token's algorithm is not one that this app takes.`;
const SIGNATURE = `The token's signature is not valid.`;
const KEY = 'No key that this app takes fits the token.';
const MUST_NAME =
  'The token must name its key by a "kid" that no other has: more than 4 fit it, and no more are tried.';
const MALFORMED = 'The token is not a JWT that can be read.';

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Signed with the secret, and with these claims alone. */
const raw = (claims: object): Promise<string> => rawText(JSON.stringify({ sub: 'ada', iat: NOW, ...claims }));

const rawText = (text: string): Promise<string> =>
  new CompactSign(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(SECRET));
