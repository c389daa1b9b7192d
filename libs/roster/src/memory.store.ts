/*
 * The store of a pod that is alone: everything in this process, lost with it. Listeners hear of an entry before the
 * write that made it is acknowledged, so a view that follows is never behind an acknowledged write.
 */
/* eslint-disable @typescript-eslint/require-await -- the port is asynchronous; here all happens at once */
import {
  type Applied,
  type Batch,
  type Beat,
  type Head,
  type HostRules,
  type Known,
  type Lease,
  type LogEntry,
  type LogListener,
  type Opened,
  type PodLife,
  RosterStore,
  type Snapshot,
  type Swept,
} from './roster.store';
import { LastSeen } from './last-seen';
import { LOG_MAX, MADE_UP_LOG_MAX, type RosterTimes, RosterTables } from './roster-tables';

export interface MemoryRosterStoreOptions extends RosterTimes, HostRules {
  /** The store's clock, in ms since 1970. */
  readonly now: () => number;
}

export class MemoryRosterStore extends RosterStore {
  protected readonly tables = new Map<string, RosterTables>();
  private readonly listeners = new Map<string, Set<LogListener>>();

  constructor(private readonly options: MemoryRosterStoreOptions) {
    super();
  }

  override async open(host: string, life: PodLife, known: Known | undefined): Promise<Opened> {
    return this.of(host).open(life, known, this.nowMs());
  }

  override async apply(host: string, batch: Batch): Promise<Applied> {
    const { entry, ...applied } = this.of(host).apply(batch, this.nowMs());
    this.tell(host, entry);
    return applied;
  }

  override async beat(host: string, life: PodLife): Promise<Beat> {
    const tables = this.of(host);
    const own = tables.beat(life, this.nowMs());
    return { head: tables.head(), own, leases: tables.leases(this.nowMs()) };
  }

  override async leases(host: string): Promise<readonly Lease[]> {
    return this.of(host).leases(this.nowMs());
  }

  override async sweep(host: string, instance: string, scoreSeen: number): Promise<Swept> {
    const { entry, ...swept } = this.of(host).sweep(instance, scoreSeen, this.nowMs());
    this.tell(host, entry);
    return swept;
  }

  override async close(host: string, life: PodLife): Promise<void> {
    this.of(host).close(life);
  }

  override async head(host: string): Promise<Head> {
    return this.of(host).head();
  }

  override async now(host: string, shownMs: number): Promise<Head> {
    return this.of(host).now(this.nowMs(), shownMs);
  }

  override async renewEpoch(host: string, epochSeen: string): Promise<void> {
    this.of(host).renewEpoch(epochSeen, this.nowMs());
  }

  override async snapshot(host: string): Promise<Snapshot> {
    const tables = this.of(host);
    return tables.snapshot(this.nowMs());
  }

  override async entriesAfter(host: string, revision: number): Promise<readonly LogEntry[]> {
    return this.of(host).entriesAfter(revision);
  }

  override async follow(host: string, listener: LogListener): Promise<() => void> {
    const listeners = this.listeners.get(host) ?? new Set();
    this.listeners.set(host, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0 || this.listeners.get(host) !== listeners) return;
      this.listeners.delete(host);
      this.forget(host);
    };
  }

  override async lastSeen(host: string, userId: string): Promise<number | undefined> {
    return this.tables.get(host)?.lastSeen?.of(userId);
  }

  override async forgetLastSeen(userId: string, concerns: (host: string) => boolean): Promise<void> {
    for (const [host, { lastSeen }] of this.tables) if (concerns(host)) lastSeen?.forget(userId);
  }

  override async hosts(): Promise<readonly string[]> {
    return [...this.tables.keys()];
  }

  /** Lets go of hosts on which nothing happens any more. */
  trim(): void {
    for (const host of this.tables.keys()) this.forget(host);
  }

  private forget(host: string): void {
    if (this.listeners.has(host)) return;
    const withChoices = this.options.isMadeUp?.(host) === true;
    if (this.tables.get(host)?.isForgettable(this.nowMs(), withChoices)) this.tables.delete(host);
  }

  private tell(host: string, entry: LogEntry | undefined): void {
    if (entry !== undefined) for (const listener of this.listeners.get(host) ?? []) listener.entry(entry);
  }

  private nowMs(): number {
    return this.options.now();
  }

  private of(host: string): RosterTables {
    let tables = this.tables.get(host);
    if (tables === undefined) {
      const lastSeen = this.options.remembersSeen?.(host) === true ? new LastSeen() : undefined;
      const logMax = this.options.isMadeUp?.(host) === true ? MADE_UP_LOG_MAX : LOG_MAX;
      tables = new RosterTables(this.options, this.nowMs(), lastSeen, logMax);
      this.tables.set(host, tables);
    }
    return tables;
  }
}
