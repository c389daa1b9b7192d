/* `/message/users`, the whole map of channels. */
import { loadLarge } from '../load/large-load';
import { pause } from '../processes/patience';
import type { Row, Scale, Side } from '../row';
import { cpuMsOf } from '../measure/process-cost';
import { type CrowdedStack, ROOMS } from '../stacks/crowded';
import { wholeMapCheck } from '../load/whole-map';
import type { CrowdScene } from './crowd.scene';
import { httpSide } from './http-side';

/** What the changes are made of, a second: 200 × (connected, joined, disconnected), 300 × (joined, left). */
const CHANGES = { newcomers: 200, joins: 300 };

/** How often a dashboard would ask, while the cost of the changes is taken. */
const DASHBOARD_EVERY_MS = 100;

/** Enough to see how many fail: each takes P1 a good part of a second. */
const P1_ANSWERS = 64;

export function wholeMapRows(scale: Scale, scene: CrowdScene): Row[] {
  return [alone(scale, scene), underChanges(scale, scene), manyCallers(scale, scene), constant(scale, scene)];
}

const whole = { question: (stack: CrowdedStack) => stack.users(), load: loadLarge };

function alone(scale: Scale, { rollcall, p1, p2 }: CrowdScene): Row {
  const asking = { callers: 1, ms: scale.sampleMs };
  return {
    id: 'map',
    what: `/message/users: all ${channels(scale)} channels of ${number(scale.connections)} connections, one caller`,
    notes: [
      'P2 is a node:http server that reads the table from Redis with each question (HVALS) and parses it.',
      'CPU is that of all pods and Redis together, for one answer.',
    ],
    sides: [
      httpSide({ name: 'Rollcall', stack: rollcall, ...whole, asking }),
      httpSide({ name: 'P1', stack: p1, ...whole, asking }),
      httpSide({
        name: 'P2',
        stack: p2,
        question: ({ port }) => ({ port, method: 'GET', path: '/users' }),
        load: loadLarge,
        asking,
      }),
    ],
    verdicts: [
      {
        ...{ label: 'p50', unit: 'ms', figure: 'p50', ours: 'Rollcall', theirs: 'P1' },
        ...{ bar: { kind: 'times', least: 120 }, stretch: { kind: 'times', least: 200 } },
      },
      {
        ...{ label: 'CPU', unit: 'ms', figure: 'cpu', ours: 'Rollcall', theirs: 'P1' },
        ...{ bar: { kind: 'times', least: 200 }, stretch: { kind: 'times', least: 380 } },
      },
      { label: 'p50 against P2', unit: 'ms', figure: 'p50', ours: 'Rollcall', theirs: 'P2' },
      { label: 'CPU against P2', unit: 'ms', figure: 'cpu', ours: 'Rollcall', theirs: 'P2' },
    ],
  };
}

function underChanges(scale: Scale, { rollcall, p1 }: CrowdScene): Row {
  const asking = { callers: 1, ms: Math.max(2000, scale.sampleMs) };
  const side = (name: string, stack: () => Promise<CrowdedStack>): Side =>
    httpSide({
      ...{ name, stack, ...whole, asking },
      during: async (crowded, ask) => {
        const { result, perSecond } = await whileChanging(crowded, ask);
        return { ...result, changesPerSecond: perSecond };
      },
    });
  return {
    id: 'map-changes',
    what: '/message/users: all channels, under 1,200 changes a second',
    notes: [
      'Each second 200 connections come, join a room and go, and 300 joins and 300 leaves are made by others: 1,200 changes of the roster, all acknowledged.',
      'The share of a core is that of the busier pod, while the whole map is asked for 10 times a second.',
    ],
    sides: [side('Rollcall', rollcall), side('P1', p1), dashboard('Rollcall, 10 questions/s', rollcall, asking.ms)],
    verdicts: [
      {
        ...{ label: 'p50', unit: 'ms', figure: 'p50', ours: 'Rollcall', theirs: 'P1' },
        ...{ bar: { kind: 'times', least: 80 }, stretch: { kind: 'times', least: 140 } },
      },
      {
        ...{ label: 'core of a pod', unit: 'share', figure: 'podShare', ours: 'Rollcall, 10 questions/s' },
        stretch: { kind: 'most', value: 0.3 },
      },
      { label: 'changes', unit: 'per s', figure: 'changesPerSecond', ours: 'Rollcall', theirs: 'P1' },
    ],
  };
}

