import type { Status } from '@rollcall/contract';
import type { UserRecord } from './presence';
import type { UserClaims } from './profile';
import type { ConnectionRow, Membership, Since } from './row';

/** A pod on one host: an instance, and how many times it has had to register anew there. */
export interface PodLife {
  readonly instance: string;
  readonly generation: number;
}

/** A membership as a pod writes it; without `since` it is new, and the store gives it the revision of the write. */
export type MembershipState = Omit<Membership, 'since'> & { readonly since?: number };

/** By what those are told apart who have one id: one after the other, or in two apps that a host belonged to. */
export interface Standing {
  /**
   * The user's last erasure as whoever says something knows of it, in ms of the directory; absent or 0: none. Where the store
   * knows of a later one of the same tenant, nothing of what is said counts. Where it knows of none so late, choices and claims
   * from before it are cleared, with when the user was last seen and with the log up to this batch.
   */
  readonly erasedAtMs?: number;
  /** Whose user it is: a number for an app, below 2^31; absent: 0. */
  readonly tenant?: number;
}

/** A connection as a pod writes it: its whole state, or `null` when it is gone. Of whom nothing counts it is an anonymous one. */
export interface RowState extends Standing {
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

/** A user's own choice, or an erasure. An absent status or text keeps what is stored. */
export interface UserWrite extends Standing {
  readonly userId: string;
  readonly status?: Status;
  readonly statusText?: string;
  /**
   * From this moment of the store on nothing is chosen any more; absent or 0: the choice lasts. Any status or text takes
   * the place of what was chosen before and of its end; without either this says nothing.
   */
  readonly untilMs?: number;
  /**
   * The erasure itself is said, for the first time or again: whoever is in a grace is shown no longer, for connections may have
   * gone since the first time. It chooses and restores nothing.
   */
  readonly erases?: boolean;
  /** What a pod remembers from before a loss: it counts only where nothing has been chosen since. */
  readonly restore?: boolean;
}

/** Whether the write takes the place of what was chosen before, and of its end. */
export const choosesAnything = ({ status, statusText }: Pick<UserWrite, 'status' | 'statusText'>): boolean =>
  status !== undefined || statusText !== undefined;

/**
 * Changes of one pod on one host, applied as a whole: at least one, and none twice of the same connection. Each row and
 * user write is one change and takes one revision.
 */
export interface Batch extends PodLife {
  /** Counts the batches of this life from 1. */
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

/** Where a roster is of which a store that may only be read knows nothing: nobody has ever been on the host. */
export const NOWHERE: Head = { epoch: '', epochAtMs: 0, revision: 0, tag: '', atMs: 0 };

/** The last place of a roster that a pod has seen. */
export type Known = Pick<Head, 'epoch' | 'revision'>;

/** What is kept of a host, which apps decide. */
export interface HostRules {
  /** Whether it is remembered when users were last on the host; absent: nowhere. */
  readonly remembersSeen?: (host: string) => boolean;
  /**
   * Whether clients have made the host up, of which little may stay: its log is short, and even what users have chosen is
   * forgotten when nobody has been there for a while. Absent: nowhere.
   */
  readonly isMadeUp?: (host: string) => boolean;
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

/** The maps, by connection and by user, are the receiver's: a view takes them over instead of copying a large roster. */
export interface Snapshot {
  readonly head: Head;
  readonly rows: Map<string, ConnectionRow>;
  readonly users: Map<string, UserRecord>;
}

/** `old`: the store knows the instance by this generation, or a later one, already. */
export type Opened =
  | { readonly state: 'open'; readonly epoch: string; readonly rows: readonly ConnectionRow[] }
  | { readonly state: 'old'; readonly generation: number };

/**
 * `ok`: applied, now or (for a batch that came twice) before; the head is the one right after it.
 * `gone`: the pod has no lease, it was swept or never opened. `gap`: a batch before this one is missing; writes were lost.
 */
export type Applied =
  | { readonly state: 'ok'; readonly head: Head }
  | { readonly state: 'gone' }
  | { readonly state: 'gap'; readonly epoch: string };

/** What the store has of a pod, and the leases of all pods. */
export interface Beat {
  readonly head: Head;
  /** `undefined`: the pod has no lease (it was claimed by a sweeper, or lost). */
  readonly own: { readonly generation: number; readonly sequence: number; readonly rows: number } | undefined;
  readonly leases: readonly Lease[];
}

export interface Lease {
  readonly instance: string;
  /** When it ends, in ms of the store; 0: a sweeper has claimed it. Compared, never computed with. */
  readonly score: number;
  readonly expired: boolean;
}

/** `more`: call again with the cursor. `alive`: it is not to be swept after all. */
export type Swept = { readonly state: 'done' | 'alive' } | { readonly state: 'more'; readonly cursor: string };

/** What a follower hears. */
export interface LogListener {
  entry(entry: LogEntry): void;
  /** Entries may have been missed: look at the log. */
  interrupted(): void;
}

/** The store cannot be reached, or not in time. Whether a write was applied is not known. */
export class StoreUnavailable extends Error {
  override name = 'StoreUnavailable';
}

/**
 * Where a roster can be read. Each verb rejects with `StoreUnavailable`, in bounded time, when the store cannot be reached.
 */
export abstract class RosterReader {
  /** Where the roster is now; whatever was acknowledged before the call is included. */
  abstract head(host: string): Promise<Head>;

