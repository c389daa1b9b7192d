import { Injectable, Logger } from '@nestjs/common';
import { AppError, NAME_MAX_LENGTH } from '@rollcall/contract';
import { type CryptoKey, errors, type JWTPayload, jwtVerify, type JWTVerifyOptions } from 'jose';
import { type JwtRules, KEYS_TRIED_MAX } from '../config/app';
import { jwtFault } from './jwt-faults';
import { type KeyOf, listedKeys, secretKeys } from './jwt-keys';
import { RemoteKeys } from './remote-keys';
import type { Enter, Leave } from './signature-queue';

/** Seconds from 1970 that a date can have: what is more is no time. */
const SECONDS_MAX = 8.64e12;

const MUST_NAME_ITS_KEY = `The token must name its key by a "kid" that no other has: more than ${KEYS_TRIED_MAX} fit it, and no more are tried.`;

/** A token whose signature and claims hold. */
export interface VerifiedToken {
  readonly payload: JWTPayload;
  readonly issuedAtMs?: number;
  /** By its own word or by the app's limit of age, whichever comes first. */
  readonly expiresAtMs?: number;
}

/** Checks JWTs by an app's rules. The app alone says which algorithms and keys count; a token only says which of them it means. */
@Injectable()
export class JwtVerifier {
  private readonly logger = new Logger('jwt');
  /** By the app's rules; those that come from a URL are shared by apps with the same URL and issuer, and no others. */
  private readonly keys = new WeakMap<JwtRules, KeyOf>();
  private readonly remote = new Map<string, KeyOf>();

  /**
   * `enter` is waited for before the signature is checked, if it comes to that.
   *
   * @throws AppError NOT_AUTHENTICATED whatever the token is, UNAVAILABLE if no keys could be fetched, or what `enter` throws.
   */
  async verify(rules: JwtRules, token: string, enter: Enter = AT_ONCE): Promise<VerifiedToken> {
    const nowMs = Date.now();
    try {
      const payload = await verified(token, this.keyOf(rules), optionsOf(rules, nowMs), enter);
      checkTimes(payload, nowMs / 1000 + rules.leewaySeconds);
      const { iat } = payload;
      return { payload, ...(iat === undefined ? {} : { issuedAtMs: iat * 1000 }), ...expiryOf(payload, rules) };
    } catch (error) {
      throw jwtFault(error);
    }
  }

  private keyOf(rules: JwtRules): KeyOf {
    const keyOf = this.keys.get(rules) ?? withBoundedKid(this.source(rules));
    this.keys.set(rules, keyOf);
    return keyOf;
  }

  private source({ keys, issuer = '' }: JwtRules): KeyOf {
    if (keys.from === 'secret') return secretKeys(keys);
    if (keys.from === 'list') return listedKeys(keys);
    const name = JSON.stringify([issuer, keys.url]);
    const keyOf = this.remote.get(name) ?? this.remoteKeys(keys.url).keyOf;
    this.remote.set(name, keyOf);
    return keyOf;
  }

  private remoteKeys(url: string): RemoteKeys {
    const { origin, pathname } = new URL(url);
    return new RemoteKeys({
      url,
      now: () => performance.now(),
      report: (fault) => {
        if (fault === undefined) this.logger.log(`The keys at ${origin}${pathname} can be fetched again.`);
        else this.logger.warn(`The keys at ${origin}${pathname} cannot be fetched: ${fault}.`);
      },
    });
  }
}

/** Before anything is looked up by it. */
const withBoundedKid =
  (keyOf: KeyOf): KeyOf =>
  (header, token) => {
    const { kid } = header as { kid?: unknown };
    if (kid === undefined || (typeof kid === 'string' && kid.length <= NAME_MAX_LENGTH)) return keyOf(header, token);
    throw new AppError(
      'NOT_AUTHENTICATED',
      `The token's "kid" must be a text of at most ${NAME_MAX_LENGTH} characters.`,
    );
  };

function optionsOf({ algorithms, issuer, audience, leewaySeconds, maxAgeSeconds }: JwtRules, nowMs: number) {
  return {
    algorithms: [...algorithms],
    issuer,
    audience,
    clockTolerance: leewaySeconds,
    maxTokenAge: maxAgeSeconds,
    currentDate: new Date(nowMs),
  } satisfies JWTVerifyOptions;
}

const AT_ONCE: Enter = () => Promise.resolve(() => undefined);

async function verified(token: string, keyOf: KeyOf, options: JWTVerifyOptions, enter: Enter): Promise<JWTPayload> {
  let leave: Leave | undefined;
  try {
    const { payload } = await jwtVerify(
      token,
      async (header, part) => {
        const key = await keyOf(header, part);
        // Not before: tokens that wait for an issuer's keys would take the place of others.
        leave = await enter();
        return key;
      },
      options,
    );
    return payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    leave = await enter();
    return await verifiedByAny(token, error, options);
  } finally {
    leave?.();
  }
}

/** Several keys fit: the token has no `kid`, or they share one. */
async function verifiedByAny(
  token: string,
  keys: AsyncIterable<CryptoKey>,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  let tried = 0;
  for await (const key of keys) {
    if (tried === KEYS_TRIED_MAX) throw new AppError('NOT_AUTHENTICATED', MUST_NAME_ITS_KEY);
    tried += 1;
    try {
      return (await jwtVerify(token, key, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw new errors.JWSSignatureVerificationFailed();
}

/** What the library leaves open: numbers that are no times, and tokens from the future, which no revocation would reach. */
function checkTimes({ exp, nbf, iat }: JWTPayload, latestSeconds: number): void {
  for (const [claim, seconds] of Object.entries({ exp, nbf, iat })) {
    if (seconds !== undefined && Math.abs(seconds) > SECONDS_MAX) {
      throw new AppError('NOT_AUTHENTICATED', `The token's "${claim}" is not a time in seconds.`);
    }
  }
  if (iat !== undefined && iat > latestSeconds) {
    throw new AppError('NOT_AUTHENTICATED', `The token's "iat" lies in the future.`);
  }
}

function expiryOf({ exp = Infinity, iat = Infinity }: JWTPayload, { maxAgeSeconds }: JwtRules): object {
  const seconds = Math.min(exp, maxAgeSeconds === undefined ? Infinity : iat + maxAgeSeconds);
  return Number.isFinite(seconds) ? { expiresAtMs: seconds * 1000 } : {};
}
