/*
 * One app's users and revocations, as a pod follows them: a copy of each of two hashes in Redis, and the place in the log
 * up to which they are read. A reading is as fresh as its question. Settings, and what lets somebody do more or less than
 * before, are also announced on the log's channel, and then read at once; an announcement that is lost is made up for by
 * the next question, of which each beat asks one. Whatever Redis has forgotten of revocations and erasures is written back
 * after each reading.
 */
import { SharedCheck, StoreUnavailable } from '@rollcall/roster';
import { decodeName, encodeName } from './codec';
import { DirectoryCopy } from './directory-copy';
import type { RedisLink } from './link';
import { type OwedField, RevokedCopy } from './revoked-copy';

/** The names of an app's keys, which lie in one slot. */
export interface DirectoryKeys {
  readonly users: string;
  readonly revoked: string;
  readonly log: string;
}

export interface FollowedAppOptions {
  readonly link: RedisLink;
  readonly keys: DirectoryKeys;
  /** Another data centre's, which is only looked at. */
  readonly readOnly: boolean;
  readonly onUser: (userId: string) => void;
  readonly onSettings: () => void;
  readonly onRevocation: () => void;
}

/** The app's settings, beside its users, whose names are JSON texts and begin with a quote. */
export const SETTINGS = '!settings';

/** By what the log calls them. */
export type TableName = 'u' | 'r';

/** One of the hashes, by its fields as Redis has them. */
interface Table {
  readonly name: TableName;
  readonly key: string;
  fields(): Iterable<string>;
  take(field: string, stored: string | null): void;
  owed(): OwedField[];
  /** Whether nothing of what Redis has told is missing there, if there are so many fields; also nothing that has expired. */
  isWhole(count: number, nowMs?: number): boolean;
}

/** What a write came to: what Redis has now of the field, or that there is no room for one more. */
export type Replaced = { readonly text: string | null } | 'full';

/** How many changes the log remembers; a pod that missed more reads everything again. */
const LOG_MAX = '10000';

/** So much is asked for, or written back, at once: more would keep the other commands of this pod waiting. */
const PAGE = 500;

/** A failover in the middle of reading is no reason to fail; one after the other is. */
const READ_TRIES = 5;

export class FollowedApp {
  readonly users: DirectoryCopy;
  readonly revoked: RevokedCopy;
  private readonly tables: readonly Table[];
  private readonly check = new SharedCheck<void>(() => this.catchUp());
  /** Where in the log the copies are; '' before the first entry, `undefined` before the first load. */
  private position: string | undefined;
  private revocationSeen = false;
  private listening = false;

  constructor(private readonly options: FollowedAppOptions) {
    const { keys } = options;
    const users = new DirectoryCopy(options.onUser, options.onSettings);
    const revoked = new RevokedCopy(() => (this.revocationSeen = true));
    this.users = users;
    this.revoked = revoked;
    this.tables = [
      {
        name: 'u',
        key: keys.users,
        fields: () => [SETTINGS, ...[...users.userIds()].map(encodeName)],
        take: (field, stored) => {
          if (field === SETTINGS) users.takeSettings(stored);
          else users.take(decodeName(field), stored);
        },
        owed: () => users.owed().map(({ userId, seen, text }) => ({ field: encodeName(userId), seen, text })),
        isWhole: (count) => users.isWhole(count),
      },
      {
        name: 'r',
        key: keys.revoked,
        fields: () => revoked.fields(),
        take: (field, stored) => revoked.take(field, stored),
        owed: () => revoked.owed(),
        isWhole: (count, nowMs) => revoked.isWhole(count, nowMs),
      },
    ];
  }

  get isLoaded(): boolean {
    return this.position !== undefined;
  }

  /** @throws StoreUnavailable */
  refresh(): Promise<void> {
    return this.check.ask();
  }

  /**
   * Writes a field over what Redis was seen to have of it; otherwise answers what somebody else has written.
   * `announced`: all pods read it at once. `most`: there may be so many fields.
   */
  async replace(
    name: TableName,
    { field, seen, text }: OwedField,
    { announced = false, most = Infinity }: { announced?: boolean; most?: number } = {},
  ): Promise<Replaced> {
    const { link, keys } = this.options;
    const limit = Number.isFinite(most) ? String(most) : '';
    const argv = [field, seen ?? '', text, LOG_MAX, name, limit, announced ? '1' : ''];
    const table = name === 'u' ? keys.users : keys.revoked;
    const [done, current] = (await link.script('directory', [table, keys.log], argv)) as [number, string | null];
    if (done === 2) return 'full';
    return { text: done === 1 ? text : current };
  }

  /** What time it is for Redis, in ms. @throws StoreUnavailable */
  async nowMs(): Promise<number> {
    const { link, keys } = this.options;
    const [seconds, microseconds] = (await link.command(keys.users, 'TIME')) as [string, string];
    return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
  }

  /** Takes out of Redis, and forgets, what is of no use any more. @throws StoreUnavailable */
  async trim(nowMs: number): Promise<void> {
    const { link, keys, readOnly } = this.options;
    // Whose clock is ahead would take from all pods what others still need.
    const untilMs = Math.min(nowMs, await this.nowMs());
    const expired = readOnly ? [] : this.revoked.expired(untilMs);
    for (let at = 0; at < expired.length; at += PAGE) {
      await link.script('forget', [keys.revoked], expired.slice(at, at + PAGE).flat());
    }
    this.revoked.trim(untilMs);
  }

