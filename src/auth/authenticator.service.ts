import { Injectable } from '@nestjs/common';
import { AppError, nameFault } from '@rollcall/contract';
import { type Role, ROLES, type UserClaims } from '@rollcall/roster';
import { type CryptoKey, errors, type JWTPayload, jwtVerify, type JWTVerifyOptions } from 'jose';
import { timingSafeEqual, webcrypto } from 'node:crypto';
import type { App } from '../config/app';
import { hashSecret } from '../config/secret-hash';
import { Accounts } from './accounts.service';

/** Who a token says its bearer is. */
export interface Identity {
  readonly id: string;
  readonly claims: UserClaims | null;
  /** The role that a token of the app's own signing names; the profile's word comes first. */
  readonly claimedRole?: Role;
  /** The latest revocation that the token was held against; 0: there was none. */
  readonly checkedAgainstMs: number;
}

const { subtle } = webcrypto;
const HS256 = { name: 'HMAC', hash: 'SHA-256' };

/** A longer one cannot be ours, and only costs time to hash. */
const SECRET_MAX_LENGTH = 16_384;

const LOOKS_LIKE_JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** Checks keys and tokens, always against one app: what is good in one app is worth nothing in another. */
@Injectable()
export class Authenticator {
  /** Secrets as the verifier takes them: making one costs a third of a verification. */
  private readonly keys = new WeakMap<Uint8Array, Promise<CryptoKey>>();

  constructor(private readonly accounts: Accounts) {}

  isApiKey(app: App, key: string): boolean {
    return key.length <= SECRET_MAX_LENGTH && isAmong(app.apiKeyHashes, key);
  }

  /**
   * The bearer of a token. An opaque token needs its `userId`; a JWT names its user itself, and a `userId` beside it
   * must be the same.
   *
   * @throws AppError UNAVAILABLE, or NOT_AUTHENTICATED, with the same text whatever is wrong with an opaque token.
   */
  async identify(app: App, token: string, userId: string | undefined): Promise<Identity> {
    if (token.length <= SECRET_MAX_LENGTH) {
      await this.accounts.refreshApp(app);
      if (userId !== undefined && isAmong(this.accounts.tokenHashes(app, userId, Date.now()), token)) {
        return { id: userId, claims: null, checkedAgainstMs: this.accounts.revokedAtMs(app, userId) };
      }
      if (app.jwt !== null && LOOKS_LIKE_JWT.test(token)) return this.identifyByJwt(app, app.jwt, token, userId);
    }
    throw new AppError('NOT_AUTHENTICATED', 'The token is not valid for this user here.');
  }

  private async identifyByJwt(
    app: App,
    { secret, algorithms, issuer, audience }: NonNullable<App['jwt']>,
    token: string,
    userId: string | undefined,
  ): Promise<Identity> {
    const payload = await verified(token, await this.keyOf(secret), { algorithms: [...algorithms], issuer, audience });
    const { sub, iat } = payload;
    const fault = nameFault(sub);
    if (sub === undefined || fault !== undefined) {
      throw new AppError('NOT_AUTHENTICATED', `The token's "sub" ${fault ?? 'is missing'}.`);
    }
    if (userId !== undefined && userId !== sub) {
      throw new AppError('NOT_AUTHENTICATED', 'The token belongs to another user.');
    }
    const revokedAtMs = this.accounts.revokedAtMs(app, sub);
    if (revokedAtMs > 0 && (iat ?? 0) * 1000 <= revokedAtMs) {
      throw new AppError('NOT_AUTHENTICATED', 'The token was revoked.');
    }
    return { id: sub, claims: claimsOf(payload), claimedRole: roleOf(payload), checkedAgainstMs: revokedAtMs };
  }

  private keyOf(secret: Uint8Array): Promise<CryptoKey> {
    const key = this.keys.get(secret) ?? subtle.importKey('raw', new Uint8Array(secret), HS256, false, ['verify']);
    this.keys.set(secret, key);
    return key;
  }
}

/** Looks at every hash, so that the time taken tells nothing about where a match was. */
function isAmong(hashes: readonly Buffer[], secret: string): boolean {
  const hash = hashSecret(secret);
  let found = false;
  for (const known of hashes) if (timingSafeEqual(known, hash)) found = true;
  return found;
}

async function verified(token: string, key: CryptoKey, rules: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, key, rules)).payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw new AppError('NOT_AUTHENTICATED', 'The token has expired.');
    if (error instanceof errors.JOSEError) throw new AppError('NOT_AUTHENTICATED', 'The token is not valid here.');
    throw error;
  }
}

function claimsOf({ email, username, name }: JWTPayload): UserClaims {
  const text = (value: unknown, longest: number): string | undefined =>
    typeof value === 'string' && value.length > 0 && value.length <= longest ? value : undefined;
  return { email: text(email, 320), username: text(username, 255), name: text(name, 255) };
}

const roleOf = ({ role }: JWTPayload): Role | undefined => ROLES.find((one) => one === role);
