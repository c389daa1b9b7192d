/* What a connection costs, coming and going and staying, beside Socket.IO servers that keep no roster (P4). */
import type { CrowdVerbs } from '../load/crowd.main';
import { residentBytesOf } from '../measure/process-cost';
import { once } from '../once';
import { pause, within } from '../processes/patience';
import { type Processes, withProcesses } from '../processes/processes';
import type { Figures, Row, RowGroup, Scale, Side, Verdict } from '../row';
import { startChild } from '../stacks/child';
import { ANONYMOUS, lonelyStack, plainStack, ROOMS, rollcallStack, type Stack } from '../stacks/crowded';
import { costOf } from '../stacks/measured';

/** Three joins each: a room, and two channels of everybody. */
const MORE = ['lobby', 'news'];

/** Time for the last leaves to reach Redis, and what follows from them. */
const SETTLE_MS = 500;

/** What a busy server lets go of only slowly: timers of closed sockets, pages of the collector. */
const REST_MS = 1500;

/** How often the crowd comes and goes before it counts. */
const WARM_UPS = 3;

/** Connections that come and go before memory is looked at. */
const WARM_UP = 1500;
const WARM_UP_QUICK = 200;

type Start = (processes: Processes) => Promise<Stack>;

const startRollcall: Start = (processes) => rollcallStack(processes, 2);
/** What is left without a part of the work: what the part costs. */
const startAnonymous: Start = async (processes) => ({ ...(await startRollcall(processes)), dialect: ANONYMOUS });
const startLonely: Start = (processes) => lonelyStack(processes, 2);

const startPlain: Start = (processes) => plainStack(processes, 2, false);

export const connectingGroup: RowGroup = (scale, processes) => [cpu(scale, processes), memory(scale)];

function cpu({ share, quick }: Scale, processes: Processes): Row {
  const count = Math.max(1000, Math.round(5000 * share));
  const side = (name: string, start: Start): Side => {
    const ready = once(async () => {
      const stack = await start(processes);
      const crowd = startChild<CrowdVerbs>(processes, 'load/crowd.main');
      const comeAndGo = async (): Promise<number> => {
        const { dialect, ports } = stack;
        const opening = { dialect, ports, from: 0, count, rooms: ROOMS, more: MORE };
        const { ms } = await within('Opening connections', 60_000, crowd.call('open', opening));
        await crowd.call('close', { from: 0, count });
        await pause(SETTLE_MS);
        return ms;
      };
      // Compilers are half done after one: a fresh server spends a third of its time on them.
      for (let times = 0; times < WARM_UPS; times += 1) await comeAndGo();
      return { stack, comeAndGo };
    });
    return {
      name,
      sample: async (): Promise<Figures> => {
        const { stack, comeAndGo } = await ready();
        const { result, podsMs, redisMs } = await costOf(stack, comeAndGo);
        return { cpuPods: podsMs / count, cpuRedis: redisMs / count, connectsPerSecond: count / (result / 1000) };
      },
    };
  };
  const verdict = { ours: 'Rollcall', theirs: 'P4' } as const;
  return {
    id: 'connect-cpu',
    what: 'CPU of the pods for connect + 3 joins + disconnect, against Socket.IO without a roster (P4), same rooms',
    notes: [
      'Rollcall checks a signed token (HS256) with each handshake and acknowledges when the change is in Redis; P4 believes what it is told.',
      'Redis is told apart.',
    ],
    sides: [
      side('Rollcall', startRollcall),
      side('P4', startPlain),
      ...(quick ? [] : [side('anonymous', startAnonymous), side('pods alone', startLonely)]),
    ],
    verdicts: [
      {
        ...{ ...verdict, label: 'CPU of pods', unit: 'ms', figure: 'cpuPods' },
        ...{ bar: { kind: 'ratio', most: 1.4 }, stretch: { kind: 'ratio', most: 1.2 } },
      },
      { label: 'CPU of Redis', unit: 'ms', figure: 'cpuRedis', ours: 'Rollcall' },
      { ...verdict, label: 'connections', unit: 'per s', figure: 'connectsPerSecond' },
      ...(quick
        ? []
        : [part('without token and user', 'anonymous'), part('without Redis and each other', 'pods alone')]),
    ],
  };
}

const part = (label: string, ours: string): Verdict => ({
  ...{ label: `CPU of pods, ${label}`, ours, theirs: 'P4' },
  ...{ unit: 'ms', figure: 'cpuPods', compare: 'ratio' },
});

function memory({ connections, quick }: Scale): Row {
  const warmUp = quick ? WARM_UP_QUICK : WARM_UP;
  // A server that has once held a crowd keeps some of its memory, so each sample has new ones.
  const side = (name: string, start: Start): Side => ({
    name,
    sample: () =>
      withProcesses(async (processes): Promise<Figures> => {
        const stack = await start(processes);
        const crowd = startChild<CrowdVerbs>(processes, 'load/crowd.main');
        const { dialect, ports } = stack;
        const come = (from: number, count: number): Promise<unknown> =>
          crowd.call('open', { dialect, ports, from, count, rooms: ROOMS });
        // Others first: code, pools and the young heap, which the first connections make grow, are not theirs.
        await come(connections, warmUp);
        await crowd.call('close', { from: connections, count: warmUp });
        const before = await residentBytes(stack);
        await within('Opening connections', 120_000, come(0, connections));
        const after = await residentBytes(stack);
        return { bytes: (after - before) / connections, lost: await crowd.call('lost', undefined) };
      }),
  });
  const verdict = { ours: 'Rollcall', theirs: 'P4', unit: 'bytes', figure: 'bytes' } as const;
  return {
    id: 'connect-memory',
    what: `resident memory of the pods for each of ${connections.toLocaleString('en-US')} idle connections in three channels, against P4`,
    notes: ['After garbage collection. Two pods; in Rollcall each of them also has the view of all connections.'],
    sides: [side('Rollcall', startRollcall), side('P4', startPlain)],
    verdicts: [
      {
        ...{ ...verdict, label: 'memory' },
        ...{ bar: { kind: 'ratio', most: 1.2 }, stretch: { kind: 'ratio', most: 1.1 } },
      },
      { ...verdict, theirs: undefined, label: 'memory, alone', stretch: { kind: 'most', value: 16 * 1024 } },
    ],
  };
}

async function residentBytes({ pods, podPids }: Stack): Promise<number> {
  await pause(REST_MS);
  // Twice with a rest: pages are given back some time after they have become free.
  for (let times = 0; times < 2; times += 1) {
    await Promise.all(pods.map((pod) => pod.collectGarbage()));
    await pause(REST_MS / 2);
  }
  return podPids.reduce((sum, pid) => sum + residentBytesOf(pid), 0);
}
