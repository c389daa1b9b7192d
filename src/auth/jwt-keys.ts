import {
  createLocalJWKSet,
  type CryptoKey,
  errors,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWTHeaderParameters,
} from 'jose';
import { type JsonWebKey, webcrypto } from 'node:crypto';
import type { JwtKeys } from '../config/app';

/**
 * Finds the key that can check a token. It looks at `alg` and `kid` and at nothing else that a token says of its key.
 *
 * @throws JWKSNoMatchingKey, or JWKSMultipleMatchingKeys, through which all that fit can be gone.
 */
export type KeyOf = (header: JWTHeaderParameters, token?: FlattenedJWSInput) => Promise<CryptoKey>;

const { subtle } = webcrypto;

/** A shared secret as a key of each HS algorithm: making one costs a third of a verification. */
export function secretKeys({ secret }: JwtKeys & { from: 'secret' }): KeyOf {
  const keys = new Map<string, Promise<CryptoKey>>();
  return ({ alg }) => {
    const key = keys.get(alg) ?? importSecret(secret, alg);
    keys.set(alg, key);
    return key;
  };
}

/** The verifier asks for algorithms of the app's list alone. */
function importSecret(secret: Uint8Array, alg: string): Promise<CryptoKey> {
  const hash = `SHA-${alg.slice(2)}`;
  return subtle.importKey('raw', new Uint8Array(secret), { name: 'HMAC', hash }, false, ['verify']);
}

/** The public keys of the apps file. One that has no `kid` there fits tokens of any. */
export function listedKeys({ keys }: JwtKeys & { from: 'list' }): KeyOf {
  const withoutName = keys.filter(({ kid }) => kid === undefined);
  const unnamed = createLocalJWKSet(keySet(withoutName));
  // Those come first: not all may be tried, and the others can be named.
  const all = createLocalJWKSet(keySet([...withoutName, ...keys.filter(({ kid }) => kid !== undefined)]));
  return async (header, token) => {
    try {
      return await all(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || header.kid === undefined) throw error;
      return unnamed({ alg: header.alg });
    }
  };
}

const keySet = (keys: readonly JsonWebKey[]): JSONWebKeySet => ({ keys: keys as JSONWebKeySet['keys'] });
