import { once } from '../once';
import { within } from '../processes/patience';
import { type Processes, withProcesses } from '../processes/processes';
import type { Figures, Row, Scale } from '../row';
import { startChild } from '../stacks/child';
import { ROOMS } from '../stacks/crowded';
import { type RunningRedis, startRedis } from '../stacks/redis';
import { crowdRow, RowWriter } from '../store/crowd-rows';
import { openStore } from '../store/own-store';
import type { ViewLoaderVerbs } from '../store/view-loader.main';

const CONNECTIONS = 333_333;
const PODS = 3;

/** `authenticated`, a room, and the tab's own. */
const CHANNELS_OF_EACH = 3;

const HOST = 'large.example';

/** Commands that take Redis longer than this are in its slow log; the longest of them is what is asked for. */
const SLOWER_THAN_MICROSECONDS = 100;

/** A view of a large host in a process of its own: how long it loads, who waits meanwhile, and how much it weighs. */
export function viewLoadRow({ share }: Scale, processes: Processes): Row {
  const connections = Math.round(CONNECTIONS * share);
  const ready = once(async () => {
    const redis = await startRedis(processes);
    await within('Filling the store', 180_000, fill(redis, connections));
    return redis;
  });
  return {
    id: 'view-load',
    what: `a view of ${connections.toLocaleString('en-US')} connections × ${CHANNELS_OF_EACH} channels`,
    notes: [
      'Loaded in a process of its own from a store that three pods have written. Memory is that of the process, after garbage collection, less what it was before, for each pair of connection and channel.',
      'The longest command of Redis is from its slow log.',
    ],
    sides: [
      {
        name: 'Rollcall',
        sample: async (): Promise<Figures> => {
          const redis = await ready();
          await redis.command('CONFIG', 'SET', 'slowlog-log-slower-than', String(SLOWER_THAN_MICROSECONDS));
          await redis.command('CONFIG', 'SET', 'slowlog-max-len', '100000');
          await redis.command('SLOWLOG', 'RESET');
          return withProcesses(async (own) => {
            const loader = startChild<ViewLoaderVerbs>(own, 'store/view-loader.main');
            const loaded = await within('Loading', 120_000, loader.call('load', { redisUrl: redis.url, host: HOST }));
            if (loaded.connections !== connections) throw new Error(`The view has ${loaded.connections} connections.`);
            const entries = CHANNELS_OF_EACH * connections;
            return {
              loadMs: loaded.loadMs,
              loadCpuMs: loaded.loadCpuMs,
              longestPauseMs: loaded.longestPauseMs,
              bytes: loaded.residentBytes / entries,
              heapBytes: loaded.heapBytes / entries,
              firstMapMs: loaded.firstMapMs,
              longestCommandMs: longestMs(await redis.command('SLOWLOG', 'GET', '-1')),
            };
          });
        },
      },
    ],
    verdicts: [
      {
        ...{ label: 'load', unit: 'ms', figure: 'loadMs', ours: 'Rollcall' },
        ...{ bar: { kind: 'most', value: 3000 }, stretch: { kind: 'most', value: 1500 } },
      },
      {
        ...{ label: 'longest pause of the event loop', unit: 'ms', figure: 'longestPauseMs', ours: 'Rollcall' },
        ...{ bar: { kind: 'most', value: 50 }, stretch: { kind: 'most', value: 20 } },
      },
      {
        ...{ label: 'resident bytes of an entry', unit: 'bytes', figure: 'bytes', ours: 'Rollcall' },
        ...{ bar: { kind: 'most', value: 350 }, stretch: { kind: 'most', value: 250 } },
      },
      { label: 'CPU of the load', unit: 'ms', figure: 'loadCpuMs', ours: 'Rollcall' },
      { label: 'heap bytes of an entry', unit: 'bytes', figure: 'heapBytes', ours: 'Rollcall' },
      { label: 'longest command of Redis', unit: 'ms', figure: 'longestCommandMs', ours: 'Rollcall' },
      { label: 'the first whole map', unit: 'ms', figure: 'firstMapMs', ours: 'Rollcall' },
    ],
  };
}

async function fill(redis: RunningRedis, connections: number): Promise<void> {
  const { store, close } = await openStore(redis.url);
  const users = Array.from({ length: connections }, (_, user) => user);
  const ofEach = Math.ceil(connections / PODS);
  for (let pod = 0; pod < PODS; pod += 1) {
    const writer = new RowWriter(store, HOST);
    await writer.open();
    await writer.write(users.slice(pod * ofEach, (pod + 1) * ofEach).map((user) => crowdRow(user, ROOMS)));
  }
  await close();
}

/** An entry of the slow log is an array of its number, its time, and its duration in µs, and then of text. */
export function longestMs(slowLog: string): number {
  const durations = [...slowLog.matchAll(/\*6\r\n:\d+\r\n:\d+\r\n:(\d+)\r\n/g)].map(([, microseconds]) =>
    Number(microseconds),
  );
  return Math.max(0, ...durations) / 1000;
}
