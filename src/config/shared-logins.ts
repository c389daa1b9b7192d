import { isDeepStrictEqual } from 'node:util';
import type { JwtKeys, JwtRules } from './app';

/**
 * Whether a JWT that was made for one of two apps might count in the other: both trust the same key, and nothing that they
 * ask of a token tells them apart. Two that both name an audience have said what they mean.
 */
export function takeEachOthersTokens(one: JwtRules, other: JwtRules): boolean {
  if (!shareKeys(one.keys, other.keys)) return false;
  if (one.issuer !== undefined && other.issuer !== undefined && one.issuer !== other.issuer) return false;
  return one.audience === undefined || other.audience === undefined;
}

function shareKeys(one: JwtKeys, other: JwtKeys): boolean {
  if (one.from === 'list' && other.from === 'list') {
    return one.keys.some((key) => other.keys.some((same) => isDeepStrictEqual(key, same)));
  }
  return isDeepStrictEqual(one, other);
}
