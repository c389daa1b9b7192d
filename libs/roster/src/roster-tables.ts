/*
 * The tables of one host, and what each verb of the store does to them: the model that every adapter is held equal to
 * by the contract suite, and that the simulation of the protocol runs on. The memory store is these tables.
 *
 * Memory: a row a connection, a record a user who is connected, left within the last 15 minutes or has chosen a status
 * that was not over by then, and the last 4,096 log entries, 64 where clients made the host up.
 */
import { randomBytes } from 'node:crypto';
import { GoneUsers } from './gone-users';
import type { LastSeen } from './last-seen';
import {
  advance,
  countingErasure,
  GONE_KEPT_MS,
  hasChosen,
  isErased,
  isForgettable,
  isSameRecord,
  lastEffectMs,
  NEVER_CONNECTED,
  NOTHING_CHOSEN,
  settled,
  type UserNext,
  type UserRecord,
} from './presence';
import {
  type Applied,
  type Batch,
  choosesAnything,
  type Head,
  type Known,
  type Lease,
  type LogEntry,
  type Opened,
  type PodLife,
  type RowState,
  type Snapshot,
  type Standing,
  type Swept,
  type UserWrite,
} from './roster.store';
import { type ConnectionRow, podId } from './row';

/** How many users who left one batch looks at to forget them: more would make a batch's cost unbounded. */
const FORGOTTEN_PER_BATCH = 100;

/** How far back a view that fell behind can catch up without loading everything. */
export const LOG_MAX = 4096;

/** The same on a host that clients have made up: there are as many of those as anybody likes. */
export const MADE_UP_LOG_MAX = 64;

/** How many entries are read at a time: the largest possible ones keep the reader busy for some 20 ms. */
export const LOG_PAGE = 25;

/** After a loss revisions begin this far beyond the last one that is known: more than any pod may have missed. */
export const REVISION_LEAP = 1_000_000;

/** No pod may hold a lease for longer: one that ends later was given by a clock that has been set back since. */
export const LEASE_MAX_MS = 600_000;

/** How many rows a sweep takes at once: more would keep others waiting for more than 5 ms. */
export const SWEEP_MAX = 250;

export interface RosterTimes {
  /** How long a departed user stays shown, see `presence.ts`. */
  readonly graceMs: number;
  readonly leaseMs: number;
}

interface PodTable {
  generation: number;
  sequence: number;
  /** The head right after the last batch, for its repetition. */
  last: Head | undefined;
  readonly rows: Map<string, ConnectionRow>;
}

type Touched = Map<string, UserNext>;

/** Whether a lease has ended by the store's clock. */
export const isExpired = (score: number, nowMs: number): boolean => score < nowMs || score > nowMs + LEASE_MAX_MS;

const randomName = (): string => randomBytes(9).toString('base64url');

export class RosterTables {
  private readonly pods = new Map<string, PodTable>();
  /** Score: when it ends; 0: claimed by a sweeper. */
  private readonly leaseScores = new Map<string, number>();
  private readonly records = new Map<string, UserRecord>();
  private readonly gone = new GoneUsers();
  private entries: LogEntry[] = [];
  private epoch = randomName();
  private bornAtMs: number;
  private epochAtMs = 0;
  private revision = 0;
  private tag = randomName();
  private atMs: number;
  private used = false;

  constructor(
    private readonly times: RosterTimes,
    nowMs: number,
    /** Absent: this host does not remember when users were last seen. */
    readonly lastSeen?: LastSeen,
    private readonly logMax = LOG_MAX,
  ) {
    this.atMs = nowMs;
    this.bornAtMs = nowMs;
  }

  /** Moves the time on; a time that was shown is never undercut. */
  now(nowMs: number, shownMs = 0): Head {
    this.atMs = Math.max(this.atMs, nowMs, shownMs);
    // The epoch begins with the first call, whenever the tables were lost.
    if (!this.used) this.bornAtMs = this.atMs;
    this.used = true;
    return this.head();
  }

