import { randomBytes } from 'node:crypto';
import { nameFault } from '@rollcall/contract';
import { KEY_SCOPES, type KeyScope } from './app';
import { hashSecret } from './secret-hash';

/** A new API key, and what of it belongs into the apps file, in which the key itself does not stand. */
export interface MintedKey {
  readonly key: string;
  readonly entry: string | { readonly key: string; readonly scopes: readonly KeyScope[]; readonly name?: string };
}

/** What to tell whoever asked for a key that cannot be. */
export class MintError extends Error {}

/** 256 random bits; the prefix is for people and for scanners that look for secrets where none belong. */
export function mintKey({ name, scopes }: { name?: string; scopes?: string } = {}): MintedKey {
  const fault = name === undefined ? undefined : nameFault(name);
  if (fault !== undefined) throw new MintError(`The name ${fault}.`);
  const named = scopes === undefined ? undefined : scopesIn(scopes);
  const key = `rk_${randomBytes(32).toString('base64url')}`;
  const hashed = `sha256:${hashSecret(key).toString('hex')}`;
  if (name === undefined && named === undefined) return { key, entry: hashed };
  return {
    key,
    entry: { key: hashed, scopes: named ?? KEY_SCOPES, ...(name === undefined ? {} : { name }) },
  };
}

function scopesIn(text: string): KeyScope[] {
  const wanted = text.split(',').map((part) => part.trim());
  const stranger = wanted.find((one) => !KEY_SCOPES.some((scope) => scope === one));
  if (stranger !== undefined) {
    throw new MintError(`There is no scope ${JSON.stringify(stranger)}: take some of ${KEY_SCOPES.join(', ')}.`);
  }
  return KEY_SCOPES.filter((scope) => wanted.includes(scope));
}
