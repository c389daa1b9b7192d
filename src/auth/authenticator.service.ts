import { Injectable } from '@nestjs/common';
import { AppError, nameFault } from '@rollcall/contract';
import { timingSafeEqual } from 'node:crypto';
import type { ApiKey, App, JwtRules } from '../config/app';
import { hashSecret } from '../config/secret-hash';
import { Accounts } from './accounts.service';
import { claimsOf, grantsOf, type Identity, NO_GRANTS, roleOf } from './identity';
import { JwtVerifier, type VerifiedToken } from './jwt.verifier';
import { SignatureQueue } from './signature-queue';

export type { Identity } from './identity';

/** A longer one cannot be ours, and only costs time to hash. */
export const SECRET_MAX_LENGTH = 16_384;

const LOOKS_LIKE_JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

/** Checks keys and tokens, always against one app: what is good in one app is worth nothing in another. */
@Injectable()
export class Authenticator {
  /** By the app's id: its rules are other ones with each apps file that is read, and its issuer's clock is the same. */
  private readonly leads = new Map<string, number>();
  /** By the app's id. */
  private readonly queues = new Map<string, SignatureQueue>();

  constructor(
    private readonly accounts: Accounts,
    private readonly jwts: JwtVerifier,
  ) {}

  /** Which of the app's keys it is; `undefined`: none. */
  apiKeyOf(app: App, key: string): ApiKey | undefined {
    if (key.length > SECRET_MAX_LENGTH) return undefined;
    return amongThose(app.apiKeys, ({ hash }) => hash, hashSecret(key));
  }

  /**
   * The bearer of a token. An opaque token needs its `userId`; a JWT names its user itself, and a `userId` beside it
   * must be the same. `inTurn`: its signature waits for those that came before. That is for doors at which nothing else
   * bounds how many come at once.
   *
   * @throws AppError UNAVAILABLE, or NOT_AUTHENTICATED, with the same text whatever is wrong with an opaque token.
   */
  async identify(
    app: App,
    token: string,
    userId: string | undefined,
    { inTurn = false }: { readonly inTurn?: boolean } = {},
  ): Promise<Identity> {
    if (token.length <= SECRET_MAX_LENGTH) {
      await this.accounts.refreshForToken(app);
      const opaque = userId === undefined ? undefined : this.identifyByOpaque(app, token, userId);
      if (opaque !== undefined) return opaque;
      if (app.jwt !== null && LOOKS_LIKE_JWT.test(token)) {
        const verified = await this.jwts.verify(app.jwt, token, inTurn ? this.queueOf(app).enter : undefined);
        return this.identifyByJwt(app, app.jwt, verified, userId);
      }
    }
    throw new AppError('NOT_AUTHENTICATED', 'The token is not valid for this user here.');
  }

  private identifyByOpaque(app: App, token: string, userId: string): Identity | undefined {
    const known = this.accounts.tokensOf(app, userId, Date.now());
    const found = amongThose(known, ({ hash }) => hash, hashSecret(token));
    if (found === undefined) return undefined;
    const { issuedAtMs, expiresAtMs } = found;
    return {
      id: userId,
      claims: null,
      claimedRole: undefined,
      grants: NO_GRANTS,
      jti: undefined,
      issuedAtMs,
      expiresAtMs,
      // The clocks of our own pods alone decide, so there is nothing to allow for.
      goodUntilMs: expiresAtMs,
      checkedAgainstMs: this.accounts.revokedAtMs(app, userId),
    };
  }

  private queueOf({ id }: App): SignatureQueue {
    const queue = this.queues.get(id) ?? new SignatureQueue(() => performance.now());
    this.queues.set(id, queue);
    return queue;
  }

  private identifyByJwt(app: App, rules: JwtRules, verified: VerifiedToken, userId: string | undefined): Identity {
    const id = nameIn('sub', verified.payload.sub);
    const checkedAgainstMs = this.accounts.revokedAtMs(app, id);
    const identity = identityOf(id, verified, rules, checkedAgainstMs);
    const { issuedAtMs = 0 } = identity;
    const leadMs = this.leadOf(app, issuedAtMs);
    if (userId !== undefined && userId !== id) {
      throw new AppError('NOT_AUTHENTICATED', 'The token belongs to another user.');
    }
    const revoked = checkedAgainstMs > 0 && issuedAtMs <= checkedAgainstMs;
    if (revoked || this.accounts.isRevoked(app, identity)) {
      throw new AppError('NOT_AUTHENTICATED', 'The token was revoked.');
    }
    // By its issuer's clock it may be younger than it is.
    if (checkedAgainstMs > 0 && issuedAtMs - leadMs <= checkedAgainstMs) {
      throw new AppError(
        'NOT_AUTHENTICATED',
        'The token cannot be told from those that were revoked a moment before it: its issuer has a clock that is ahead. Get another one.',
      );
    }
    return identity;
  }

  /** How far an issuer's clock is ahead of ours at least, in ms, as all its tokens have shown. */
  private leadOf({ id }: App, issuedAtMs: number): number {
    const leadMs = Math.max(this.leads.get(id) ?? 0, issuedAtMs - Date.now());
    this.leads.set(id, leadMs);
    return leadMs;
  }
}

/** Written out, field by field: each connection has one, and spreads would give each a hidden class of its own. */
function identityOf(
  id: string,
  { payload, issuedAtMs, expiresAtMs }: VerifiedToken,
  { leewaySeconds }: JwtRules,
  checkedAgainstMs: number,
): Identity {
  const jti = payload.jti as unknown;
  return {
    id,
    claims: claimsOf(payload),
    claimedRole: roleOf(payload),
    grants: grantsOf(payload),
    // One that nobody could name would be one that nobody could revoke.
    jti: jti === undefined ? undefined : nameIn('jti', jti),
    issuedAtMs,
    expiresAtMs,
    goodUntilMs: expiresAtMs === undefined ? undefined : expiresAtMs + leewaySeconds * 1000,
    checkedAgainstMs,
  };
}

function nameIn(claim: string, value: unknown): string {
  const fault = value === undefined ? 'is missing' : nameFault(value);
  if (fault !== undefined) throw new AppError('NOT_AUTHENTICATED', `The token's "${claim}" ${fault}.`);
  return value as string;
}

/** Looks at every hash, so that the time taken tells nothing about where a match was. */
function amongThose<Known>(known: readonly Known[], hashOf: (one: Known) => Buffer, hash: Buffer): Known | undefined {
  let found: Known | undefined;
  for (const one of known) if (timingSafeEqual(hashOf(one), hash)) found = one;
  return found;
}
