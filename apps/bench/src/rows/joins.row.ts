import { cpuMsOf } from '../measure/process-cost';
import { once } from '../once';
import { within } from '../processes/patience';
import type { Processes } from '../processes/processes';
import type { Row, Scale } from '../row';
import { pidOf, startChild } from '../stacks/child';
import { startRedis } from '../stacks/redis';
import type { JoinerVerbs } from '../store/joiner.main';

const PROCESSES = 3;
const CONNECTIONS = 20_000;
const CHANNELS = 100;
const HOST = 'joins.example';

/** How many joins a second one Redis takes at the store port. Nobody looks on: there are no views and no sockets. */
export function joinsRow({ share }: Scale, processes: Processes): Row {
  const count = Math.round(CONNECTIONS * Math.max(0.25, share));
  let samples = 0;
  const ready = once(async () => {
    const redis = await startRedis(processes);
    const joiners = Array.from({ length: PROCESSES }, () => startChild<JoinerVerbs>(processes, 'store/joiner.main'));
    const opening = joiners.map((joiner, n) =>
      joiner.call('start', { redisUrl: redis.url, host: HOST, from: n * count, count }),
    );
    await within('Registering connections', 120_000, Promise.all(opening));
    return { redis, joiners };
  });
  return {
    id: 'joins',
    what: `joins a second through one Redis at the store port, ${PROCESSES} processes, no sockets`,
    notes: [
      `Each of ${(PROCESSES * count).toLocaleString('en-US')} connections joins one channel; a join counts when it is acknowledged. The leaves between samples are not counted.`,
    ],
    sides: [
      {
        name: 'Rollcall',
        sample: async () => {
          const { redis, joiners } = await ready();
          const channels = { channels: CHANNELS, name: `channel-${(samples += 1)}` };
          const pods = joiners.map(pidOf);
          const [redisBefore, podsBefore] = [cpuMsOf(redis.pid), pods.map(cpuMsOf)];
          const began = performance.now();
          await Promise.all(joiners.map((joiner) => joiner.call('join', channels)));
          const seconds = (performance.now() - began) / 1000;
          const joins = PROCESSES * count;
          const podsMs = pods.reduce((sum, pid, n) => sum + cpuMsOf(pid) - (podsBefore[n] ?? 0), 0);
          const figures = {
            perSecond: joins / seconds,
            cpuRedis: ((cpuMsOf(redis.pid) - redisBefore) * 1000) / joins,
            cpuPods: (podsMs * 1000) / joins,
          };
          await Promise.all(joiners.map((joiner) => joiner.call('leave', channels)));
          return figures;
        },
      },
    ],
    verdicts: [
      {
        ...{ label: 'joins', unit: 'per s', figure: 'perSecond', ours: 'Rollcall' },
        ...{ bar: { kind: 'least', value: 60_000 }, stretch: { kind: 'least', value: 100_000 } },
      },
      {
        ...{ label: 'CPU of Redis', unit: 'µs', figure: 'cpuRedis', ours: 'Rollcall' },
        ...{ bar: { kind: 'most', value: 12 }, stretch: { kind: 'most', value: 8 } },
      },
      { label: 'CPU of the processes', unit: 'µs', figure: 'cpuPods', ours: 'Rollcall' },
    ],
  };
}
