import { isDeepStrictEqual } from 'node:util';
import type { JsonWebKey } from 'node:crypto';
import type { JwtKeys, JwtRules } from './app';

/**
 * Whether a JWT that was made for one of two apps might count in the other: both trust the same key, and nothing that they
 * ask of a token tells them apart. Two that both name an audience have said what they mean. Keys behind URLs are told
 * apart by their URLs alone.
 */
export function takeEachOthersTokens(one: JwtRules, other: JwtRules): boolean {
  if (!one.algorithms.some((algorithm) => other.algorithms.includes(algorithm))) return false;
  if (!shareKeys(one.keys, other.keys)) return false;
  if (one.issuer !== undefined && other.issuer !== undefined && one.issuer !== other.issuer) return false;
  return one.audience === undefined || other.audience === undefined;
}

/** A key by what it is, however its owner calls it. */
const bareKey = ({ kty, crv, x, y, n, e }: JsonWebKey): JsonWebKey => ({ kty, crv, x, y, n, e });

function shareKeys(one: JwtKeys, other: JwtKeys): boolean {
  if (one.from === 'list' && other.from === 'list') {
    return one.keys.some((key) => other.keys.some((same) => isDeepStrictEqual(bareKey(key), bareKey(same))));
  }
  return isDeepStrictEqual(one, other);
}