  /** One at a time, so nothing else writes to the copies while one of these waits for Redis. */
  private async catchUp(): Promise<void> {
    if (!this.options.readOnly) this.listen();
    try {
      await this.read();
    } finally {
      if (this.revocationSeen) {
        this.revocationSeen = false;
        this.options.onRevocation();
      }
    }
    if (this.options.readOnly) return;
    try {
      await this.mend();
    } catch (error) {
      // All was read, and that is what was asked for; what is owed stays so, and the next one tries again.
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }

  private listen(): void {
    if (this.listening) return;
    this.listening = true;
    const { link, keys } = this.options;
    // A reading that fails is made up for by the next one, and a subscription that fails is asked for anew by it.
    const read = (): Promise<void> => this.refresh().catch(() => undefined);
    link.subscribe(keys.log, () => void read()).then(read, () => (this.listening = false));
  }

  private async read(): Promise<void> {
    const { link, keys } = this.options;
    const newest = link.command(keys.log, 'XREVRANGE', keys.log, '+', '-', 'COUNT', '1') as Promise<[string][]>;
    // In the same breath. Whatever a copy has of a table was there before, so no order of the answers can make it too few.
    const counted = Promise.all(this.tables.map(async ({ key }) => Number(await link.command(key, 'HLEN', key))));
    const [[last], counts] = await Promise.all([newest, counted]);
    const end = last?.[0] ?? '';
    // What is lost without the log, by an eviction or by somebody's hand, no log tells of.
    const isWhole = await this.isWhole(counts);
    if (isWhole && end === this.position) return;
    const from = this.position ?? '';
    if (!isWhole || from === '' || end === '' || !(await this.readLog(from))) await this.readAll(end);
  }

  private async isWhole(counts: readonly number[]): Promise<boolean> {
    if (this.tables.every((table, at) => table.isWhole(counts[at] ?? 0))) return true;
    const nowMs = await this.nowMs();
    return this.tables.every((table, at) => table.isWhole(counts[at] ?? 0, nowMs));
  }

  /** `false`: the log does not reach back to where the copies are. */
  private async readLog(from: string): Promise<boolean> {
    const { link, keys } = this.options;
    for (let at = from; ;) {
      const range = ['XRANGE', keys.log, at, '+', 'COUNT', String(PAGE + 1)];
      const page = (await link.command(keys.log, ...range)) as [id: string, [table: string, field: string]][];
      // With each page anew: others may write so much meanwhile that what comes next is trimmed away.
      if (page[0]?.[0] !== at) return false;
      const news = page.slice(1);
      const last = news.at(-1);
      if (last === undefined) return true;
      for (const table of this.tables) {
        const fields = news.flatMap(([, [name, field]]) => (name === table.name ? [field] : []));
        if (fields.length > 0) await this.readFields(table, [...new Set(fields)]);
      }
      at = last[0];
      this.position = at;
    }
  }

  private async readFields(table: Table, fields: readonly string[]): Promise<void> {
    const texts = (await this.options.link.command(table.key, 'HMGET', table.key, ...fields)) as (string | null)[];
    fields.forEach((field, index) => table.take(field, texts[index] ?? null));
  }

  private async readAll(end: string): Promise<void> {
    for (const table of this.tables) {
      for (const field of await this.readTable(table)) table.take(field, null);
    }
    this.position = end;
  }

  /** Takes all that Redis has; returns what it has no more. */
  private async readTable(table: Table): Promise<ReadonlySet<string>> {
    for (let tries = 0; tries < READ_TRIES; tries += 1) {
      const missing = await this.scan(table);
      if (missing !== undefined) return missing;
    }
    throw new StoreUnavailable('The users could not be read as a whole.');
  }

  /** `undefined`: it has told of fewer than there were. */
  private async scan({ key, fields, take }: Table): Promise<ReadonlySet<string> | undefined> {
    const { link } = this.options;
    const count = Number(await link.command(key, 'HLEN', key));
    const missing = new Set(fields());
    const seen = new Set<string>();
    let cursor = '0';
    do {
      const scan = ['HSCAN', key, cursor, 'COUNT', String(PAGE)];
      const [next, pairs] = (await link.command(key, ...scan)) as [string, string[]];
      for (let at = 0; at < pairs.length; at += 2) {
        const field = pairs[at] ?? '';
        missing.delete(field);
        seen.add(field);
        take(field, pairs[at + 1] ?? null);
      }
      cursor = next;
    } while (cursor !== '0');
    // A scan that went on at another server, after a failover, has missed some, and nobody said so. What is trimmed
    // meanwhile looks the same, and is rare.
    return seen.size < count ? undefined : missing;
  }

  private async mend(): Promise<void> {
    let isMended = false;
    for (const table of this.tables) if (await this.writeBack(table)) isMended = true;
    const { link, keys } = this.options;
    // For pods that have come meanwhile, and have let in who was revoked. After all of it, and once.
    if (isMended) await link.command(keys.log, 'SPUBLISH', keys.log, '');
  }

  /**
   * Once over, whatever comes of it: what another pod has written in between is taken, and weighed again the next time.
   * Each only over what Redis was seen to have, so pods that do so together write each field once. Whether anything of it is
   * there now.
   */
  private async writeBack(table: Table): Promise<boolean> {
    let isThere = false;
    const owed = table.owed();
    for (let at = 0; at < owed.length; at += PAGE) {
      const page = owed.slice(at, at + PAGE);
      const replaced = await Promise.all(page.map((one) => this.replace(table.name, one)));
      page.forEach(({ field, text }, index) => {
        const now = replaced[index];
        if (now === undefined || now === 'full') return;
        table.take(field, now.text);
        isThere ||= now.text === text;
      });
    }
    return isThere;
  }
}