  head(): Head {
    const { epoch, epochAtMs, revision, tag, atMs } = this;
    return { epoch, epochAtMs, revision, tag, atMs };
  }

  open({ instance, generation }: PodLife, lastSeen: Known | undefined, nowMs: number): Opened {
    this.now(nowMs);
    const known = this.pods.get(instance);
    const claimed = this.leaseScores.get(instance) === 0;
    if (known !== undefined && (known.generation > generation || (known.generation === generation && claimed))) {
      return { state: 'old', generation: known.generation };
    }
    if (lastSeen !== undefined && lastSeen.epoch !== this.epoch) this.tellLoss(lastSeen);
    const rows = known?.rows ?? new Map<string, ConnectionRow>();
    this.pods.set(instance, { generation, sequence: 0, last: undefined, rows });
    this.renew(instance, nowMs);
    return { state: 'open', epoch: this.epoch, rows: [...rows.values()] };
  }

  apply(batch: Batch, nowMs: number): Applied & { entry?: LogEntry } {
    const pod = this.living(batch);
    if (pod === undefined) return { state: 'gone' };
    const from = this.now(nowMs);
    if (pod.last !== undefined && batch.sequence <= pod.sequence) return { state: 'ok', head: pod.last };
    if (batch.sequence !== pod.sequence + 1) return { state: 'gap', epoch: this.epoch };
    const touched: Touched = new Map();
    const rows = batch.rows.map(({ connectionId, row }) => {
      return [connectionId, this.writeRow(batch, pod.rows, connectionId, row, touched)] as const;
    });
    for (const write of batch.users) this.writeUser(write, touched);
    const entry = this.append(from, rows, touched, this.times.graceMs);
    pod.sequence = batch.sequence;
    pod.last = this.head();
    this.renew(batch.instance, nowMs);
    return { state: 'ok', head: pod.last, entry };
  }

  /** What is known of a pod, after renewing its lease if it has one. */
  beat(life: PodLife, nowMs: number): { generation: number; sequence: number; rows: number } | undefined {
    this.now(nowMs);
    const pod = this.living(life);
    if (pod === undefined) return undefined;
    this.renew(life.instance, nowMs);
    return { generation: pod.generation, sequence: pod.sequence, rows: pod.rows.size };
  }

  leases(nowMs: number): Lease[] {
    return [...this.leaseScores].map(([instance, score]) => ({ instance, score, expired: isExpired(score, nowMs) }));
  }

  sweep(instance: string, scoreSeen: number, nowMs: number, rowsMax = SWEEP_MAX): Swept & { entry?: LogEntry } {
    const score = this.leaseScores.get(instance);
    if (score === undefined) return { state: 'done' };
    const from = this.now(nowMs);
    if (score !== 0 && (score !== scoreSeen || !isExpired(score, nowMs))) return { state: 'alive' };
    const pod = this.pods.get(instance);
    // The claim: a batch of the pod that is still under way is not applied any more.
    if (score !== 0 && pod !== undefined) pod.generation += 1;
    this.leaseScores.set(instance, 0);
    const own = pod?.rows ?? new Map<string, ConnectionRow>();
    const touched: Touched = new Map();
    const rows = [...own.keys()].slice(0, rowsMax).map((connectionId) => {
      return [connectionId, this.writeRow({ instance, generation: 0 }, own, connectionId, null, touched)] as const;
    });
    const entry = rows.length === 0 ? undefined : this.append(from, rows, touched, 0);
    if (own.size > 0) return { state: 'more', cursor: '0', entry };
    this.leaseScores.delete(instance);
    this.pods.delete(instance);
    return { state: 'done', entry };
  }

  close(life: PodLife): void {
    const pod = this.living(life);
    if (pod === undefined || pod.rows.size > 0) return;
    this.leaseScores.delete(life.instance);
    this.pods.delete(life.instance);
  }

