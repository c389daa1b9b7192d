import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { App } from '../config/app';
import { allowance, tellAllowance, TooManyRequests } from '../http/allowance';

/**
 * Calls of `users.presence` and its siblings a minute, counted per user and app: colleagues behind one address do not
 * share a limit. Each route is counted by itself: polling takes nothing from setting one's status.
 */
@Injectable()
export class PresenceLimit implements OnModuleDestroy {
  private readonly limiters = new Map<string, RateLimiterMemory>();

  /**
   * Takes a call off the user's minute on the route, or several for one that costs as much, and tells what is left.
   *
   * @throws TooManyRequests when not so much is left.
   */
  async take(app: App, userId: string, route: string, cost: number, reply: FastifyReply): Promise<void> {
    const limit = app.limits.usersPresencePerMinute;
    const limiter = this.limiterOf(app.id, limit);
    try {
      tellAllowance(reply, 'presence', allowance(limit, await limiter.consume(`${route} ${userId}`, cost)));
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      const left = allowance(limit, refused);
      tellAllowance(reply, 'presence', left);
      throw new TooManyRequests(
        left,
        `Error, too many requests. Please slow down. You must wait ${left.seconds} seconds before trying this endpoint again.`,
      );
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
