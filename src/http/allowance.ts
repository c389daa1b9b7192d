import { AppError } from '@rollcall/contract';
import type { FastifyReply } from 'fastify';
import type { RateLimiterRes } from 'rate-limiter-flexible';

/** Limits are all by the minute. */
export const WINDOW_SECONDS = 60;

/** How much of a minute somebody has left. */
export interface Allowance {
  readonly limit: number;
  readonly remaining: number;
  readonly resetAtMs: number;
  /** Until the reset. */
  readonly seconds: number;
}

export class TooManyRequests extends AppError {
  constructor(
    readonly allowance: Allowance,
    message: string,
  ) {
    super('RATE_LIMITED', message);
  }
}

export const allowance = (limit: number, { remainingPoints, msBeforeNext }: RateLimiterRes): Allowance => ({
  limit,
  remaining: Math.max(0, remainingPoints),
  resetAtMs: Date.now() + msBeforeNext,
  seconds: Math.ceil(msBeforeNext / 1000),
});

/**
 * What is left, in both ways of saying it: `X-RateLimit-*`, of which the reset is in milliseconds since 1970, and the
 * fields of the IETF's draft (draft-ietf-httpapi-ratelimit-headers-10), which name the limit.
 */
export function tellAllowance(reply: FastifyReply, policy: string, left: Allowance): void {
  const { limit, remaining, resetAtMs, seconds } = left;
  void reply.headers({
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(resetAtMs),
    'ratelimit-policy': `"${policy}";q=${limit};w=${WINDOW_SECONDS}`,
    ratelimit: `"${policy}";r=${remaining};t=${seconds}`,
  });
}
