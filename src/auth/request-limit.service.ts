import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { App } from '../config/app';
import { hashSecret } from '../config/secret-hash';
import { type Allowance, allowance, tellAllowance, TooManyRequests, WINDOW_SECONDS } from '../http/allowance';
import { Stores } from '../store/stores';

/** Of a key's hash: enough to tell keys apart, and too little to know one by. */
const NAME_BYTES = 12;

/**
 * Requests a minute with one API key, where the app has a limit for them: counted over all pods of the data centre, and
 * by each pod for itself while Redis is away. A pod that was told of too many asks no more until the minute is over.
 */
@Injectable()
export class RequestLimit {
  /** By the limit: keys are told apart by their names. */
  private readonly limiters = new Map<number, RateLimiterAbstract>();

  constructor(private readonly stores: Stores) {}

  /** Takes one request off the key's minute, and tells what is left. @throws TooManyRequests */
  async take(app: App, key: string, reply: FastifyReply): Promise<void> {
    const limit = app.limits.requestsPerMinute;
    if (limit === undefined) return;
    const name = hashSecret(key).subarray(0, NAME_BYTES).toString('base64url');
    try {
      tellAllowance(reply, 'requests', allowance(limit, await this.limiterOf(limit).consume(`${app.id}:${name}`)));
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      throw this.refusal(allowance(limit, refused), reply);
    }
  }

  private refusal(left: Allowance, reply: FastifyReply): TooManyRequests {
    tellAllowance(reply, 'requests', left);
    void reply.header('retry-after', String(left.seconds));
    const { limit, seconds } = left;
    return new TooManyRequests(left, `At most ${limit} requests a minute are taken; try again in ${seconds} seconds.`);
  }

  private limiterOf(points: number): RateLimiterAbstract {
    const limiter = this.limiters.get(points) ?? this.newLimiter(points);
    this.limiters.set(points, limiter);
    return limiter;
  }

  private newLimiter(points: number): RateLimiterAbstract {
    const options = { points, duration: WINDOW_SECONDS, keyPrefix: '' };
    const { counter } = this.stores;
    const alone = new RateLimiterMemory(options);
    if (counter === undefined) return alone;
    return new RateLimiterRedis({
      ...options,
      storeClient: counter,
      insuranceLimiter: alone,
      inMemoryBlockOnConsumed: points + 1,
    });
  }
}
