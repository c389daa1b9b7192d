import { cpuMsOfAll } from '../measure/process-cost';
import { pause } from '../processes/patience';

/** CPU time that something took, of the pods together and of their Redis apart. */
export interface CpuCost {
  readonly podsMs: number;
  readonly redisMs: number;
}

/** Servers that do one job together. */
export interface Measured {
  readonly podPids: readonly number[];
  readonly redisPids?: readonly number[];
}

/** Long enough for each open connection's heartbeat to have a fair part in it. */
const IDLE_MS = 2500;

/** What the servers take while nobody asks them anything, in ms of CPU a second: a crowd that is only there has heartbeats. */
export async function idleCostOf(servers: Measured): Promise<CpuCost> {
  const { podsMs, redisMs } = await costOf(servers, () => pause(IDLE_MS));
  return { podsMs: podsMs / (IDLE_MS / 1000), redisMs: redisMs / (IDLE_MS / 1000) };
}

/** Does something and tells what the servers took for it. */
export async function costOf<Result>(
  { podPids, redisPids = [] }: Measured,
  work: () => Promise<Result>,
): Promise<CpuCost & { readonly result: Result }> {
  const [pods, store] = [cpuMsOfAll(podPids), cpuMsOfAll(redisPids)];
  const result = await work();
  return { result, podsMs: cpuMsOfAll(podPids) - pods, redisMs: cpuMsOfAll(redisPids) - store };
}
