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
import {
  FollowedTable,
  PAGE,
  type Replaced,
  type ReplaceOptions,
  type TableCopy,
  type TableName,
} from './followed-table';
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

export class FollowedApp {
  readonly users: DirectoryCopy;
  readonly revoked: RevokedCopy;
  private readonly tables: Readonly<Record<TableName, FollowedTable>>;
  private readonly check = new SharedCheck<void>(() => this.catchUp());
  /** Where in the log the copies are; '' before the first entry, `undefined` before the first load. */
  private position: string | undefined;
  private revocationSeen = false;
  private listening = false;

  constructor(private readonly options: FollowedAppOptions) {
    const { link, keys } = options;
    const users = new DirectoryCopy(options.onUser, options.onSettings);
    const revoked = new RevokedCopy(() => (this.revocationSeen = true));
    this.users = users;
    this.revoked = revoked;
    const place = { link, log: keys.log };
    this.tables = {
      u: new FollowedTable({ ...place, name: 'u', key: keys.users, copy: usersByField(users) }),
      r: new FollowedTable({ ...place, name: 'r', key: keys.revoked, copy: revoked }),
    };
  }

  get isLoaded(): boolean {
    return this.position !== undefined;
  }

  /** @throws StoreUnavailable */
  refresh(): Promise<void> {
    return this.check.ask();
  }

  /** As the table does. */
  replace(name: TableName, field: OwedField, how?: ReplaceOptions): Promise<Replaced> {
    return this.tables[name].replace(field, how);
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
    if (this.revoked.expired(nowMs).length === 0) return;
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
    const counted = Promise.all(this.allTables.map((table) => table.count()));
    const [[last], counts] = await Promise.all([newest, counted]);
    const end = last?.[0] ?? '';
    // What is lost without the log, by an eviction or by somebody's hand, no log tells of.
    const isWhole = await this.isWhole(counts);
    if (isWhole && end === this.position) return;
    const from = this.position ?? '';
    if (!isWhole || from === '' || end === '' || !(await this.readLog(from))) await this.readAll(end);
  }

  private get allTables(): readonly FollowedTable[] {
    return Object.values(this.tables);
  }

  private async isWhole(counts: readonly number[]): Promise<boolean> {
    if (this.allTables.every((table, at) => table.isWhole(counts[at] ?? 0))) return true;
    const nowMs = await this.nowMs();
    return this.allTables.every((table, at) => table.isWhole(counts[at] ?? 0, nowMs));
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
      for (const table of this.allTables) {
        const fields = news.flatMap(([, [name, field]]) => (name === table.name ? [field] : []));
        if (fields.length > 0) await table.readFields([...new Set(fields)]);
      }
      at = last[0];
      this.position = at;
    }
  }

  private async readAll(end: string): Promise<void> {
    for (const table of this.allTables) await table.readAll();
    this.position = end;
  }

  private async mend(): Promise<void> {
    let isMended = false;
    for (const table of this.allTables) if (await table.writeBack()) isMended = true;
    const { link, keys } = this.options;
    // For pods that have come meanwhile, and have let in who was revoked. After all of it, and once.
    if (isMended) await link.command(keys.log, 'SPUBLISH', keys.log, '');
  }
}

/** The settings are beside the users, by a name that is no user's. */
const usersByField = (users: DirectoryCopy): TableCopy => ({
  fields: () => [SETTINGS, ...[...users.userIds()].map(encodeName)],
  take: (field, stored) => {
    if (field === SETTINGS) users.takeSettings(stored);
    else users.take(decodeName(field), stored);
  },
  owed: () => users.owed().map(({ userId, seen, text }) => ({ field: encodeName(userId), seen, text })),
  isWhole: (count) => users.isWhole(count),
});
