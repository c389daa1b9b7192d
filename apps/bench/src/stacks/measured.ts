import { cpuMsOfAll } from '../measure/process-cost';

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

/** Does something and tells what the servers took for it. */
export async function costOf<Result>(
  { podPids, redisPids = [] }: Measured,
  work: () => Promise<Result>,
): Promise<CpuCost & { readonly result: Result }> {
  const [pods, store] = [cpuMsOfAll(podPids), cpuMsOfAll(redisPids)];
  const result = await work();
  return { result, podsMs: cpuMsOfAll(podPids) - pods, redisMs: cpuMsOfAll(redisPids) - store };
}
