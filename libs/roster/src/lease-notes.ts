/*
 * Which leases of a host stand still. A lease is claimed only when the store calls it expired *and* this pod has itself
 * seen it unchanged for long enough, by its own monotonic clock: after a freeze or a jump of the store's clock nobody
 * sweeps the living. Notes are lost with the pod, which costs a newcomer one more wait.
 */
import type { Lease } from './roster.store';

interface Note {
  readonly score: number;
  readonly since: number;
}

export class LeaseNotes {
  private notes = new Map<string, Note>();
  private lastLook = -Infinity;

  /** `standMs`: how long a lease must have stood still, two beats. */
  constructor(private readonly standMs: number) {}

  /** Notes what was seen, and tells which leases are to be swept. */
  look(leases: readonly Lease[], ownInstance: string, now: number): Lease[] {
    if (now - this.lastLook > this.standMs) this.notes.clear();
    this.lastLook = now;
    const notes = new Map<string, Note>();
    const dead: Lease[] = [];
    for (const lease of leases) {
      if (lease.instance === ownInstance) continue;
      const known = this.notes.get(lease.instance);
      const note = known?.score === lease.score ? known : { score: lease.score, since: now };
      notes.set(lease.instance, note);
      // Claimed already: its sweeper may have died in the middle, so everybody helps to finish.
      if (lease.score === 0 || (lease.expired && now - note.since >= this.standMs)) dead.push(lease);
    }
    this.notes = notes;
    return dead;
  }

  /** A look failed: what was noted before proves nothing any more. */
  clear(): void {
    this.notes.clear();
  }
}
