/*
 * Who changed since when: the index behind `from`. Each user is in it once for what is shown now, and once more for each
 * thing that takes effect by itself: a departure, when its grace will be over, and the end of a timed choice. Entries
 * older than anybody may ask for are dropped as new ones come.
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

/** Where the choice ends with the departure, that is one change. */
const expiryOf = ({ untilMs, stampMs }: UserRecord): number | undefined =>
  untilMs === 0 || untilMs === stampMs ? undefined : untilMs;

type StampOf = (record: UserRecord) => number | undefined;

/** The users in the order of one of their stamps. */
interface Stamps {
  readonly list: SegmentedList;
  readonly stampOf: StampOf;
  /** Whether an entry is made about at its time, and tells so what the time is. */
  readonly isTimely: boolean;
}

const stamps = (stampOf: StampOf, isTimely: boolean): Stamps => ({ list: new SegmentedList(), stampOf, isTimely });

export class PresenceIndex {
  private readonly changes = stamps(changeOf, true);
  private readonly departures = stamps(departureOf, true);
  private readonly expiries = stamps(expiryOf, false);
  private readonly all = [this.changes, this.departures, this.expiries] as const;

  /** `fromMs`: nobody may ask for older stamps. */
  constructor(private fromMs = 0) {}

  /** The user's record is no longer the one before, if there was one. */
  move(userId: string, before: UserRecord | undefined, after: UserRecord | null): void {
    for (const one of this.all) {
      this.moveIn(one, userId, before && one.stampOf(before), after === null ? undefined : one.stampOf(after));
    }
  }

  /**
   * The texts of all stamps at or after `fromMs` but for one user's; one that is not shown at the time of the answer has
   * to be empty. They are kept until the user `changed` or moved.
   */
  textSince(fromMs: number, except: string, record: UserRecord | undefined, textOf: TextOf): string {
    const texts = this.all.map(({ list, stampOf }) => {
      const order = record && stampOf(record);
      return list.textFrom(fromMs, order === undefined ? undefined : { order, name: except }, textOf);
    });
    return texts.join('');
  }

  /** How many texts `textSince` puts together, or some more. */
  countSince(fromMs: number): number {
    return this.all.reduce((count, { list }) => count + list.countFrom(fromMs), 0);
  }

  /** The texts of the user are no longer what they were. */
  changed(userId: string, record: UserRecord): void {
    for (const { list, stampOf } of this.all) {
      const stampMs = stampOf(record);
      if (stampMs !== undefined) list.changed(stampMs, userId);
    }
  }

  /** To whom something happens by itself after one moment and not after the other. */
  *takingEffect(afterMs: number, toMs: number): Iterable<string> {
    for (const { list } of [this.departures, this.expiries]) {
      for (const [stampMs, userId] of list.from(afterMs + 1)) {
        if (stampMs > toMs) break;
        yield userId;
      }
    }
  }

  /** Whether everything is here that has taken effect since. */
  isKeptSince(atMs: number): boolean {
    return atMs >= this.fromMs;
  }

  /** The next moment after `atMs` at which something takes effect by itself. */
  nextEffectAfter(atMs: number): number {
    return Math.min(...[this.departures, this.expiries].map(({ list }) => firstFrom(list, atMs + 1)));
  }

  private moveIn({ list, isTimely }: Stamps, userId: string, from: number | undefined, to: number | undefined): void {
    if (from === to) {
      if (from !== undefined) list.changed(from, userId);
      return;
    }
    if (from !== undefined) list.remove(from, userId);
    if (to === undefined || to < this.fromMs) return;
    list.add(to, userId);
    // What ends in a year says nothing of the time.
    if (isTimely) this.fromMs = Math.max(this.fromMs, to - KEPT_MS);
    list.dropBefore(this.fromMs);
  }
}

function firstFrom(list: SegmentedList, stampMs: number): number {
  for (const [first] of list.from(stampMs)) return first;
  return Infinity;
}
