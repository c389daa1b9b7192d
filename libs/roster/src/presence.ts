import type { Status } from '@rollcall/contract';
import type { UserClaims } from './profile';

/*
 * The presence of a user on a host, as a pure function of what is stored and of a time. No timer ends the offline
 * grace: a departure is stored with the moment at which it takes effect, and every reader computes the same status
 * for the same moment from it.
 */

/** What the store keeps of a user on a host: a state, never an increment. */
export interface UserRecord {
  readonly connections: number;
  /** Connections that are not idle. */
  readonly active: number;
  readonly chosen: Status;
  readonly text: string;
  readonly claims: UserClaims | null;
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
  readonly claims: UserClaims | null;
}

export interface Shown {
  readonly status: Status;
  readonly stampMs: number;
}

export const NEVER_CONNECTED: UserRecord = {
  connections: 0,
  active: 0,
  chosen: 'online',
  text: '',
  claims: null,
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

/** The status at `atMs`, and since when. */
export function shownAt(record: UserRecord, atMs: number): Shown {
  if (record.connections > 0) {
    return { status: combine(record.chosen, record.connections, record.active), stampMs: record.stampMs };
  }
  if (atMs < record.stampMs) return { status: record.was, stampMs: record.previousStampMs };
  return { status: 'offline', stampMs: record.stampMs };
}

/**
 * The record after a change at `atMs`. Only a change of what is shown (status or text) is stamped, so that heartbeats,
 * second tabs and reloads enter no delta.
 */
export function advance(before: UserRecord, next: UserNext, atMs: number, graceMs: number): UserRecord {
  const shown = shownAt(before, atMs);
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
  // Choosing to be offline waits for no grace, not even for one that has begun.
  if (next.chosen === 'offline') return { ...next, stampMs: atMs, was: 'offline', previousStampMs: atMs };
  const departsAtMs = before.connections > 0 ? atMs + graceMs : before.stampMs;
  return { ...next, stampMs: departsAtMs, was: shown.status, previousStampMs: textChanged ? atMs : shown.stampMs };
}

export const isSameRecord = (a: UserRecord, b: UserRecord): boolean =>
  a.connections === b.connections &&
  a.active === b.active &&
  a.chosen === b.chosen &&
  a.text === b.text &&
  a.stampMs === b.stampMs &&
  a.was === b.was &&
  a.previousStampMs === b.previousStampMs &&
  (a.claims === b.claims || JSON.stringify(a.claims) === JSON.stringify(b.claims));

/** Nothing is worth keeping of a user who left long ago and chose nothing. */
export function isForgettable(record: UserRecord, olderThanMs: number): boolean {
  return record.connections === 0 && record.chosen === 'online' && record.text === '' && record.stampMs < olderThanMs;
}
