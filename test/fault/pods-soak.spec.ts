import { ChildPod } from '../support/child-pod';
import { guest, mapOf, openMany, podEnvironment, redisOfTest } from '../support/crowded-shop';
import { eventually } from '../support/eventually';
import { EVERYTHING } from '../support/everything';
import { describeWithRedis } from '../support/redis-server';
import { keysOf, RosterLog } from '../support/roster-log';

const CHURN_MS = EVERYTHING ? 120_000 : 20_000;
const WARM_MS = CHURN_MS / 4;
const TABS = 40;

/**
 * V8 itself settles over some 250 cycles and takes about 1 MB for it; from then on less than 1 KB a cycle was measured.
 * So the short run finds what keeps about 1 KB of each connection, the long one what keeps a few hundred bytes.
 */
const SETTLING_BYTES = 2_000_000;
const GROWTH_MAX_BYTES_PER_CYCLE = 2000;

describeWithRedis('Two pods through which many come and go', () => {
  it(
    'keep nothing of those who have gone: no connection, no channel, no key, no memory',
    async () => {
      const redis = await redisOfTest();
      const environment = podEnvironment(redis);
      const pods = await Promise.all([0, 1].map(() => ChildPod.start({ environment, measured: true })));
      const log = new RosterLog(redis);

      /** The same users come each time, to channels of new names. */
      const cycle = async (n: number): Promise<void> => {
        const tabs = await Promise.all(
          pods.map((pod) => openMany(pod, TABS / 2, (tab) => (tab % 3 === 0 ? {} : guest(`guest-${tab}`)))),
        );
        for (const channel of ['lobby', `room-${n}`]) {
          await Promise.all(tabs.flat().map((tab) => tab.join(channel)));
        }
        await Promise.all(tabs.flat().map((tab) => tab.ask('message:send', { channel: 'lobby', message: n })));
        for (const pod of pods) expect(Object.keys(await mapOf(pod))).toHaveLength(TABS + 6);
        for (const tab of tabs.flat()) tab.close();
        for (const pod of pods) await eventually(async () => expect(await mapOf(pod)).toEqual({}), { within: 10_000 });
      };
      const state = async () => ({
        keys: await keysOf(redis),
        rows: [...(await log.rows()).values()],
        heap: await Promise.all(pods.map((pod) => pod.heapBytes())),
      });

      const startedAt = performance.now();
      let cycles = 0;
      while (performance.now() - startedAt < WARM_MS) await cycle((cycles += 1));
      const before = await state();
      const warm = cycles;
      while (performance.now() - startedAt < CHURN_MS) await cycle((cycles += 1));
      const after = await state();

      expect(after.keys).toEqual(before.keys);
      expect(after.rows).toEqual([0, 0]);
      expect(cycles - warm).toBeGreaterThan(3);
      const bound = SETTLING_BYTES + (cycles - warm) * GROWTH_MAX_BYTES_PER_CYCLE;
      for (const [n, bytes] of after.heap.entries()) expect(bytes - (before.heap[n] ?? 0)).toBeLessThan(bound);
      for (const pod of pods) expect(await pod.end('SIGTERM')).toMatchObject({ code: 0 });
      expect([await log.leases(), await log.rows()]).toEqual([new Map(), new Map()]);
    },
    CHURN_MS + 120_000,
  );
});
