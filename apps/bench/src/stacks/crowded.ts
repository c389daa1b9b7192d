/* Two ways to know who is there, each with pods, a Redis of its own and a crowd: Rollcall, and plain Socket.IO (P1). */
import type { PlainVerbs } from '../competitors/plain-socket-io.main';
import type { CrowdVerbs } from '../load/crowd.main';
import type { Dialect } from '../load/dialect';
import type { Question } from '../load/question';
import type { Processes } from '../processes/processes';
import { within } from '../processes/patience';
import type { Verbs, Worker } from '../processes/verbs';
import { pidOf, startChild } from './child';
import type { Measured } from './measured';
import { type RunningRedis, startRedis } from './redis';
import { JWT_SECRET, type RollcallPod, startPods, usersQuestion } from './rollcall';

export const ROOMS = 100;

export const ROLLCALL: Dialect = { server: 'rollcall', jwtSecret: JWT_SECRET };
export const ANONYMOUS: Dialect = { server: 'rollcall' };
export const PLAIN: Dialect = { server: 'plain' };

const CROWD_WITHIN_MS = 120_000;

export interface Stack extends Measured {
  readonly dialect: Dialect;
  readonly ports: readonly number[];
  /** By which a pod can be told to collect its garbage. */
  readonly pods: readonly Worker<Verbs>[];
  readonly redis?: RunningRedis;
  /** Who is there: on the first pod, of all channels or of one. */
  users(channel?: string): Question;
}

export interface CrowdedStack extends Stack {
  readonly crowd: Worker<CrowdVerbs>;
}

/** Pods that know nothing of each other: each has the roster of its own connections. */
export async function lonelyStack(processes: Processes, podCount: number): Promise<Stack> {
  const pods = await startPods(processes, podCount, undefined);
  return stackOf(pods);
}

/** `place`: a Redis that is there already, and what else the pods are told. */
export async function rollcallStack(
  processes: Processes,
  podCount: number,
  place?: { readonly redis: RunningRedis; readonly environment: NodeJS.ProcessEnv },
): Promise<Stack & { redis: RunningRedis }> {
  const redis = place?.redis ?? (await startRedis(processes));
  const pods = await startPods(processes, podCount, redis, place?.environment);
  return { ...stackOf(pods), redis, redisPids: [redis.pid] };
}

function stackOf(pods: readonly RollcallPod[]): Stack {
  const ports = pods.map(({ port }) => port);
  return {
    dialect: ROLLCALL,
    ports,
    pods: pods.map(({ worker }) => worker),
    podPids: pods.map(({ pid }) => pid),
    users: (channel) => usersQuestion(ports[0] ?? 0, channel),
  };
}

/** With `redis`, they share their rooms (P1); without, each is alone (P4). */
export async function plainStack(processes: Processes, podCount: number, shared: boolean): Promise<Stack> {
  const redis = shared ? await startRedis(processes) : undefined;
  const pods = Array.from({ length: podCount }, () =>
    startChild<PlainVerbs>(processes, 'competitors/plain-socket-io.main'),
  );
  const ports = await Promise.all(pods.map((pod) => pod.call('start', { redisUrl: redis?.url })));
  return {
    dialect: PLAIN,
    ports,
    pods: pods as unknown as Worker<Verbs>[],
    podPids: pods.map(pidOf),
    redis,
    redisPids: redis === undefined ? [] : [redis.pid],
    users: (channel) => ({
      port: ports[0] ?? 0,
      method: 'GET',
      path: channel === undefined ? '/users' : `/users?channel=${encodeURIComponent(channel)}`,
    }),
  };
}

export async function withCrowd(processes: Processes, stack: Stack, connections: number): Promise<CrowdedStack> {
  const crowd = startChild<CrowdVerbs>(processes, 'load/crowd.main');
  const { dialect, ports } = stack;
  const opening = { dialect, ports, from: 0, count: connections, rooms: ROOMS };
  await within(`Opening ${connections} connections`, CROWD_WITHIN_MS, crowd.call('open', opening));
  return { ...stack, crowd };
}
