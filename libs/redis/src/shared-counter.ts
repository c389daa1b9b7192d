import type { RedisLink } from './link';

/** As much of a Redis client as rate-limiter-flexible uses to count: `[key, points, seconds]` to `[count, ms left]`. */
export interface SharedCounter {
  rlflxIncr(args: readonly string[]): Promise<[count: number, leftMs: number]>;
}

/** Counts over all pods of a data centre. Each counter lies where its name puts it, so a Cluster shares the work. */
export const sharedCounter = (link: RedisLink, prefix: string): SharedCounter => ({
  rlflxIncr: async ([name = '', points = '1', seconds = '60']) => {
    const key = `{${prefix}:rate:${name}}`;
    return (await link.script('count', [key], [points, String(Number(seconds) * 1000)])) as [number, number];
  },
});
