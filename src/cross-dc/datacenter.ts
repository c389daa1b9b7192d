/*
 * One data centre as it is seen from here: what it last said of each host that was asked about, and how old that is by
 * this pod's clock. A question never waits beyond the moment it is given; what comes later counts for the next one.
 */
import { AppError } from '@rollcall/contract';
import { type PodRegistry, type RosterView, StoreUnavailable, type Views } from '@rollcall/roster';
import { TroubleLog } from '../store/trouble-log';

/** What is known of one host there. */
export interface Seen {
  readonly dc: string;
  readonly view: RosterView;
  /** It answered a check within this question. */
  readonly answeredNow: boolean;
  /** How long ago it last did. */
  readonly ageMs: number;
  /** How long that answer took. */
  readonly roundTripMs: number;
}

/** Where a data centre is looked at. */
export interface Place {
  readonly dc: string;
  readonly views: Views;
  readonly pods: Pick<PodRegistry, 'list'>;
  /** Brings up to date what is known there of the users of a host's app. */
  refreshProfiles(host: string): Promise<void>;
}

export class Datacenter {
  private readonly trouble: TroubleLog;
  private lastPods: number | undefined;

  constructor(private readonly place: Place) {
    this.trouble = new TroubleLog(`Data centre ${place.dc} cannot be read`);
  }

  get dc(): string {
    return this.place.dc;
  }

  /** `undefined`: it has never been heard of. */
  async look(host: string, withUsers: boolean, late: Promise<void>): Promise<Seen | undefined> {
    const { dc, views } = this.place;
    let answered: { view: RosterView; staleMs: number } | undefined;
    const read = this.attempt(async () => {
      answered = await views.readRoster(host);
    });
    const refreshed = withUsers ? this.attempt(async () => this.place.refreshProfiles(host)) : undefined;
    await Promise.race([Promise.all([read, refreshed]), late]);
    const known = views.lastKnown(host);
    if (known === undefined) return undefined;
    if (answered?.staleMs === 0) return { dc, ...known, view: answered.view, answeredNow: true, ageMs: 0 };
    return { dc, ...known, answeredNow: false };
  }

  /** How many pods there are, or were when it was last heard of. */
  async pods(late: Promise<void>): Promise<number | undefined> {
    const counted = this.attempt(async () => {
      this.lastPods = (await this.place.pods.list()).length;
    });
    await Promise.race([counted, late]);
    return this.lastPods;
  }

  /** That it is away shows in what is said of it; anything else is nobody's intention. */
  private async attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof StoreUnavailable || error instanceof AppError) return;
      this.trouble.report(error as Error);
    }
  }
}
