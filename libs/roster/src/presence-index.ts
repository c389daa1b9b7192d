/*
 * Who changed since when: the index behind `from`. Stamps enter in order, in two runs, because a departure is stamped
 * ahead of time, when its grace will be over. An entry whose user has changed again is left in place for a while and
 * skipped when read: users who come and go all day take no more room than others. Entries older than anybody may ask for
 * are dropped as new ones come.
 */

/** Longer than the 10 minutes that `from` may look back, by the longest grace: departures are stamped ahead of time. */
export const KEPT_MS = 11 * 60_000;

export interface Stamped {
  readonly stampMs: number;
  readonly userId: string;
}

/** Fewer outlived entries than this are not worth looking for. */
const OUTLIVED_MIN = 256;

class Run {
  private entries: Stamped[] = [];
  private roomFor = OUTLIVED_MIN;

  constructor(private readonly isCurrent: (entry: Stamped) => boolean) {}

  fill(entries: Stamped[]): void {
    this.entries = entries.sort((a, b) => a.stampMs - b.stampMs);
    this.roomFor = 2 * entries.length + OUTLIVED_MIN;
  }

  add(entry: Stamped): void {
    const last = this.entries.at(-1);
    if (last !== undefined && last.stampMs > entry.stampMs) {
      this.entries.splice(this.firstFrom(entry.stampMs + 1), 0, entry);
    } else {
      this.entries.push(entry);
    }
    if (this.entries.length > this.roomFor) this.fill(this.entries.filter(this.isCurrent));
  }

  *since(fromMs: number): Iterable<Stamped> {
    for (let at = this.firstFrom(fromMs); at < this.entries.length; at += 1) yield this.entries[at] as Stamped;
  }

  /** Cuts only when half of the run is old, so that each entry is moved once or twice in its life. */
  dropBefore(stampMs: number): void {
    const old = this.firstFrom(stampMs);
    if (old > 64 && old > this.entries.length / 2) this.entries = this.entries.slice(old);
  }

  private firstFrom(stampMs: number): number {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.entries[middle] as Stamped).stampMs < stampMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export class PresenceIndex {
  private readonly changes: Run;
  private readonly departures: Run;

  /** `isCurrent`: the stamp is still the one of what its user shows now, or will show. */
  constructor(isCurrent: (entry: Stamped) => boolean) {
    this.changes = new Run(isCurrent);
    this.departures = new Run(isCurrent);
  }

  /** Starts over with what a snapshot tells. */
  fill(changes: Stamped[], departures: Stamped[]): void {
    this.changes.fill(changes);
    this.departures.fill(departures);
  }

  changed(userId: string, stampMs: number): void {
    this.changes.add({ userId, stampMs });
    this.changes.dropBefore(stampMs - KEPT_MS);
  }

  departing(userId: string, stampMs: number): void {
    this.departures.add({ userId, stampMs });
    this.departures.dropBefore(stampMs - KEPT_MS);
  }

  /** Every stamp at or after `fromMs`; one that its user has outlived, or that is still to come, is the caller's to skip. */
  *since(fromMs: number): Iterable<Stamped> {
    yield* this.changes.since(fromMs);
    yield* this.departures.since(fromMs);
  }

  /** The next moment after `atMs` at which a departure takes effect by itself. */
  nextDepartureAfter(atMs: number): number {
    for (const { stampMs } of this.departures.since(atMs + 1)) return stampMs;
    return Infinity;
  }
}
