import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject, X509Certificate } from 'node:crypto';

/** A key as the apps file has it: PEM text, or a JWK. */
export type WrittenKey = string | Readonly<Record<string, unknown>>;

/** What each algorithm wants of a key. Those of a shared secret want none. */
const FITTING: Readonly<Record<string, (key: KeyObject) => boolean>> = {
  ...Object.fromEntries(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((name) => [name, isRsa])),
  ES256: isOnCurve('prime256v1'),
  ES384: isOnCurve('secp384r1'),
  ES512: isOnCurve('secp521r1'),
  EdDSA: ({ asymmetricKeyType }) => asymmetricKeyType === 'ed25519',
};

/** Smaller ones can be broken, and the verifier takes none. */
const RSA_MIN_BITS = 2048;

/** Those of an app's algorithms for which the key can be used. */
export const algorithmsOf = (key: JsonWebKey, algorithms: readonly string[]): string[] => {
  const opened = createPublicKey({ key, format: 'jwk' });
  return algorithms.filter(
    (algorithm) => (key.alg === undefined || key.alg === algorithm) && FITTING[algorithm]?.(opened) === true,
  );
};

/** The key as a JWK with its public members alone, or in words what is wrong with it, which never repeats the key. */
export function readPublicKey(written: WrittenKey): JsonWebKey | string {
  if (typeof written === 'string') return written.includes('PRIVATE KEY') ? IS_PRIVATE : opened(written, {});
  if (written.kty === 'oct') return 'is a shared secret: an app that has one names it as "secret", with HS algorithms';
  if (written.d !== undefined) return IS_PRIVATE;
  const { kid, alg, use, key_ops: operations } = written;
  if (use !== undefined && use !== 'sig') return 'is not for signatures: its "use" must be "sig"';
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return 'is not for checking signatures: its "key_ops" must include "verify"';
  }
  for (const [name, value] of Object.entries({ kid, alg })) {
    if (value !== undefined && (typeof value !== 'string' || value === '')) return `has a "${name}" that is not a text`;
  }
  return opened({ key: written as JsonWebKey, format: 'jwk' }, { kid, alg });
}

/** Whether it is a key, a set of keys or a certificate: armoured, in JSON, or base64 of either or of DER, on any number of lines. */
export function isWrittenKey(text: string): boolean {
  if (isArmoured(text) || isJwk(text)) return true;
  const packed = text.replace(/\s+/g, '');
  if (!BASE64.test(packed)) return false;
  const bytes = Buffer.from(packed, 'base64');
  const unpacked = bytes.toString();
  return isArmoured(unpacked) || isJwk(unpacked) || DER_READERS.some((read) => succeeds(read, bytes));
}

/** Of either alphabet. */
const BASE64 = /^[\w+/-]+={0,2}$/;

/** Half of an armour is one, too: lines get lost. */
const isArmoured = (text: string): boolean => /-----(BEGIN|END) /.test(text);

function isJwk(text: string): boolean {
  let value: unknown;
  try {
    value = JSON.parse(text.trim());
  } catch {
    return false;
  }
  return [value].flat().some((one) => ['kty', 'keys'].some((name) => Object.hasOwn(Object(one) as object, name)));
}

/** Each throws at what is not of its form, and random bytes are of none. */
const DER_READERS: readonly ((der: Buffer) => unknown)[] = [
  (key) => createPublicKey({ key, format: 'der', type: 'spki' }),
  (key) => createPublicKey({ key, format: 'der', type: 'pkcs1' }),
  (key) => createPrivateKey({ key, format: 'der', type: 'pkcs8' }),
  (key) => createPrivateKey({ key, format: 'der', type: 'pkcs1' }),
  (key) => createPrivateKey({ key, format: 'der', type: 'sec1' }),
  (der) => new X509Certificate(der),
];

function succeeds(read: (der: Buffer) => unknown, bytes: Buffer): boolean {
  try {
    read(bytes);
    return true;
  } catch {
    return false;
  }
}

const IS_PRIVATE = 'is a private key, which only the login service should have: put the public one here';

function opened(input: Parameters<typeof createPublicKey>[0], names: object): JsonWebKey | string {
  let key: KeyObject;
  try {
    key = createPublicKey(input);
  } catch {
    return 'cannot be read: it must be a public key in PEM (SPKI) or a JWK';
  }
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < RSA_MIN_BITS) return `has ${bits} bits; an RSA key needs at least ${RSA_MIN_BITS}`;
  if (!Object.values(FITTING).some((fits) => fits(key))) {
    return 'is of a kind that no algorithm takes: RSA, P-256, P-384, P-521 or Ed25519';
  }
  return {
    ...key.export({ format: 'jwk' }),
    ...Object.fromEntries(Object.entries(names).filter(([, value]) => value)),
  };
}

function isRsa({ asymmetricKeyType }: KeyObject): boolean {
  return asymmetricKeyType === 'rsa';
}

function isOnCurve(curve: string): (key: KeyObject) => boolean {
  return ({ asymmetricKeyType, asymmetricKeyDetails }) =>
    asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === curve;
}
