/* A pod without sockets: its connections join channels as fast as the store takes them. */
import { LocalRoster } from '@rollcall/roster';
import { randomUUID } from 'node:crypto';
import { serve } from '../processes/verbs';
import { emailOf, userId } from '../load/dialect';
import { connectionIdOf } from './crowd-rows';
import { openStore, REAL_TIME } from './own-store';

export interface Joining {
  readonly redisUrl: string;
  readonly host: string;
  readonly from: number;
  readonly count: number;
}

/** As long as the service gathers changes on their way to Redis. */
const GATHER_MS = 2;

/** Joins that wait for their acknowledgement at a time: a few batches. */
const AHEAD = 2000;

let roster: LocalRoster | undefined;
let connections: readonly string[] = [];

async function start({ redisUrl, host, from, count }: Joining): Promise<void> {
  const { store } = await openStore(redisUrl);
  roster = new LocalRoster({
    ...{ host, store, instance: randomUUID(), timing: REAL_TIME },
    defer: (flush) => void setTimeout(flush, GATHER_MS),
    choiceOf: () => undefined,
    report: (error) => console.error(error),
  });
  connections = Array.from({ length: count }, (_, n) => connectionIdOf(from + n));
  await forEach((id, n) => {
    const user = userId(from + n);
    return roster?.connect(id, { id: user, claims: { email: emailOf(from + n), username: user } });
  });
}

/** Every connection joins one more channel. @returns how long it took. */
async function join({ channels, name }: { channels: number; name: string }): Promise<{ ms: number }> {
  const began = performance.now();
  await forEach((id, n) => roster?.join(id, 'authenticated', `${name}-${n % channels}`));
  return { ms: performance.now() - began };
}

async function leave({ channels, name }: { channels: number; name: string }): Promise<void> {
  await forEach((id, n) => roster?.leave(id, 'authenticated', `${name}-${n % channels}`));
}

/** `AHEAD` at a time: the next begins when one is acknowledged. */
async function forEach(work: (id: string, n: number) => Promise<string> | undefined): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let n = next++; n < connections.length; n = next++) {
      const written = await work(connections[n] ?? '', n);
      if (written !== 'stored') throw new Error(`A change was not stored, but ${written}.`);
    }
  };
  await Promise.all(Array.from({ length: AHEAD }, worker));
}

const verbs = { start, join, leave };
export type JoinerVerbs = typeof verbs;

serve(verbs);