  renewEpoch(epochSeen: string, nowMs: number): void {
    this.now(nowMs);
    if (epochSeen !== this.epoch) return;
    this.epoch = randomName();
    this.tag = randomName();
    this.bornAtMs = this.atMs;
    this.epochAtMs = this.atMs;
    this.entries = [];
  }

  *rows(): Iterable<ConnectionRow> {
    for (const { rows } of this.pods.values()) yield* rows.values();
  }

  users(): ReadonlyMap<string, UserRecord> {
    return this.records;
  }

  snapshot(nowMs: number): Snapshot {
    const rows = new Map<string, ConnectionRow>();
    for (const row of this.rows()) rows.set(row.connectionId, row);
    return { head: this.now(nowMs), rows, users: new Map(this.records) };
  }

  entriesAfter(revision: number): LogEntry[] {
    const first = this.entries.findIndex(({ toRevision }) => toRevision > revision);
    return first < 0 ? [] : this.entries.slice(first, first + LOG_PAGE);
  }

  /**
   * Nobody is connected, no pod has a lease, and nothing is remembered that anybody could still ask for, but for what
   * users have chosen if that is to go as well.
   */
  isForgettable(nowMs: number, withChoices: boolean): boolean {
    if (this.leaseScores.size > 0 || this.pods.size > 0 || this.lastSeen?.isOver(nowMs) === false) return false;
    const left = withChoices ? NOTHING_CHOSEN : {};
    return [...this.records.values()].every((record) => isForgettable({ ...record, ...left }, nowMs - GONE_KEPT_MS));
  }

  private tellLoss({ revision }: Known): void {
    this.epochAtMs = this.bornAtMs;
    if (revision <= this.revision) return;
    this.revision = revision + REVISION_LEAP;
    this.tag = randomName();
  }

  private living({ instance, generation }: PodLife): PodTable | undefined {
    const pod = this.pods.get(instance);
    const score = this.leaseScores.get(instance) ?? 0;
    return pod !== undefined && score !== 0 && pod.generation === generation ? pod : undefined;
  }

  private renew(instance: string, nowMs: number): void {
    this.leaseScores.set(instance, nowMs + this.times.leaseMs);
  }

  private append(from: Head, rows: LogEntry['rows'], touched: Touched, graceMs: number): LogEntry {
    const users: [string, UserRecord | null][] = [];
    const erased = [...touched].filter(([userId, next]) => isErased(this.records.get(userId) ?? NEVER_CONNECTED, next));
    this.lastSeen?.see(this.leaving(touched), this.atMs);
    for (const [userId] of erased) this.lastSeen?.forget(userId);
    for (const [userId, next] of touched) {
      const record = this.settle(userId, next, graceMs);
      if (record !== undefined) users.push([userId, record]);
    }
    for (const userId of this.forget()) users.push([userId, null]);
    this.tag = randomName();
    const { epoch, revision: toRevision, tag, atMs } = this;
    const entry = { epoch, fromRevision: from.revision, previousTag: from.tag, toRevision, tag, atMs, rows, users };
    // What the log says of who is erased goes. Who has not read so far finds that what is left does not follow on.
    if (erased.length > 0) this.entries = [];
    this.entries.push(entry);
    if (this.entries.length > this.logMax * 1.1) this.entries = this.entries.slice(-this.logMax);
    return entry;
  }

  /** Those whose last connection goes. */
  private leaving(touched: Touched): string[] {
    // Those of whom it is said, once more, that they are erased have not been seen.
    const left = [...touched].filter(([, next]) => next.connections === 0 && !next.isErased).map(([userId]) => userId);
    return left.filter((userId) => (this.records.get(userId)?.connections ?? 0) > 0);
  }

  /** Drops users who left long ago and chose nothing; oldest first, a bounded number. */
  private forget(): string[] {
    const olderThanMs = this.atMs - GONE_KEPT_MS;
    return this.gone.takeBefore(olderThanMs, FORGOTTEN_PER_BATCH).filter((userId) => {
      const record = this.records.get(userId);
      return record !== undefined && isForgettable(record, olderThanMs) && this.records.delete(userId);
    });
  }

