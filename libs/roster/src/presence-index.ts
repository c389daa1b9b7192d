/*
 * Who changed since when: the index behind `from`. Stamps enter in order, in two runs, because a departure is stamped
 * ahead of time, when its grace will be over. An entry whose user has changed again is left in place and skipped when
 * read; entries older than anybody may ask for are dropped as new ones come.
 */

/** Longer than the 10 minutes that `from` may look back, by the longest grace: departures are stamped ahead of time. */
const KEPT_MS = 11 * 60_000;

export interface Stamped {
  readonly stampMs: number;
  readonly userId: string;
}

class Run {
  private entries: Stamped[] = [];

  fill(entries: Stamped[]): void {
    this.entries = entries.sort((a, b) => a.stampMs - b.stampMs);
  }

  add(entry: Stamped): void {
    const last = this.entries.at(-1);
    if (last !== undefined && last.stampMs > entry.stampMs) {
      this.entries.splice(this.firstFrom(entry.stampMs + 1), 0, entry);
    } else {
      this.entries.push(entry);
    }
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
  private readonly changes = new Run();
  private readonly departures = new Run();

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
