/*
 * The tables of one host, and what a batch does to them. The memory store is these tables; a store elsewhere must do
 * to its own tables what `apply` does here, and the contract suite holds the two equal.
 *
 * Memory: a row a connection, and a record a user who is connected, left within the last 15 minutes or chose a status.
 */
import { randomBytes } from 'node:crypto';
import { advance, isForgettable, NEVER_CONNECTED, type UserNext, type UserRecord } from './presence';
import type { Batch, Head, LogEntry, RowState, UserWrite } from './roster.store';
import type { ConnectionRow } from './row';

/** Longer than the 10 minutes that `from` looks back, so that no departure is forgotten before its last reader. */
export const GONE_KEPT_MS = 15 * 60_000;

/** How many users who left one batch forgets at most: more would make a batch's cost unbounded. */
const FORGOTTEN_PER_BATCH = 100;

const randomName = (): string => randomBytes(9).toString('base64url');

export class RosterTables {
  readonly rows = new Map<string, ConnectionRow>();
  readonly users = new Map<string, UserRecord>();
  /** Users without a connection, in the order in which they left. */
  private readonly gone = new Set<string>();
  private readonly sequences = new Map<string, number>();
  private readonly epoch = randomName();
  private revision = 0;
  private tag = randomName();

  constructor(private readonly graceMs: number) {}

  head(atMs: number): Head {
    return { epoch: this.epoch, epochAtMs: 0, revision: this.revision, tag: this.tag, atMs };
  }

  /** Applies the batch and returns its log entry, or `undefined` for one that was applied before. */
  apply(batch: Batch, atMs: number): LogEntry | undefined {
    if (batch.sequence <= (this.sequences.get(batch.pod) ?? 0)) return undefined;
    this.sequences.set(batch.pod, batch.sequence);
    const from = this.head(atMs);
    const touched = new Map<string, UserNext>();
    const rows = batch.rows.map(
      ({ connectionId, row }) =>
        [connectionId, this.writeRow({ pod: batch.pod, connectionId, state: row }, atMs, touched)] as const,
    );
    for (const write of batch.users) this.writeUser(write, touched);
    const users: [string, UserRecord | null][] = [];
    for (const [userId, next] of touched) users.push([userId, this.settle(userId, next, atMs)]);
    for (const userId of this.forget(atMs)) users.push([userId, null]);
    return this.entry(from, rows, users);
  }

  /** Forgets users who left long ago on a host where nothing else happens. */
  trim(atMs: number): LogEntry | undefined {
    const from = this.head(atMs);
    const forgotten = this.forget(atMs);
    if (forgotten.length === 0) return undefined;
    return this.entry(
      from,
      [],
      forgotten.map((userId) => [userId, null]),
    );
  }

  isEmpty(): boolean {
    return this.rows.size === 0 && this.users.size === 0;
  }

  private entry(from: Head, rows: LogEntry['rows'], users: LogEntry['users']): LogEntry {
    this.tag = randomName();
    return {
      epoch: this.epoch,
      fromRevision: from.revision,
      previousTag: from.tag,
      toRevision: this.revision,
      tag: this.tag,
      atMs: from.atMs,
      rows,
      users,
    };
  }

  private forget(nowMs: number): string[] {
    const forgotten: string[] = [];
    for (const userId of this.gone) {
      if (forgotten.length === FORGOTTEN_PER_BATCH) break;
      const record = this.users.get(userId);
      if (record !== undefined && record.stampMs >= nowMs - GONE_KEPT_MS) break;
      this.gone.delete(userId);
      if (record === undefined || !isForgettable(record, nowMs - GONE_KEPT_MS)) continue;
      this.users.delete(userId);
      forgotten.push(userId);
    }
    return forgotten;
  }

  private writeRow(
    { pod, connectionId, state }: { pod: string; connectionId: string; state: RowState | null },
    atMs: number,
    touched: Map<string, UserNext>,
  ): ConnectionRow | null {
    this.revision += 1;
    const old = this.rows.get(connectionId);
    if (old?.userId != null) this.count(old.userId, -1, old.active ? -1 : 0, null, touched);
    if (state === null) {
      this.rows.delete(connectionId);
      return null;
    }
    const row: ConnectionRow = {
      connectionId,
      pod,
      userId: state.userId,
      claims: state.claims,
      active: state.active,
      since: state.since ?? { revision: this.revision, atMs },
      channels: state.channels.map(({ kind, channel, since }) => ({ kind, channel, since: since ?? this.revision })),
    };
    this.rows.set(connectionId, row);
    if (row.userId !== null) {
      const claims = old?.userId === row.userId ? null : row.claims;
      this.count(row.userId, 1, row.active ? 1 : 0, claims, touched);
    }
    return row;
  }

  private count(
    userId: string,
    connections: number,
    active: number,
    claims: UserNext['claims'],
    touched: Map<string, UserNext>,
  ): void {
    const next = this.nextOf(userId, touched);
    touched.set(userId, {
      ...next,
      connections: next.connections + connections,
      active: next.active + active,
      claims: claims ?? next.claims,
    });
  }

  private writeUser(write: UserWrite, touched: Map<string, UserNext>): void {
    this.revision += 1;
    const next = this.nextOf(write.userId, touched);
    touched.set(write.userId, {
      connections: next.connections,
      active: next.active,
      chosen: write.status ?? (write.forget ? 'online' : next.chosen),
      text: write.statusText ?? (write.forget ? '' : next.text),
      claims: write.forget ? null : next.claims,
    });
  }

  private nextOf(userId: string, touched: Map<string, UserNext>): UserNext {
    const next = touched.get(userId);
    if (next !== undefined) return next;
    const { connections, active, chosen, text, claims } = this.users.get(userId) ?? NEVER_CONNECTED;
    return { connections, active, chosen, text, claims };
  }

  private settle(userId: string, next: UserNext, atMs: number): UserRecord {
    const record = advance(this.users.get(userId) ?? NEVER_CONNECTED, next, atMs, this.graceMs);
    this.users.set(userId, record);
    this.gone.delete(userId);
    if (record.connections === 0) this.gone.add(userId);
    return record;
  }
}
