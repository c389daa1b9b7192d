import { Injectable } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import { UserDirectory } from '@rollcall/roster';
import type { Scope } from '../auth/apps.service';
import type { App } from '../config/app';
import type { RevocationDto, RevokeDto } from './revocations.dto';
import { UserAccess } from './user-access.service';

/** What clocks of pods may be apart, beside the leeway of tokens: a revocation must outlive its token everywhere. */
const CLOCKS_MS = 60_000;

/** The last moment that can be written as a date. */
const LAST_MS = 8.64e15;

/** Revokes tokens that are out there: one, a user's, or all from before a moment. */
@Injectable()
export class TokenRevocations {
  constructor(
    private readonly directory: UserDirectory,
    private readonly access: UserAccess,
  ) {}

  /** @throws AppError BAD_REQUEST, or RATE_LIMITED when so many ids are revoked that no more are kept. */
  async revoke(scope: Scope, given: RevokeDto): Promise<RevocationDto> {
    const { jti, userId, issuedBefore, expiresAt } = withoutNulls(given);
    if (jti !== undefined) {
      refuseBeside('jti', { userId, issuedBefore });
      return this.revokeOne(scope, jti, expiresAt);
    }
    refuseBeside(userId === undefined ? 'issuedBefore' : 'userId', { expiresAt });
    const nowMs = Date.now();
    if (issuedBefore === undefined) {
      if (userId === undefined) throw new AppError('BAD_REQUEST', 'jti, userId or issuedBefore must be there.', 'jti');
      return { userId, issuedBefore: isoOf(await this.access.revokeTokens(scope, userId)) };
    }
    const beforeMs = Date.parse(issuedBefore);
    // It would refuse tokens that nobody has issued yet, and nothing could take that back. A clock may be ahead, though.
    if (beforeMs > nowMs + CLOCKS_MS)
      throw new AppError('BAD_REQUEST', 'issuedBefore lies in the future.', 'issuedBefore');
    await this.directory.revokeTokensBefore(scope.app.id, userId ?? null, beforeMs);
    return { ...(userId === undefined ? {} : { userId }), issuedBefore: isoOf(beforeMs) };
  }

  private async revokeOne({ app }: Scope, jti: string, expiresAt: string | undefined): Promise<RevocationDto> {
    const keptUntilMs = endOf(app, expiresAt === undefined ? Infinity : Date.parse(expiresAt));
    const most = app.limits.revokedTokens;
    if (!(await this.directory.revokeToken(app.id, jti, keptUntilMs, most))) {
      throw new AppError('RATE_LIMITED', this.fullText(app));
    }
    return { jti, ...(keptUntilMs > LAST_MS ? {} : { keptUntil: isoOf(keptUntilMs) }) };
  }

  private fullText({ id, limits }: App): string {
    const nextMs = this.directory.revokedTokens(id).nextTrimMs();
    const next = nextMs > LAST_MS ? 'None of them is ever forgotten' : `The next one is forgotten at ${isoOf(nextMs)}`;
    return `At most ${limits.revokedTokens} tokens of this app can be revoked one by one. ${next}; revoke by userId or issuedBefore instead.`;
  }
}

/** When the token has expired by itself, by its own date or by the app's limit of age, on every clock. */
function endOf({ jwt }: App, expiresAtMs: number): number {
  const { leewaySeconds = 0, maxAgeSeconds = Infinity } = jwt ?? {};
  // The issuer's clock may be ahead by as much as is allowed for when the token has come to its end.
  const oldestMs = Date.now() + (maxAgeSeconds + leewaySeconds) * 1000;
  return Math.min(expiresAtMs, oldestMs) + leewaySeconds * 1000 + CLOCKS_MS;
}

function refuseBeside(field: string, others: Readonly<Record<string, unknown>>): void {
  for (const [other, value] of Object.entries(others)) {
    if (value !== undefined) throw new AppError('BAD_REQUEST', `${other} must not be there beside ${field}.`, other);
  }
}

const isoOf = (ms: number): string => new Date(ms).toISOString();

const withoutNulls = (given: RevokeDto): { [Field in keyof RevokeDto]?: string } =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
