import type { RedisLink } from '@rollcall/redis';
import { StoreUnavailable } from '@rollcall/roster';
import { eventually } from '../support/eventually';
import { connectLink } from '../support/redis-roster';
import { describeWithRedis, type RunningCluster, startRedisCluster } from '../support/redis-server';

jest.setTimeout(90_000);

const TIMEOUT_MS = 500;

describeWithRedis('A cluster with a master that is frozen', () => {
  let cluster: RunningCluster;
  let link: RedisLink;
  /** One for each master, in their order. */
  let keys: string[];

  beforeEach(async () => {
    cluster = await startRedisCluster();
    link = connectLink({ urls: cluster.urls }, TIMEOUT_MS);
    keys = [];
    for (let n = 0; keys.filter(Boolean).length < 3; n += 1) {
      const key = `{host ${n}}:key`;
      const slot = Number(await cluster.nodes[0]?.command('CLUSTER', 'KEYSLOT', key));
      keys[Math.min(2, Math.floor((3 * slot) / 16384))] ??= key;
    }
    for (const key of keys) await eventually(async () => void (await link.command(key, 'HSET', key, 'field', '1')));
  });

  afterEach(async () => {
    for (const { process } of cluster.nodes) process.kill('SIGCONT');
    await link.close();
    await cluster.stop();
  });

  const get = (key = ''): Promise<unknown> => link.command(key, 'HGET', key, 'field');

  it('is away with that one alone, and all of it is back when that one is', async () => {
    const [first, second, third] = keys;
    cluster.nodes[2]?.process.kill('SIGSTOP');
    await expect(get(third)).rejects.toBeInstanceOf(StoreUnavailable);
    const until = performance.now() + 8 * TIMEOUT_MS;
    while (performance.now() < until) {
      expect([await get(first), await get(second)]).toEqual(['1', '1']);
      const askedAt = performance.now();
      await expect(get(third)).rejects.toBeInstanceOf(StoreUnavailable);
      // Who asks another key of that master is not kept waiting, either.
      await expect(get(`${third}:other`)).rejects.toBeInstanceOf(StoreUnavailable);
      expect(performance.now() - askedAt).toBeLessThan(TIMEOUT_MS);
      await expect(link.subscribe(third ?? '', () => undefined)).rejects.toBeInstanceOf(StoreUnavailable);
      (await link.subscribe(first ?? '', () => undefined))();
      expect(link.silentMs).toBeLessThan(2 * TIMEOUT_MS);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(link.isAway).toBe(true);

    cluster.nodes[2]?.process.kill('SIGCONT');
    await eventually(async () => expect(await get(third)).toBe('1'), { within: 15_000 });
    await eventually(() => expect(link.isAway).toBe(false), { within: 5000 });
    expect(link.silentMs).toBe(0);
  });
});
