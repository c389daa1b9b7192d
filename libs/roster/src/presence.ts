import type { Status } from '@rollcall/contract';
import type { UserClaims } from './profile';

/*
 * The presence of a user on a host, as a pure function of what is stored and of a time. No timer ends the offline
 * grace, nor a status that was chosen for a while: a departure is stored with the moment at which it takes effect, a
 * timed choice with the moment at which it ends, and every reader computes the same status for the same moment from them.
 */

/** Longer than the 10 minutes that `from` looks back, so that no departure is forgotten before its last reader. */
export const GONE_KEPT_MS = 15 * 60_000;

/**
 * So long after a user's erasure nothing counts that is said of them from before it, and whatever is said from after it takes
 * away what was there before. Later no pod is on its way any more that has not heard of it.
 */
export const ERASURE_COUNTS_MS = 15 * 60_000;

/**
 * Of somebody of whom there is nothing else an erasure is remembered for ten leases of the usual length. A pod that was away
 * for one reads the app's users before it writes anybody down anew.
 */
export const ERASURE_KEPT_MS = 60_000;

/** What the store keeps of a user on a host: a state, never an increment. */
export interface UserRecord {
  readonly connections: number;
  /** Connections that are not idle. */
  readonly active: number;
  readonly chosen: Status;
  readonly text: string;
  /** From this moment on nothing is chosen any more: status `online` and no text. 0: the choice is not timed. */
  readonly untilMs: number;
  readonly claims: UserClaims | null;
  /** The user's last erasure, in ms of the directory, as long as it counts; 0: none. */
  readonly erasedAtMs: number;
  /** Of which tenant's user that was; 0 where there was none. */
  readonly tenant: number;
  /** When the presence last changed; for a user who just left, when the departure takes effect. */
  readonly stampMs: number;
  /** The status shown until a departure takes effect, and the stamp that goes with it. */
  readonly was: Status;
  readonly previousStampMs: number;
}

/** What a batch makes of a user, before the presence rule has looked at it. */
export interface UserNext {
  readonly connections: number;
  readonly active: number;
  readonly chosen: Status;
  readonly text: string;
  readonly untilMs: number;
  readonly claims: UserClaims | null;
  readonly erasedAtMs: number;
  readonly tenant: number;
  /** Whether an erasure is said, for the first time or again: connections of the user may have gone since the first. */
  readonly isErased?: boolean;
}

export interface Shown {
  readonly status: Status;
  readonly text: string;
  readonly stampMs: number;
}

/** No choice at all. */
export const NOTHING_CHOSEN = { chosen: 'online', text: '', untilMs: 0 } as const;

export const NEVER_CONNECTED: UserRecord = {
  connections: 0,
  active: 0,
  ...NOTHING_CHOSEN,
  claims: null,
  erasedAtMs: 0,
  tenant: 0,
  stampMs: 0,
  was: 'offline',
  previousStampMs: 0,
};

/** The chosen status over what the connections say: any active one is online, only idle ones are away, none offline. */
export function combine(chosen: Status, connections: number, active: number): Status {
  if (connections === 0) return 'offline';
  if (chosen !== 'online') return chosen;
  return active > 0 ? 'online' : 'away';
}

/** Whether anything was chosen that differs from having chosen nothing. */
export const hasChosen = ({ chosen, text }: Pick<UserRecord, 'chosen' | 'text'>): boolean =>
  chosen !== 'online' || text !== '';

/** Status and text at `atMs`, and since when. */
export function shownAt(record: UserRecord, atMs: number): Shown {
  const { connections, active, chosen, text, stampMs, was, previousStampMs } = settled(record, atMs);
  if (connections > 0) return { status: combine(chosen, connections, active), text, stampMs };
  if (atMs < stampMs) return { status: was, text, stampMs: previousStampMs };
  return { status: 'offline', text, stampMs };
}