async function whileChanging<Result>(
  { crowd, dialect, ports }: CrowdedStack,
  work: () => Promise<Result>,
): Promise<{ result: Result; perSecond: number }> {
  await crowd.call('startChanges', { dialect, ports, rooms: ROOMS, ...CHANGES });
  // The first newcomers only fill the room; after a second they come and go.
  await pause(1000);
  const result = await work();
  return { result, ...(await crowd.call('stopChanges', undefined)) };
}

function dashboard(name: string, stack: () => Promise<CrowdedStack>, ms: number): Side {
  return {
    name,
    sample: async () => {
      const crowded = await stack();
      const { result, perSecond } = await whileChanging(crowded, async () => {
        const began = performance.now();
        const before = crowded.podPids.map(cpuMsOf);
        while (performance.now() - began < ms) {
          await loadLarge(crowded.users(), { callers: 1, ms, answers: 1 });
          await pause(DASHBOARD_EVERY_MS);
        }
        const seconds = performance.now() - began;
        return crowded.podPids.map((pid, n) => (cpuMsOf(pid) - (before[n] ?? 0)) / seconds);
      });
      return { podShare: Math.max(...result), changesPerSecond: perSecond };
    },
  };
}

function manyCallers(scale: Scale, { rollcall, p1 }: CrowdScene): Row {
  const answers = Math.round(10_000 * scale.share);
  const side = (name: string, stack: () => Promise<CrowdedStack>, most: number): Side => ({
    name,
    sample: async () => {
      const crowded = await stack();
      const check = wholeMapCheck(scale.connections, ROOMS);
      const asking = { callers: 16, ms: 20_000, answers: most };
      const { answers: got, failed, seconds } = await loadLarge(crowded.users(), asking, check);
      return { right: 1 - failed / Math.max(1, got), answers: got, failed, perSecond: got / seconds };
    },
  });
  return {
    id: 'map-16',
    what: `/message/users: all channels, 16 callers at once: complete and right answers of ${number(answers)}`,
    notes: [
      `Each answer is looked at whole. P1 is asked ${P1_ANSWERS} times; it fails where Redis cuts its subscription.`,
    ],
    sides: [side('Rollcall', rollcall, answers), side('P1', p1, P1_ANSWERS)],
    verdicts: [
      {
        ...{ label: 'right answers', unit: 'share', figure: 'right', ours: 'Rollcall', theirs: 'P1' },
        bar: { kind: 'least', value: 1 },
      },
      { label: 'answers', unit: 'per s', figure: 'perSecond', ours: 'Rollcall', theirs: 'P1' },
    ],
  };
}

function constant(scale: Scale, { rollcall, p3 }: CrowdScene): Row {
  const asking = { callers: 1, ms: scale.sampleMs };
  return {
    id: 'map-limit',
    what: '/message/users: all channels, against the same bytes as a constant of the same HTTP stack (P3)',
    notes: ['The CPU that is judged includes Redis, which tells with each question how far the roster is.'],
    sides: [
      httpSide({ name: 'Rollcall', stack: rollcall, ...whole, asking }),
      httpSide({
        name: 'P3',
        stack: p3,
        question: ({ port }) => ({ port, method: 'POST', path: '/message/users', body: '{"apiKey":"BENCH_key"}' }),
        load: loadLarge,
        asking,
      }),
    ],
    verdicts: [
      {
        ...{ label: 'CPU', unit: 'ms', figure: 'cpu', ours: 'Rollcall', theirs: 'P3' },
        ...{ bar: { kind: 'ratio', most: 1.7 }, stretch: { kind: 'ratio', most: 1.2 } },
      },
      { compare: 'ratio', label: 'CPU of pods alone', unit: 'ms', figure: 'cpuPods', ours: 'Rollcall', theirs: 'P3' },
      { compare: 'ratio', label: 'p50', unit: 'ms', figure: 'p50', ours: 'Rollcall', theirs: 'P3' },
    ],
  };
}

const number = (count: number): string => count.toLocaleString('en-US');
const channels = ({ connections }: Scale): string => number(connections + Math.min(ROOMS, connections) + 1);