  /** The leases on a host, for a pod that has none of its own there. */
  abstract leases(host: string): Promise<readonly Lease[]>;

  /**
   * Everything there is, at one revision. `heard`: entries that arrive while it is read, to which more may be added; what
   * has been heard need not be read again, and may be gone from the log by then.
   */
  abstract snapshot(host: string, heard?: readonly LogEntry[]): Promise<Snapshot>;

  /** The next entries of the log after a revision, as far as the log goes back: as many as are good to take at once. */
  abstract entriesAfter(host: string, revision: number): Promise<readonly LogEntry[]>;

  /** Tells a listener of each entry appended from now on. Resolves, when it is listening, with the way to stop. */
  abstract follow(host: string, listener: LogListener): Promise<() => void>;
}

/**
 * Where a roster's changes go: the shared truth of all pods of a data centre. Every adapter passes one contract.
 */
export abstract class RosterStore extends RosterReader {
  /**
   * Registers a life of a pod and gives it a lease; tells the rows that an earlier life left. `known`: where the caller
   * last saw the roster; if that was in another epoch, the store knows that it has lost something, and goes on with
   * revisions beyond all that were given before, so that nobody who comes later is listed earlier.
   */
  abstract open(host: string, life: PodLife, known: Known | undefined): Promise<Opened>;

  /** Whether the store answers and takes no writes, for all that is known: what it shows may be from before. */
  isRefusing(_: string): boolean {
    return false;
  }

  /** Applies a batch atomically: tables, presence, time, revisions and log; renews the lease. */
  abstract apply(host: string, batch: Batch): Promise<Applied>;

  /** Renews the lease of a pod that has one. */
  abstract beat(host: string, life: PodLife): Promise<Beat>;

  /** Takes some of a pod's rows out of the roster, if its lease still has the score that was seen, and has expired. */
  abstract sweep(host: string, instance: string, scoreSeen: number, cursor: string): Promise<Swept>;

  /** Gives the lease back; the pod has taken its rows out before. */
  abstract close(host: string, life: PodLife): Promise<void>;

  /** As `head`, with the store's time, which is remembered: no later stamp undercuts it, nor `shownMs`. */
  abstract now(host: string, shownMs: number): Promise<Head>;

  /** Begins a new epoch, unless that has happened already: somebody has proof that writes were lost in this one. */
  abstract renewEpoch(host: string, epochSeen: string): Promise<void>;

  /**
   * When a user's last connection on the host went, in ms of the store: by itself, or with its pod, when that was swept.
   * Also told of who is connected again; `undefined` where the host does not remember it, or not any more.
   */
  abstract lastSeen(host: string, userId: string): Promise<number | undefined>;

  /** Forgets when a user was last seen, on those hosts that `concerns` says. */
  abstract forgetLastSeen(userId: string, concerns: (host: string) => boolean): Promise<void>;

  /** The hosts that have something stored, or had until lately. A hint: it may be incomplete for a while after a loss. */
  abstract hosts(): Promise<readonly string[]>;
}
