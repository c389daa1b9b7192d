/* Loads a view from the store as a pod does, and tells what that cost its event loop and its memory. */
import { Views } from '@rollcall/roster';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { residentBytesOf } from '../measure/process-cost';
import { collectGarbage, serve } from '../processes/verbs';
import { CLAIMED, openStore, REAL_TIME } from './own-store';

export interface Loaded {
  readonly loadMs: number;
  /** CPU time of the load, all threads. */
  readonly loadCpuMs: number;
  readonly longestPauseMs: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly connections: number;
  readonly firstMapMs: number;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function load({ redisUrl, host }: { redisUrl: string; host: string }): Promise<Loaded> {
  const { store, close } = await openStore(redisUrl);
  const views = new Views({
    ...{ store, timing: REAL_TIME, profilesOf: () => CLAIMED },
    isWritten: () => Promise.resolve(true),
    times: { reregisterMs: 2500, staleMaxMs: 30_000 },
  });
  const before = await settled();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const [began, cpuBefore] = [performance.now(), process.cpuUsage()];
  const { view } = await views.read(host);
  const loadMs = performance.now() - began;
  const { user, system } = process.cpuUsage(cpuBefore);
  // One more turn, or a pause at the very end would not be in the histogram.
  await pause(20);
  delay.disable();
  const after = await settled();
  const mapBegan = performance.now();
  view.channelMap('object');
  const firstMapMs = performance.now() - mapBegan;
  const { userConnections } = view.totals;
  views.close();
  await close();
  return {
    ...{ loadMs, loadCpuMs: (user + system) / 1000, firstMapMs, connections: userConnections },
    // What it tells is the time between two ticks of a millisecond.
    longestPauseMs: delay.max / 1e6 - 1,
    residentBytes: after.resident - before.resident,
    heapBytes: after.heap - before.heap,
  };
}

/** Memory when everything is collected that can be. */
async function settled(): Promise<{ resident: number; heap: number }> {
  for (let times = 0; times < 3; times += 1) {
    collectGarbage();
    await pause(200);
  }
  return { resident: residentBytesOf(process.pid), heap: process.memoryUsage().heapUsed };
}

const verbs = { load };
export type ViewLoaderVerbs = typeof verbs;

serve(verbs);
