import type { RunningRedis } from './redis-server';

/** What became of a connection with one entry of the log. */
type Step = 'there' | 'gone';

const keyOf = (part: string, host: string, prefix: string): string => `{${prefix}:${host}}:${part}`;

/** What Redis itself holds of a host's roster, read past all pods. */
export class RosterLog {
  constructor(
    private readonly redis: RunningRedis,
    private readonly host = 'localhost',
    /** `<REDIS_PREFIX>:<DC>` */
    private readonly prefix = 'rollcall:local',
  ) {}

  /** What the log says of each connection, in order. */
  async steps(): Promise<Map<string, Step[]>> {
    const steps = new Map<string, Step[]>();
    for (const { rows } of await this.entries()) {
      for (const [connectionId, row] of rows) {
        const before = steps.get(connectionId) ?? [];
        steps.set(connectionId, [...before, row === null ? 'gone' : 'there']);
      }
    }
    return steps;
  }

  async length(): Promise<number> {
    return (await this.entries()).length;
  }

  /** How long each instance's lease still holds, by the clock of Redis. */
  async leases(): Promise<Map<string, number>> {
    const [seconds, micros] = (await this.redis.command('TIME')) as [string, string];
    const nowMs = Number(seconds) * 1000 + Number(micros) / 1000;
    const flat = (await this.redis.command('ZRANGE', this.key('leases'), '0', '-1', 'WITHSCORES')) as string[];
    const leases = new Map<string, number>();
    for (let at = 0; at < flat.length; at += 2) leases.set(flat[at] ?? '', Number(flat[at + 1]) - nowMs);
    return leases;
  }

  /** The instances that have rows, and how many. */
  async rows(): Promise<Map<string, number>> {
    const beginning = this.key('m:');
    const keys = (await keysOf(this.redis)).filter((key) => key.startsWith(beginning));
    const rows = new Map<string, number>();
    for (const key of keys) {
      const fields = (await this.redis.command('HKEYS', key)) as string[];
      rows.set(key.slice(beginning.length), fields.filter((field) => !field.startsWith('!')).length);
    }
    return rows;
  }

  private async entries(): Promise<{ rows: [connectionId: string, row: unknown][] }[]> {
    const log = (await this.redis.command('XRANGE', this.key('log'), '-', '+')) as [string, [string, string]][];
    return log.map(([, [, text]]) => JSON.parse(text) as { rows: [string, unknown][] });
  }

  private key(part: string): string {
    return keyOf(part, this.host, this.prefix);
  }
}

/** All keys that there are, sorted. */
export async function keysOf(redis: RunningRedis): Promise<string[]> {
  return ((await redis.command('KEYS', '*')) as string[]).sort();
}
