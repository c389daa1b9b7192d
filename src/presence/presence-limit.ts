import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { App } from '../config/app';

/** How much of its minute a user has left; the three numbers of the `X-RateLimit-*` headers. */
export interface Allowance {
  readonly limit: number;
  readonly remaining: number;
  readonly resetAtMs: number;
}

export class TooManyRequests extends AppError {
  constructor(
    readonly allowance: Allowance,
    waitMs: number,
  ) {
    const seconds = Math.ceil(waitMs / 1000);
    super(
      'RATE_LIMITED',
      `Error, too many requests. Please slow down. You must wait ${seconds} seconds before trying this endpoint again.`,
    );
  }
}

/**
 * Calls of `users.presence` and its siblings a minute, counted per user and app: colleagues behind one address do not
 * share a limit. Each route is counted by itself: polling takes nothing from setting one's status.
 */
@Injectable()
export class PresenceLimit implements OnModuleDestroy {
  private readonly limiters = new Map<string, RateLimiterMemory>();

  /** Takes one call off the user's minute on the route. @throws TooManyRequests when nothing is left. */
  async take(app: App, userId: string, route: string): Promise<Allowance> {
    const limit = app.limits.usersPresencePerMinute;
    const limiter = this.limiterOf(app.id, limit);
    try {
      return allowance(limit, await limiter.consume(`${route} ${userId}`));
    } catch (refused) {
      if (refused instanceof RateLimiterRes) throw new TooManyRequests(allowance(limit, refused), refused.msBeforeNext);
      throw refused;
    }
  }

  onModuleDestroy(): void {
    this.limiters.clear();
  }

  private limiterOf(appId: string, points: number): RateLimiterMemory {
    let limiter = this.limiters.get(appId);
    if (limiter === undefined) {
      limiter = new RateLimiterMemory({ points, duration: 60 });
      this.limiters.set(appId, limiter);
    }
    // The apps file may have been read anew.
    limiter.points = points;
    return limiter;
  }
}

const allowance = (limit: number, { remainingPoints, msBeforeNext }: RateLimiterRes): Allowance => ({
  limit,
  remaining: Math.max(0, remainingPoints),
  resetAtMs: Date.now() + msBeforeNext,
});
