/*
 * The store has lost what a view shows, and pods are writing anew what they own. Who waits here keeps the picture from
 * before; a crash of the waiting pod costs it that picture.
 */
import type { Head, RosterReader } from './roster.store';
import type { Timing } from './timing';

export interface LossOptions {
  readonly host: string;
  readonly store: RosterReader;
  readonly timing: Timing;
  /** `reregisterMs`: within this time after a loss every living pod has registered anew. */
  readonly times: { readonly reregisterMs: number };
  /** Whether the store has in this epoch what this very pod has on the host. */
  readonly isWritten: (host: string, epoch: string) => Promise<boolean>;
}

/** Pods that have registered anew still need a moment to write what they own; they write faster than this. */
const REWRITE_MS = 250;
const CONNECTIONS_PER_MS = 50;

/** How often to look whether it is over. */
export const LOOK_EVERY_MS = 250;

export class Loss {
  private readonly deadline: number;
  private readonly rewriteMs: number;
  private wasOneMissing = false;
  private allSeenAt: number | undefined;

  /** `instances`: the pods that had connections in the picture from before; `connections`: how many. */
  constructor(
    private readonly options: LossOptions,
    private readonly instances: ReadonlySet<string>,
    connections: number,
    { atMs, epochAtMs }: Head,
  ) {
    this.rewriteMs = REWRITE_MS + connections / CONNECTIONS_PER_MS;
    // The loss may be older than the first question after it, unless nobody has told since when it is one.
    this.deadline = options.timing.now() + options.times.reregisterMs - (epochAtMs === 0 ? 0 : atMs - epochAtMs);
  }

  /** Whether the pods have written anew what they own, or had the time to. @throws StoreUnavailable */
  async isMended(epoch: string): Promise<boolean> {
    const { store, host, timing, isWritten } = this.options;
    const leases = new Set((await store.leases(host)).map(({ instance }) => instance));
    const now = timing.now();
    // Leases that were never gone say nothing: where only the last writes were lost, their pods have yet to notice.
    if (![...this.instances].every((instance) => leases.has(instance))) this.wasOneMissing = true;
    else if (this.wasOneMissing) this.allSeenAt ??= now;
    const rewritten = this.instances.size === 0 || now - (this.allSeenAt ?? now) >= this.rewriteMs;
    if (!rewritten && now < this.deadline) return false;
    // However late this pod comes: without its own people the new picture is worse, and their choices are in the old one.
    return isWritten(host, epoch);
  }
}
