/*
 * The store of a pod that is alone: everything in this process, lost with it. Listeners hear of an entry before the
 * write that made it is acknowledged, so a view that follows is never behind an acknowledged write.
 */
import { RosterTables } from './roster-tables';
import { type Batch, type Head, type LogEntry, RosterStore, type Snapshot } from './roster.store';

export interface MemoryRosterStoreOptions {
  /** The store's clock, in ms since 1970. */
  readonly now: () => number;
  /** How long a departed user stays shown, see `presence.ts`. */
  readonly offlineGraceMs: number;
}

export class MemoryRosterStore extends RosterStore {
  private readonly tables = new Map<string, RosterTables>();
  private readonly listeners = new Map<string, Set<(entry: LogEntry) => void>>();
  private latestMs = 0;

  constructor(private readonly options: MemoryRosterStoreOptions) {
    super();
  }

  override apply(host: string, batch: Batch): Promise<Head> {
    const tables = this.tablesOf(host);
    const entry = tables.apply(batch, this.nowMs());
    if (entry !== undefined) this.tell(host, entry);
    return Promise.resolve(tables.head(this.nowMs()));
  }

  override head(host: string): Promise<Head> {
    return Promise.resolve(this.tablesOf(host).head(this.nowMs()));
  }

  override snapshot(host: string): Promise<Snapshot> {
    const tables = this.tablesOf(host);
    return Promise.resolve({
      head: tables.head(this.nowMs()),
      rows: [...tables.rows.values()],
      users: [...tables.users],
    });
  }

  override follow(host: string, listener: (entry: LogEntry) => void): Promise<() => void> {
    const listeners = this.listeners.get(host) ?? new Set();
    this.listeners.set(host, listeners.add(listener));
    return Promise.resolve(() => {
      listeners.delete(listener);
      if (listeners.size > 0 || this.listeners.get(host) !== listeners) return;
      this.listeners.delete(host);
      if (this.tables.get(host)?.isEmpty()) this.tables.delete(host);
    });
  }

  override hosts(): Promise<readonly string[]> {
    return Promise.resolve([...this.tables].filter(([, tables]) => !tables.isEmpty()).map(([host]) => host));
  }

  /** Forgets what nobody needs any more; called now and then, for hosts on which nothing happens. */
  trim(): void {
    for (const [host, tables] of this.tables) {
      const entry = tables.trim(this.nowMs());
      if (entry !== undefined) this.tell(host, entry);
      if (tables.isEmpty() && !this.listeners.has(host)) this.tables.delete(host);
    }
  }

  /** A time that was shown is never undercut by a later stamp, whatever the clock does. */
  private nowMs(): number {
    this.latestMs = Math.max(this.latestMs, this.options.now());
    return this.latestMs;
  }

  private tell(host: string, entry: LogEntry): void {
    for (const listener of this.listeners.get(host) ?? []) listener(entry);
  }

  private tablesOf(host: string): RosterTables {
    let tables = this.tables.get(host);
    if (tables === undefined) {
      tables = new RosterTables(this.options.offlineGraceMs);
      this.tables.set(host, tables);
    }
    return tables;
  }
}
