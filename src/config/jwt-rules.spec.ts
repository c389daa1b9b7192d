import * as fc from 'fast-check';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { certificateForTest } from '../../test/support/certificate';
import { KEY_ALGORITHMS, SECRET_ALGORITHMS } from '../../test/support/signing-keys';
import type { JwtRules } from './app';
import { jwtRules } from './jwt-rules';

const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });
const SMALL = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
const P256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const P384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey;
const P521 = generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey;
const K256 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey;
const ED = generateKeyPairSync('ed25519').publicKey;
const X = generateKeyPairSync('x25519').publicKey;

const spki = { type: 'spki', format: 'pem' } as const;
const PRIVATE_PEM = P256.privateKey.export({ type: 'pkcs8', format: 'pem' });
const PEM = RSA.publicKey.export(spki);
const jwkOf = (key = RSA.publicKey, more: object = {}) => ({ ...key.export({ format: 'jwk' }), ...more });

const rules = (written: object): JwtRules => jwtRules.parse(written);
const faults = (written: object): string[] => {
  const { error } = jwtRules.safeParse(written);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
};

const URL_RULES = { algorithms: ['RS256'], jwksUrl: 'https://login.example.com/jwks', issuer: 'https://login' };

describe('The rules of JWTs', () => {
  it.each(SECRET_ALGORITHMS)('take a secret for %s', (algorithm) => {
    expect(rules({ algorithms: [algorithm], secret: 'a secret' })).toEqual({
      algorithms: [algorithm],
      keys: { from: 'secret', secret: new TextEncoder().encode('a secret') },
      leewaySeconds: 5,
    });
  });

  const fitting = { RS: RSA.publicKey, PS: RSA.publicKey, ES256: P256.publicKey, ES384: P384, ES512: P521, EdDSA: ED };
  const keyFor = (algorithm: string) =>
    Object.entries(fitting).find(([name]) => algorithm.startsWith(name))?.[1] ?? RSA.publicKey;

  it.each(KEY_ALGORITHMS)('take a key for %s, as PEM or as JWK, and no key of another kind', (algorithm) => {
    const key = keyFor(algorithm);
    const { kid, alg, ...bare } = jwkOf(key, { kid: 'k', alg: algorithm });
    expect(rules({ algorithms: [algorithm], publicKeys: [key.export(spki), jwkOf(key, { kid, alg })] }).keys).toEqual({
      from: 'list',
      keys: [bare, { ...bare, kid, alg }],
    });
    for (const other of [RSA.publicKey, P256.publicKey, P384, P521, ED]) {
      if (other.equals(key)) continue;
      expect(faults({ algorithms: [algorithm], publicKeys: [other.export(spki)] })).toEqual([
        `publicKeys.0: fits none of ${algorithm}`,
      ]);
    }
  });

  it('take so many keys that one token may mean, and name those that it would not be tried with', () => {
    const curve = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    const pems = Array.from({ length: 6 }, () => curve().export(spki));
    const same = Array.from({ length: 5 }, () => jwkOf(curve(), { kid: 'same' }));
    const named = Array.from({ length: 12 }, (_, n) => jwkOf(curve(), { kid: `${n}` }));
    const faultsOf = (publicKeys: unknown[], more: string[] = []) =>
      faults({ algorithms: ['ES256', ...more], publicKeys });
    const notTried = (at: number) =>
      expect.stringMatching(new RegExp(`^publicKeys.${at}: would not be tried`)) as unknown;
    expect(faultsOf([...pems.slice(0, 4), ...named])).toEqual([]);
    expect(faultsOf([...pems.slice(0, 4), RSA.publicKey.export(spki)], ['RS256'])).toEqual([]);
    expect(faultsOf(pems)).toEqual([notTried(4), notTried(5)]);
    expect(faultsOf([...same, ...named.slice(0, 3)])).toEqual([notTried(4)]);
  });

  it('take a certificate for the key that is in it', () => {
    const certificate = readFileSync(certificateForTest().certificate, 'utf8');
    expect(rules({ algorithms: ['ES256'], publicKeys: [certificate] }).keys).toMatchObject({
      keys: [{ crv: 'P-256' }],
    });
  });

  it('take keys from a URL that is https, or of this machine, or allowed', () => {
    for (const jwksUrl of ['http://localhost:8080/k', 'http://127.0.0.1/k', 'http://[::1]/k', URL_RULES.jwksUrl]) {
      expect(rules({ ...URL_RULES, jwksUrl }).keys).toEqual({ from: 'url', url: jwksUrl });
    }
    expect(rules({ ...URL_RULES, jwksUrl: 'http://login/k', jwksAllowHttp: true }).keys).toEqual({
      from: 'url',
      url: 'http://login/k',
    });
  });

  it.each([
    ['http://login.example.com/k', /must begin with https/],
    ['http://127.0.0.1.example.com/k', /must begin with https/],
    ['http://localhost.example.com/k', /must begin with https/],
    ['file:///etc/keys.json', /must begin with https/],
    ['https://user:secret@login.example.com/k', /no user, password or fragment/],
    ['https://login.example.com/k#x', /no user, password or fragment/],
    ['login.example.com/k', /must be a URL/],
    ['', /must be a URL/],
  ])('refuse keys from %j', (jwksUrl, fault) => {
    expect(faults({ ...URL_RULES, jwksUrl })).toEqual([expect.stringMatching(fault)]);
    expect(faults({ ...URL_RULES, jwksUrl }).join()).not.toContain('secret');
  });

  const inPieces = (text: string, end = '\n') => (text.match(/.{1,64}/g) ?? []).join(end);
  const der = (form: Buffer) => {
    const text = form.toString('base64');
    return [text, form.toString('base64url'), text.replace(/=+$/, ''), inPieces(text), ` ${inPieces(text, '\r\n')}\n`];
  };
  const pem = (form: string | Buffer) => {
    const text = String(form);
    const lines = text.trim().split('\n');
    const halves = [lines.slice(1), lines.slice(0, -1), lines.slice(1, -1)].map((some) => some.join('\n'));
    return [text, ...halves, Buffer.from(text).toString('base64'), Buffer.from(text).toString('base64url')];
  };
  const json = (jwk: object) =>
    [jwk, { keys: [jwk] }, [jwk]].flatMap((one) => {
      const text = JSON.stringify(one, null, 2);
      return [JSON.stringify(one), `\n\t ${text} \n`, `\ufeff${text}`, Buffer.from(text).toString('base64')];
    });
  const certificate = () => new X509Certificate(readFileSync(certificateForTest().certificate));

  it.each<[what: string, texts: () => string[]]>([
    ['an RSA key', () => [...der(RSA.publicKey.export({ type: 'spki', format: 'der' })), ...pem(PEM)]],
    ['an RSA key in PKCS#1', () => der(RSA.publicKey.export({ type: 'pkcs1', format: 'der' }))],
    ['an armoured RSA key in PKCS#1', () => pem(RSA.publicKey.export({ type: 'pkcs1', format: 'pem' }))],
    ['a key on a curve', () => [P256.publicKey, P384, P521, K256].flatMap((key) => pem(key.export(spki)))],
    ['a key for Ed25519 or X25519', () => [ED, X].flatMap((key) => der(key.export({ type: 'spki', format: 'der' })))],
    ['a small key', () => der(SMALL.export({ type: 'spki', format: 'der' }))],
    ['a private key', () => [...pem(PRIVATE_PEM), ...der(RSA.privateKey.export({ type: 'pkcs1', format: 'der' }))]],
    ['a private key on a curve', () => der(P256.privateKey.export({ type: 'sec1', format: 'der' }))],
    ['a JWK or some', () => [RSA.publicKey, P256.publicKey, ED].flatMap((key) => json(jwkOf(key)))],
    ['a private JWK', () => json(P256.privateKey.export({ format: 'jwk' }))],
    ['a certificate', () => [...der(certificate().raw), ...pem(certificate().toString())]],
  ])('refuse %s as a secret, however it is written', (_what, texts) => {
    for (const secret of texts()) {
      const found = faults({ algorithms: ['HS256'], secret });
      expect([secret, found]).toEqual([secret, [expect.stringMatching(/^secret: is a key or a certificate/)]]);
      expect(found.join()).not.toContain(secret.trim().slice(0, 16));
    }
  });

  it('take random bytes for a secret, of any length and however they are written', () => {
    const beginnings = fc.constantFrom('', '30', '3082', '30820122', '3059', '302a300506032b6570032100', '7b');
    const bytes = fc.tuple(beginnings, fc.uint8Array({ minLength: 1, maxLength: 1500 }));
    const forms = fc.constantFrom('base64', 'base64url', 'hex' as const);
    const rule = fc.property(bytes, forms, fc.boolean(), ([beginning, random], form, broken) => {
      const text = Buffer.concat([Buffer.from(beginning, 'hex'), random]).toString(form);
      const secret = broken ? inPieces(text) : text;
      // With 32 bytes after it the longest of these is the beginning of a key, whichever they are.
      fc.pre(beginning.length < 24 || random.length < 32);
      expect(rules({ algorithms: ['HS256'], secret }).keys).toMatchObject({ from: 'secret' });
    });
    fc.assert(rule, { numRuns: 1000 });
  });

  it('take any other text for a secret, also one in JSON', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1000 }),
      fc.json().filter((written) => !/kty|keys/.test(written)),
      fc.constantFrom('kty', '"kty"', '{"secret": "kty"}', 'keys', 'null', '[null]', '--- BEGIN ---', 'MII', '='),
    );
    const rule = fc.property(text, (secret) => {
      expect(rules({ algorithms: ['HS256'], secret }).keys).toMatchObject({ from: 'secret' });
    });
    fc.assert(rule, { numRuns: 500 });
  });

  const HS = { algorithms: ['HS256'], secret: 's' };
  const RS = { algorithms: ['RS256'], publicKeys: [PEM] };

  it.each([
    ['a secret and keys', { ...HS, publicKeys: [PEM] }, ['publicKeys: must not be there with HS']],
    ['a secret and a URL', { ...HS, jwksUrl: 'https://a/k', issuer: 'i' }, ['jwksUrl: must not be there with HS']],
    ['both kinds of algorithms', { ...HS, algorithms: ['HS256', 'RS256'] }, ['algorithms: must be HS']],
    ['both kinds of everything', { ...HS, ...RS, algorithms: ['RS256', 'HS512'] }, ['algorithms: must be HS']],
    ['a public key for a secret', { ...HS, secret: PEM }, ['secret: is a key or a certificate']],
    ['keys and a secret', { ...RS, secret: 's' }, ['secret: must not be there']],
    ['keys and a URL', { ...RS, jwksUrl: 'https://a/k', issuer: 'i' }, ['jwksUrl: must not be there']],
    ['no keys', { algorithms: ['ES256'] }, ['publicKeys: is missing, and so is jwksUrl']],
    ['no secret', { algorithms: ['HS384'] }, ['secret: is missing']],
    ['a URL without an issuer', { ...URL_RULES, issuer: undefined }, ['issuer: is missing']],
    ['an empty list of keys', { ...RS, publicKeys: [] }, ['publicKeys: Too small']],
    ['17 keys', { ...RS, publicKeys: Array(17).fill(PEM) }, ['publicKeys: Too big']],
    ['a number for a key', { ...RS, publicKeys: [7] }, ['publicKeys.0: must be PEM text or a JWK']],
    ['text that is no key', { ...RS, publicKeys: ['hunter2'] }, ['publicKeys.0: cannot be read']],
    ['a JWK that is none', { ...RS, publicKeys: [{ kty: 'RSA', n: 'x' }] }, ['publicKeys.0: cannot be read']],
    ['no JWK at all', { ...RS, publicKeys: [{}] }, ['publicKeys.0: cannot be read']],
    ['a private PEM', { ...RS, publicKeys: [PRIVATE_PEM] }, ['publicKeys.0: is a private key']],
    ['a private JWK', { ...RS, publicKeys: [RSA.privateKey.export({ format: 'jwk' })] }, ['publicKeys.0: is a priv']],
    ['a secret as a JWK', { ...RS, publicKeys: [{ kty: 'oct', k: 'aGk' }] }, ['publicKeys.0: is a shared secret']],
    [
      'a key for encryption',
      { ...RS, publicKeys: [jwkOf(RSA.publicKey, { use: 'enc' })] },
      ['publicKeys.0: is not for'],
    ],
    [
      'a key for wrapping',
      { ...RS, publicKeys: [jwkOf(RSA.publicKey, { key_ops: ['wrapKey'] })] },
      ['publicKeys.0: is'],
    ],
    [
      'a key of another algorithm',
      { ...RS, publicKeys: [jwkOf(RSA.publicKey, { alg: 'PS256' })] },
      ['publicKeys.0: fits'],
    ],
    [
      'a kid that is a number',
      { ...RS, publicKeys: [jwkOf(RSA.publicKey, { kid: 7 })] },
      ['publicKeys.0: has a "kid"'],
    ],
    ['an RSA key of 1024 bits', { ...RS, publicKeys: [SMALL.export(spki)] }, ['publicKeys.0: has 1024 bits']],
    ['a curve that nobody takes', { ...RS, publicKeys: [K256.export(spki)] }, ['publicKeys.0: is of a kind']],
    ['a key for agreement', { ...RS, publicKeys: [X.export(spki)] }, ['publicKeys.0: is of a kind']],
    ['an algorithm without a key', { ...RS, algorithms: ['RS256', 'EdDSA'] }, ['algorithms: EdDSA has no key']],
    ['a leeway of 61 seconds', { ...HS, leewaySeconds: 61 }, ['leewaySeconds: Too big']],
    ['a leeway below nothing', { ...HS, leewaySeconds: -1 }, ['leewaySeconds: Too small']],
    ['an age of nothing', { ...HS, maxAgeSeconds: 0 }, ['maxAgeSeconds: Too small']],
    ['no algorithm', { ...HS, algorithms: ['none'] }, ['algorithms.0: Invalid option']],
    ['an algorithm in other letters', { ...HS, algorithms: ['hs256'] }, ['algorithms.0: Invalid option']],
    ['the name of a property', { ...HS, algorithms: ['constructor'] }, ['algorithms.0: Invalid option']],
  ])('refuse %s', (_what, written, expected) => {
    const found = faults(written);
    expect(found).toEqual(expected.map((text) => expect.stringContaining(text) as unknown));
    expect(found.join()).not.toMatch(/hunter2|BEGIN|MII/);
  });
});
