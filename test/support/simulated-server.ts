import type { Head, LogEntry, PodLife } from '@rollcall/roster';
import { RosterTables } from '../../libs/roster/src/roster-tables';
import type { VirtualTime } from './simulated-time';

export const HOST = 'a.example';
export const LEASE_MS = 6000;
export const GRACE_MS = 3000;
/** Far from 0, so that nothing passes for being old by accident. */
const START_MS = Date.UTC(2026, 10, 20);
/** Small, so that a sweep takes several calls. */
const SWEPT_AT_ONCE = 2;

export interface ServerObserver {
  /** A call has run; with the entry that it logged. */
  ran(tables: RosterTables, entry: LogEntry | undefined): void;
  /** The pod's rows that these entries name are swept. */
  swept(entry: LogEntry): void;
  /** A call of this life of a pod was accepted. */
  heardFrom(instance: string, generation: number): void;
  /** The tables were lost, or fell back to these. */
  lost(tables: RosterTables | undefined): void;
}

export interface Follower {
  hear(entry: LogEntry): void;
}

/** Copies collections and what holds them. Rows, records and entries are never changed in place and are shared. */
function copyOf<Value>(value: Value): Value {
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, copyOf<unknown>(item)])) as Value;
  if (Array.isArray(value)) return [...value] as Value;
  if (typeof value !== 'object' || value === null) return value;
  const isTable = Object.getPrototypeOf(value) !== Object.prototype || 'rows' in value;
  if (!isTable) return value;
  const copy = Object.create(Object.getPrototypeOf(value) as object) as Record<string, unknown>;
  for (const [name, item] of Object.entries(value)) copy[name] = copyOf<unknown>(item);
  return copy as Value;
}

/** The store that all pods share: the tables of one host, and all that can happen to them. */
export class SimulatedServer {
  isAway = false;
  /** Counts the nodes that have served: what was sent to one never reaches the next. */
  node = 0;
  /** How far its clock is off. */
  skewMs = 0;
  readonly followers = new Set<Follower>();
  private tables: RosterTables | undefined;
  private replica: { readonly tables: RosterTables; readonly hinted: boolean } | undefined;
  private hinted = false;

  constructor(
    private readonly time: VirtualTime,
    private readonly observer: ServerObserver,
  ) {}

  get nowMs(): number {
    return START_MS + Math.floor(this.time.nowMs + this.skewMs);
  }

  get roster(): RosterTables {
    this.tables ??= new RosterTables({ graceMs: GRACE_MS, leaseMs: LEASE_MS }, this.nowMs);
    return this.tables;
  }

  get head(): Head {
    return this.roster.head();
  }

  /** A call with which a pod writes. */
  write<Result extends { readonly state: string }>(
    life: PodLife,
    call: (tables: RosterTables, nowMs: number) => Result,
  ): Result {
    const result = this.run(call);
    if (result.state === 'ok' || result.state === 'open') this.observer.heardFrom(life.instance, life.generation);
    return result;
  }

  /** Runs a call, and tells followers and the observer what it did. */
  run<Result>(call: (tables: RosterTables, nowMs: number) => Result): Result {
    const result = call(this.roster, this.nowMs);
    const entry = (result as { readonly entry?: LogEntry } | undefined)?.entry;
    this.observer.ran(this.roster, entry);
    if (entry !== undefined) for (const follower of this.followers) follower.hear(entry);
    return result;
  }

  sweep(instance: string, scoreSeen: number): ReturnType<RosterTables['sweep']> {
    return this.run((tables, nowMs) => {
      const swept = tables.sweep(instance, scoreSeen, nowMs, SWEPT_AT_ONCE);
      if (swept.entry !== undefined) this.observer.swept(swept.entry);
      return swept;
    });
  }

  hint(): void {
    this.hinted = true;
  }

  hosts(): readonly string[] {
    return this.hinted ? [HOST] : [];
  }

  flush(): void {
    this.tables = undefined;
    this.hinted = false;
    this.observer.lost(undefined);
  }

  /** From now on the replica hears nothing. */
  partReplica(): void {
    this.replica = { tables: copyOf(this.roster), hinted: this.hinted };
  }

  /** Falls back to what the replica has. */
  failOver(): void {
    this.node += 1;
    if (this.replica === undefined) this.partReplica();
    Object.assign(this, this.replica);
    this.replica = undefined;
    this.observer.lost(this.roster);
  }

  loseLog(): void {
    Object.assign(this.roster, { entries: [] });
  }
}
