/*
 * One of the hashes of an app, by its fields as Redis has them: reads it into its copy, all of it or what has changed, and writes
 * fields by compare-and-set. `FollowedApp` decides when, one reading or writing back at a time; it holds nothing itself.
 */
import { StoreUnavailable } from '@rollcall/roster';
import type { RedisLink } from './link';
import type { OwedField } from './revoked-copy';

/** By what the log calls them: users, and what is revoked. */
export type TableName = 'u' | 'r';

/** What a pod has at hand of a hash. */
export interface TableCopy {
  fields(): Iterable<string>;
  /** `stored`: what Redis has; `null`: nothing. */
  take(field: string, stored: string | null): void;
  /** What Redis should have, and has not. */
  owed(): OwedField[];
  /** Whether nothing of what Redis has told is missing there, if there are so many fields; also nothing that has expired. */
  isWhole(count: number, nowMs?: number): boolean;
}

export interface FollowedTableOptions {
  readonly link: RedisLink;
  readonly name: TableName;
  readonly key: string;
  /** The stream, and the channel, that tells of changes. */
  readonly log: string;
  readonly copy: TableCopy;
}

export interface ReplaceOptions {
  /** All pods read it at once. */
  readonly announced?: boolean;
  /** There may be so many fields. */
  readonly most?: number;
}

/** What a write came to: what Redis has now of the field, or that there is no room for one more. */
export type Replaced = { readonly text: string | null } | 'full';

/** How many changes the log remembers; a pod that missed more reads everything again. */
const LOG_MAX = '10000';

/** So much is asked for, or written back, at once: more would keep the other commands of this pod waiting. */
export const PAGE = 500;

/** A failover in the middle of reading is no reason to fail; one after the other is. */
const READ_TRIES = 5;

export class FollowedTable {
  constructor(private readonly options: FollowedTableOptions) {}

  get name(): TableName {
    return this.options.name;
  }

  /** How many fields there are. @throws StoreUnavailable */
  async count(): Promise<number> {
    const { link, key } = this.options;
    return Number(await link.command(key, 'HLEN', key));
  }

  isWhole(count: number, nowMs?: number): boolean {
    return this.options.copy.isWhole(count, nowMs);
  }

  /** Writes a field over what Redis was seen to have of it; otherwise answers what somebody else has written. */
  async replace(
    { field, seen, text }: OwedField,
    { announced = false, most = Infinity }: ReplaceOptions = {},
  ): Promise<Replaced> {
    const { link, name, key, log } = this.options;
    const limit = Number.isFinite(most) ? String(most) : '';
    const argv = [field, seen ?? '', text, LOG_MAX, name, limit, announced ? '1' : ''];
    const [done, current] = (await link.script('directory', [key, log], argv)) as [number, string | null];
    if (done === 2) return 'full';
    return { text: done === 1 ? text : current };
  }

  async readFields(fields: readonly string[]): Promise<void> {
    const { link, key, copy } = this.options;
    const texts = (await link.command(key, 'HMGET', key, ...fields)) as (string | null)[];
    fields.forEach((field, index) => copy.take(field, texts[index] ?? null));
  }

  /** Takes all that Redis has, and of what it has no more that it is gone. */
  async readAll(): Promise<void> {
    for (let tries = 0; tries < READ_TRIES; tries += 1) {
      const missing = await this.scan();
      if (missing === undefined) continue;
      for (const field of missing) this.options.copy.take(field, null);
      return;
    }
    throw new StoreUnavailable('The users could not be read as a whole.');
  }

  /**
   * Once over, whatever comes of it: what another pod has written in between is taken, and weighed again the next time.
   * Each only over what Redis was seen to have, so pods that do so together write each field once. Whether anything of it is
   * there now.
   */
  async writeBack(): Promise<boolean> {
    const { copy } = this.options;
    let isThere = false;
    const owed = copy.owed();
    for (let at = 0; at < owed.length; at += PAGE) {
      const page = owed.slice(at, at + PAGE);
      const replaced = await Promise.all(page.map((one) => this.replace(one)));
      page.forEach(({ field, text }, index) => {
        const now = replaced[index];
        if (now === undefined || now === 'full') return;
        copy.take(field, now.text);
        isThere ||= now.text === text;
      });
    }
    return isThere;
  }

  /** What Redis has no more of what the copy has. `undefined`: it has told of fewer than there were. */
  private async scan(): Promise<ReadonlySet<string> | undefined> {
    const { link, key, copy } = this.options;
    const count = await this.count();
    const missing = new Set(copy.fields());
    const seen = new Set<string>();
    let cursor = '0';
    do {
      const scan = ['HSCAN', key, cursor, 'COUNT', String(PAGE)];
      const [next, pairs] = (await link.command(key, ...scan)) as [string, string[]];
      for (let at = 0; at < pairs.length; at += 2) {
        const field = pairs[at] ?? '';
        missing.delete(field);
        seen.add(field);
        copy.take(field, pairs[at + 1] ?? null);
      }
      cursor = next;
    } while (cursor !== '0');
    // A scan that went on at another server, after a failover, has missed some, and nobody said so. What is trimmed
    // meanwhile looks the same, and is rare.
    return seen.size < count ? undefined : missing;
  }
}
