import type { RedisLink } from '@rollcall/redis';
import { connectLink, redisHarness } from '../support/redis-roster';
import { describeWithRedis, type RunningCluster, startRedisCluster } from '../support/redis-server';
import { rowOf, stored, Writer } from '../support/roster-store';
import { describeRosterStore } from './roster-store.contract';

jest.setTimeout(60_000);

describeWithRedis('A Redis Cluster', () => {
  let cluster: RunningCluster;
  let link: RedisLink;

  beforeAll(async () => {
    cluster = await startRedisCluster();
    link = connectLink({ urls: cluster.urls });
  });

  afterAll(async () => {
    await link.close();
    await cluster.stop();
  });

  describeRosterStore('as a store', () => redisHarness(link));

  it('has hosts on all its nodes', async () => {
    const { store } = await redisHarness(link);
    const before = await sizes();
    const hosts = Array.from({ length: 30 }, (_, n) => `host-${n}.example`);
    await Promise.all(hosts.map((host) => new Writer(store, host, 'pod-1').row('c1', rowOf('ada'))));
    for (const host of hosts) expect((await stored(store, host)).rows.size).toBe(1);
    const after = await sizes();
    expect(after.every((size, n) => size > (before[n] ?? 0))).toBe(true);
  });

  const sizes = (): Promise<number[]> =>
    Promise.all(cluster.nodes.map(async ({ command }) => Number(await command('DBSIZE'))));
});
