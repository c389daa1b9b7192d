import type { RedisLink } from '@rollcall/redis';
import { connectLink, redisHarness } from '../support/redis-roster';
import { describeWithRedis, type RunningRedis, startRedis } from '../support/redis-server';
import { describeRosterStore } from './roster-store.contract';

jest.setTimeout(60_000);

describeWithRedis('A Redis server', () => {
  let redis: RunningRedis;
  let link: RedisLink;

  beforeAll(async () => {
    redis = await startRedis();
    link = connectLink({ urls: [redis.url] });
  });

  afterAll(async () => {
    await link.close();
    await redis.stop();
  });

  describeRosterStore('as a store', () => redisHarness(link));
});
