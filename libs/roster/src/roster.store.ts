import type { Status } from '@rollcall/contract';
import type { UserRecord } from './presence';
import type { UserClaims } from './profile';
import type { ConnectionRow, Membership, Since } from './row';

/** A membership as a pod writes it; without `since` it is new, and the store gives it the revision of the write. */
export type MembershipState = Omit<Membership, 'since'> & { readonly since?: number };

/** A connection as a pod writes it: its whole state, or `null` when it is gone. */
export interface RowState {
  readonly userId: string | null;
  readonly claims: UserClaims | null;
  readonly active: boolean;
  readonly since?: Since;
  readonly channels: readonly MembershipState[];
}

export interface RowWrite {
  readonly connectionId: string;
  readonly row: RowState | null;
}

/** A user's own choice. An absent field keeps what is stored; `forget` clears choices and claims. */
export interface UserWrite {
  readonly userId: string;
  readonly status?: Status;
  readonly statusText?: string;
  readonly forget?: boolean;
}

/** Changes of one pod on one host, applied as a whole. Each row and user write is one change and takes one revision. */
export interface Batch {
  readonly pod: string;
  /** Counts the pod's batches for the host from 1; a number that was applied already is not applied again. */
  readonly sequence: number;
  readonly rows: readonly RowWrite[];
  readonly users: readonly UserWrite[];
}

/** Where a roster is. `epoch` names its life; `tag` tells two histories with the same numbers apart. */
export interface Head {
  readonly epoch: string;
  /** When the epoch began if it began with a loss, else 0: nothing before it was lost. */
  readonly epochAtMs: number;
  readonly revision: number;
  readonly tag: string;
  /** The store's time; it never goes backwards. */
  readonly atMs: number;
}

/** One batch as the log keeps it: states, so that applying it twice or over a later state does no harm. */
export interface LogEntry {
  readonly epoch: string;
  /** The revision and tag that the entry follows on. */
  readonly fromRevision: number;
  readonly previousTag: string;
  readonly toRevision: number;
  readonly tag: string;
  readonly atMs: number;
  readonly rows: readonly (readonly [connectionId: string, row: ConnectionRow | null])[];
  readonly users: readonly (readonly [userId: string, record: UserRecord | null])[];
}

export interface Snapshot {
  readonly head: Head;
  readonly rows: Iterable<ConnectionRow>;
  readonly users: Iterable<readonly [userId: string, record: UserRecord]>;
}

/** Where a roster's changes go: the shared truth of all pods of a data centre. Every adapter passes one contract. */
export abstract class RosterStore {
  /**
   * Applies a batch atomically: tables, presence, time, revisions and log. Resolves, when it is in the store, with the
   * head right after it; for a batch that was applied before, with the head now.
   */
  abstract apply(host: string, batch: Batch): Promise<Head>;

  /** Where the roster is now; whatever was acknowledged before the call is included. */
  abstract head(host: string): Promise<Head>;

  /** Everything there is, at one revision. */
  abstract snapshot(host: string): Promise<Snapshot>;

  /** Calls `listener` with each entry appended from now on, in order. Resolves, when it is listening, with the way to stop. */
  abstract follow(host: string, listener: (entry: LogEntry) => void): Promise<() => void>;

  /** The hosts that have something stored. */
  abstract hosts(): Promise<readonly string[]>;
}
