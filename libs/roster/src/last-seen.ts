/*
 * When the users of a host were last there who have no connection now: for the app's back end, where the app wants that.
 * Apart from the roster: no view, no log entry and no presence has anything of it.
 */
import { GoneUsers } from './gone-users';

/** Longer is nobody's business. */
export const SEEN_KEPT_MS = 90 * 24 * 3_600_000;

/** On one host; those who left first go first. Some 10 MB. */
export const SEEN_MAX = 100_000;

/** How many one batch drops at most: more than one batch adds. */
export const SEEN_DROPPED_PER_BATCH = 500;

export class LastSeen {
  private readonly users = new GoneUsers();

  constructor(private readonly max = SEEN_MAX) {}

  /** These users have just lost their last connection. */
  see(userIds: readonly string[], atMs: number): void {
    if (userIds.length === 0) return;
    for (const userId of userIds) this.users.set(userId, atMs);
    const old = this.users.takeBefore(atMs - SEEN_KEPT_MS, SEEN_DROPPED_PER_BATCH);
    this.users.takeFirst(Math.min(this.users.size - this.max, SEEN_DROPPED_PER_BATCH - old.length));
  }

  /** In ms; `undefined`: never, or too long ago, or among too many. */
  of(userId: string): number | undefined {
    return this.users.stampOf(userId);
  }

  forget(userId: string): void {
    this.users.delete(userId);
  }

  /** Nobody was here for so long that nothing has to be kept. */
  isOver(nowMs: number): boolean {
    return (this.users.lastStampMs ?? -Infinity) < nowMs - SEEN_KEPT_MS;
  }
}
