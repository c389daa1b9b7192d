/* Real keys of every kind that an app's login may sign with, and tokens signed with them. */
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import type { JsonWebKey } from 'node:crypto';

export const SECRET_ALGORITHMS = ['HS256', 'HS384', 'HS512'] as const;
export const KEY_ALGORITHMS = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA'] as const),
] as const;

export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number];

export interface SigningKey {
  readonly alg: KeyAlgorithm;
  readonly privateKey: CryptoKey;
  /** The public one, as the apps file may have it. */
  readonly pem: string;
  readonly jwk: JsonWebKey & Record<string, unknown>;
}

export async function signingKey(alg: KeyAlgorithm, names: { kid?: string; alg?: string } = {}): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), ...names };
  return { alg, privateKey, pem: await exportSPKI(publicKey), jwk: jwk };
}

/** A token with these claims, from now, unless they say otherwise. */
export function signed({ alg, privateKey }: SigningKey, claims: JWTPayload = {}, header: object = {}): Promise<string> {
  const iat = Math.floor(Date.now() / 1000);
  return new SignJWT({ sub: 'ada', iat, ...claims }).setProtectedHeader({ alg, ...header }).sign(privateKey);
}

export function signedBySecret(secret: string, claims: JWTPayload = {}, header: object = {}): Promise<string> {
  const iat = Math.floor(Date.now() / 1000);
  return new SignJWT({ sub: 'ada', iat, ...claims })
    .setProtectedHeader({ alg: 'HS256', ...header })
    .sign(new TextEncoder().encode(secret));
}