/** The record as if the end of a timed choice, where it has come by `atMs`, had been written at its moment. */
export function settled(record: UserRecord, atMs: number): UserRecord {
  const { untilMs } = record;
  if (untilMs === 0 || atMs < untilMs) return record;
  return advance({ ...record, untilMs: 0 }, { ...record, ...NOTHING_CHOSEN }, untilMs, 0);
}

/**
 * The record after a change at `atMs`. Only a change of what is shown (status or text) is stamped, so that heartbeats,
 * second tabs and reloads enter no delta.
 */
export function advance(earlier: UserRecord, after: UserNext, atMs: number, graceMs: number): UserRecord {
  const before = settled(earlier, atMs);
  const shown = shownAt(before, atMs);
  const { connections, active, claims, erasedAtMs, tenant } = after;
  const next = { connections, active, ...choiceAt(after, atMs), claims, erasedAtMs, tenant };
  const textChanged = next.text !== before.text;
  if (next.connections > 0) {
    const status = combine(next.chosen, next.connections, next.active);
    const stampMs = textChanged || status !== shown.status ? atMs : shown.stampMs;
    return { ...next, stampMs, was: status, previousStampMs: stampMs };
  }
  if (shown.status === 'offline') {
    const stampMs = textChanged ? atMs : shown.stampMs;
    return { ...next, stampMs, was: 'offline', previousStampMs: stampMs };
  }
  // Choosing to be offline waits for no grace, not even for one that has begun; nor does whoever is erased.
  const leavesAtOnce = next.chosen === 'offline' || after.isErased || isErased(before, next);
  if (leavesAtOnce) return { ...next, stampMs: atMs, was: 'offline', previousStampMs: atMs };
  const departsAtMs = before.connections > 0 ? atMs + graceMs : before.stampMs;
  return { ...next, stampMs: departsAtMs, was: shown.status, previousStampMs: textChanged ? atMs : shown.stampMs };
}

/** What is left of a choice when it is written: it may be over by then, and nothing chosen is nothing to end. */
function choiceAt({ chosen, text, untilMs }: UserNext, atMs: number): Pick<UserNext, 'chosen' | 'text' | 'untilMs'> {
  const isOver = untilMs !== 0 && untilMs <= atMs;
  return isOver || !hasChosen({ chosen, text }) ? NOTHING_CHOSEN : { chosen, text, untilMs };
}

export const isSameRecord = (a: UserRecord, b: UserRecord): boolean =>
  a.connections === b.connections &&
  a.active === b.active &&
  a.chosen === b.chosen &&
  a.text === b.text &&
  a.untilMs === b.untilMs &&
  a.erasedAtMs === b.erasedAtMs &&
  a.tenant === b.tenant &&
  a.stampMs === b.stampMs &&
  a.was === b.was &&
  a.previousStampMs === b.previousStampMs &&
  (a.claims === b.claims || JSON.stringify(a.claims) === JSON.stringify(b.claims));

/** Nothing is worth keeping of a user who left long ago and chose nothing, or nothing that is not long over. */
export function isForgettable(record: UserRecord, olderThanMs: number): boolean {
  const settledThen = settled(record, olderThanMs);
  return record.connections === 0 && !hasChosen(settledThen) && lastEffectMs(settledThen) < olderThanMs;
}

/**
 * When the last thing happens to a user without a connection that nobody does: a departure, or the end of a choice. An erasure
 * is put so far back that it is kept for its own time.
 */
export const lastEffectMs = ({ stampMs, untilMs, erasedAtMs }: UserRecord): number =>
  Math.max(stampMs, untilMs, erasedAtMs + ERASURE_KEPT_MS - GONE_KEPT_MS);

/** An erasure as it counts at `atMs`; 0: not any more. */
export const countingErasure = (erasedAtMs: number, atMs: number): number =>
  erasedAtMs + ERASURE_COUNTS_MS < atMs ? 0 : erasedAtMs;

/** Whether a change takes away what was there of the user. */
export const isErased = (before: UserRecord, after: Pick<UserNext, 'erasedAtMs' | 'tenant'>): boolean =>
  after.erasedAtMs > 0 && (after.erasedAtMs !== before.erasedAtMs || after.tenant !== before.tenant);
