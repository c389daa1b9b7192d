import {
  type Head,
  type Lease,
  type LogEntry,
  type LogListener,
  MemoryRosterStore,
  type Snapshot,
  StoreUnavailable,
} from '@rollcall/roster';
import { OFFLINE_GRACE_MS } from './roster-store';
import { START_MS } from './roster-view';

/** A memory store that counts who follows and loads, and that can be away, lose entries, or go back. */
export class WatchedStore extends MemoryRosterStore {
  loads = 0;
  logReads = 0;
  following = 0;
  /** Entries do not arrive. */
  losing = false;
  /** The log is gone. */
  logless = false;
  away = false;
  whileLoading: () => Promise<unknown> = () => Promise.resolve();
  private readonly heard = new Set<LogListener>();
  private deaf = new Set<LogListener>();
  private back = false;

  constructor(readonly clock = { nowMs: START_MS }) {
    super({ now: () => clock.nowMs, graceMs: OFFLINE_GRACE_MS, leaseMs: 6000 });
  }

  /** From now on answers as if the last change had never been made, until a new epoch begins. */
  goBack(): void {
    this.back = true;
  }

  loseEverything(): void {
    this.tables.clear();
  }

  interrupt(): void {
    for (const listener of this.heard) listener.interrupted();
  }

  /** Whoever listens now hears nothing any more. */
  deafen(): void {
    this.deaf = new Set(this.heard);
  }

  override async follow(host: string, listener: LogListener): Promise<() => void> {
    this.look();
    const heard = { ...listener, entry: (entry: LogEntry) => void this.hand(heard, listener, entry) };
    heard.interrupted = () => listener.interrupted();
    const stop = await super.follow(host, heard);
    this.following += 1;
    this.heard.add(heard);
    return () => {
      if (this.heard.delete(heard)) this.following -= 1;
      stop();
    };
  }

  override async snapshot(host: string): Promise<Snapshot> {
    this.look();
    this.loads += 1;
    const meanwhile = this.whileLoading;
    this.whileLoading = () => Promise.resolve();
    const snapshot = await super.snapshot(host);
    await meanwhile();
    return snapshot;
  }

  override async entriesAfter(host: string, revision: number): Promise<readonly LogEntry[]> {
    this.look();
    this.logReads += 1;
    return this.logless ? [] : super.entriesAfter(host, revision);
  }

  override async head(host: string): Promise<Head> {
    this.look();
    const head = await super.head(host);
    return this.back ? { ...head, revision: head.revision - 1, tag: 'earlier' } : head;
  }

  override async now(host: string, shownMs: number): Promise<Head> {
    this.look();
    return super.now(host, shownMs);
  }

  override async leases(host: string): Promise<readonly Lease[]> {
    this.look();
    return super.leases(host);
  }

  override async renewEpoch(host: string, epochSeen: string): Promise<void> {
    await super.renewEpoch(host, epochSeen);
    this.back = false;
  }

  private hand(heard: LogListener, listener: LogListener, entry: LogEntry): void {
    if (!this.losing && !this.deaf.has(heard)) listener.entry(entry);
  }

  private look(): void {
    if (this.away) throw new StoreUnavailable('The store is away.');
  }
}