  private writeRow(
    { instance, generation }: PodLife,
    rows: Map<string, ConnectionRow>,
    connectionId: string,
    state: RowState | null,
    touched: Touched,
  ): ConnectionRow | null {
    this.revision += 1;
    const old = rows.get(connectionId);
    // A join or a leave says nothing else of its user than before.
    const moves = old?.userId !== state?.userId || old?.active !== state?.active;
    if (moves && old?.userId != null) this.count(old.userId, -1, old.active ? -1 : 0, null, touched);
    if (state === null) {
      rows.delete(connectionId);
      return null;
    }
    const row: ConnectionRow = {
      connectionId,
      pod: podId({ instance, generation }),
      // Whoever came before the user was erased is nobody until their pod has heard of that, and closes the connection.
      userId: moves && !this.admits(state.userId, state, touched) ? null : state.userId,
      active: state.active,
      since: state.since ?? { revision: this.revision, atMs: this.atMs },
      channels: state.channels.map(({ kind, channel, since }) => ({ kind, channel, since: since ?? this.revision })),
    };
    rows.set(connectionId, row);
    if (moves && row.userId !== null) {
      const claims = old?.userId === row.userId ? null : state.claims;
      this.count(row.userId, 1, row.active ? 1 : 0, claims, touched);
    }
    return row;
  }

  private count(
    userId: string,
    connections: number,
    active: number,
    claims: UserNext['claims'],
    touched: Touched,
  ): void {
    const next = this.nextOf(userId, touched);
    touched.set(userId, {
      ...next,
      connections: next.connections + connections,
      active: next.active + active,
      claims: claims ?? next.claims,
    });
  }

  private writeUser(write: UserWrite, touched: Touched): void {
    this.revision += 1;
    const { userId, status, statusText, untilMs = 0, erases, restore } = write;
    const isAdmitted = this.admits(userId, write, touched);
    const next = this.nextOf(userId, touched);
    if (!isAdmitted || (restore && hasChosen(next))) {
      touched.set(userId, next);
      return;
    }
    touched.set(userId, {
      ...next,
      chosen: status ?? next.chosen,
      text: statusText ?? next.text,
      untilMs: choosesAnything(write) ? untilMs : next.untilMs,
      isErased: next.isErased || erases,
    });
  }

  /** Whether what is said of a user counts; if it is from after an erasure that was not known here, all from before goes. */
  private admits(userId: string | null, { erasedAtMs = 0, tenant = 0 }: Standing, touched: Touched): boolean {
    if (userId === null) return true;
    const next = this.nextOf(userId, touched);
    const said = countingErasure(erasedAtMs, this.atMs);
    const known = next.tenant === tenant ? next.erasedAtMs : 0;
    if (said > known) touched.set(userId, { ...next, ...NOTHING_CHOSEN, claims: null, erasedAtMs: said, tenant });
    return said >= known;
  }

  private nextOf(userId: string, touched: Touched): UserNext {
    const next = touched.get(userId);
    if (next !== undefined) return next;
    const record = settled(this.records.get(userId) ?? NEVER_CONNECTED, this.atMs);
    const { connections, active, chosen, text, untilMs, claims } = record;
    const erasedAtMs = countingErasure(record.erasedAtMs, this.atMs);
    const tenant = erasedAtMs === 0 ? 0 : record.tenant;
    return { connections, active, chosen, text, untilMs, claims, erasedAtMs, tenant };
  }

  /** What becomes of a user; `undefined`: nothing. */
  private settle(userId: string, next: UserNext, graceMs: number): UserRecord | undefined {
    const before = this.records.get(userId);
    const record = advance(before ?? NEVER_CONNECTED, next, this.atMs, graceMs);
    if (before !== undefined && isSameRecord(before, record)) return undefined;
    this.records.set(userId, record);
    if (record.connections === 0) this.gone.set(userId, lastEffectMs(record));
    else this.gone.delete(userId);
    return record;
  }
}
