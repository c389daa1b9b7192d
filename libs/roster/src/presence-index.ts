/*
 * Who changed since when: the index behind `from`. Each user is in it once for what is shown now, and once more for a
 * departure that is stamped ahead of time, when its grace will be over. Entries older than anybody may ask for are
 * dropped as new ones come.
 */
import type { UserRecord } from './presence';
import { SegmentedList, type TextOf } from './segmented-list';

/** Longer than the 10 minutes that `from` may look back, by the longest grace: departures are stamped ahead of time. */
export const KEPT_MS = 11 * 60_000;

/** When what is shown until a departure takes effect began; `undefined`: nothing else was shown before it. */
function changeOf({ connections, stampMs, previousStampMs }: UserRecord): number | undefined {
  if (connections > 0) return stampMs;
  return previousStampMs === stampMs ? undefined : previousStampMs;
}

const departureOf = ({ connections, stampMs }: UserRecord): number | undefined =>
  connections > 0 ? undefined : stampMs;

export class PresenceIndex {
  private readonly changes = new SegmentedList();
  private readonly departures = new SegmentedList();

  /** `fromMs`: nobody may ask for older stamps. */
  constructor(private fromMs = 0) {}

  /** The user's record is no longer the one before, if there was one. */
  move(userId: string, before: UserRecord | undefined, after: UserRecord | null): void {
    this.moveIn(this.changes, userId, before && changeOf(before), after === null ? undefined : changeOf(after));
    this.moveIn(
      this.departures,
      userId,
      before && departureOf(before),
      after === null ? undefined : departureOf(after),
    );
  }

  /**
   * The texts of all stamps at or after `fromMs` but for one user's; one that is not shown at the time of the answer has
   * to be empty. They are kept until the user `changed` or moved.
   */
  textSince(fromMs: number, except: string, record: UserRecord | undefined, textOf: TextOf): string {
    const text = (list: SegmentedList, order: number | undefined): string =>
      list.textFrom(fromMs, order === undefined ? undefined : { order, name: except }, textOf);
    return text(this.changes, record && changeOf(record)) + text(this.departures, record && departureOf(record));
  }

  /** The texts of the user are no longer what they were. */
  changed(userId: string, record: UserRecord): void {
    const [change, departure] = [changeOf(record), departureOf(record)];
    if (change !== undefined) this.changes.changed(change, userId);
    if (departure !== undefined) this.departures.changed(departure, userId);
  }

  /** Who departs after one moment and not after the other. */
  *departing(afterMs: number, toMs: number): Iterable<string> {
    for (const [stampMs, userId] of this.departures.from(afterMs + 1)) {
      if (stampMs > toMs) return;
      yield userId;
    }
  }

  /** The next moment after `atMs` at which a departure takes effect by itself. */
  nextDepartureAfter(atMs: number): number {
    for (const [stampMs] of this.departures.from(atMs + 1)) return stampMs;
    return Infinity;
  }

  private moveIn(list: SegmentedList, userId: string, from: number | undefined, to: number | undefined): void {
    if (from === to) {
      if (from !== undefined) list.changed(from, userId);
      return;
    }
    if (from !== undefined) list.remove(from, userId);
    if (to === undefined || to < this.fromMs) return;
    list.add(to, userId);
    this.fromMs = Math.max(this.fromMs, to - KEPT_MS);
    list.dropBefore(this.fromMs);
  }
}
