/* The shop on two pods and a Redis of its own, all ended after the test. */
import { Crowd } from './crowd';
import { RedisPod, type Settings } from './redis-pod';
import { type RunningRedis, startRedis } from './redis-server';
import { TcpProxy } from './tcp-proxy';
import { stopAfterTest } from './teardown';

/** A Redis that ends after the test, whatever has been done to it. */
export async function redisForTest(options: Parameters<typeof startRedis>[0] = {}): Promise<RunningRedis> {
  const redis = await startRedis(options);
  stopAfterTest(() => redis.stop());
  return redis;
}

export interface RedisShop {
  readonly redis: RunningRedis;
  readonly pods: readonly [RedisPod, RedisPod];
  readonly crowd: Crowd;
  /** What is in every key of the roster of `localhost`. */
  readonly key: (part: string) => string;
}

const key = (part: string): string => `{rollcall:local:localhost}:${part}`;

/** Two pods with a crowd on them, at once with Redis. */
export async function shopOnRedis(settings: Settings = {}): Promise<RedisShop> {
  const redis = await redisForTest();
  return { redis, key, ...(await peopled(redis.port, settings)) };
}

/** The same, and the way of both pods to Redis is over a line that can be disturbed. */
export async function shopBehindProxy(settings: Settings = {}): Promise<RedisShop & { proxy: TcpProxy }> {
  const redis = await redisForTest();
  const proxy = await TcpProxy.start(redis.port);
  return { redis, key, proxy, ...(await peopled(proxy.port, settings)) };
}

async function peopled(port: number, settings: Settings): Promise<Pick<RedisShop, 'pods' | 'crowd'>> {
  const pods = await Promise.all([RedisPod.start(port, settings), RedisPod.start(port, settings)]);
  return { pods, crowd: await Crowd.gathered(pods) };
}
