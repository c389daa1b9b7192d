/*
 * One data centre as it is seen from here: what it last said of each host that was asked about, and how old that is by
 * this pod's clock. A question never waits beyond the moment it is given; what comes later counts for the next one.
 */
import { AppError } from '@rollcall/contract';
import { type PodRegistry, type Reading, type RosterView, StoreUnavailable, type Views } from '@rollcall/roster';
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
  /** This pod's own, of which a first picture is worth waiting for: without it there is no answer at all. */
  readonly isOwn: boolean;
  /** What it said longer ago counts for nothing. */
  readonly staleMaxMs: number;
  readonly profiles: {
    /** Brings up to date what is known there of the users of a host's app. */
    refresh(host: string): Promise<void>;
    areKnown(host: string): boolean;
  };
  /** The picture of a host where no pod is alive: what a pod owned is gone with its lease. */
  readonly nobody?: () => RosterView | undefined;
  /** Where no pod was alive: looks whether one is now. Whoever asks shall not be told so because of an older look. */
  readonly lookAgain?: () => Promise<void> | undefined;
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

  /** `undefined`: it has never been heard of, or for too long. */
  async look(host: string, withUsers: boolean, late: Promise<void>): Promise<Seen | undefined> {
    const { views, profiles, isOwn, lookAgain } = this.place;
    let reading: Reading | undefined;
    const read = this.attempt(async () => {
      reading = await views.readRoster(host);
    });
    // For a first question about users they would come too late.
    const refreshed = withUsers || !profiles.areKnown(host) ? this.attempt(() => profiles.refresh(host)) : undefined;
    const asked = Promise.all([read, withUsers ? refreshed : undefined, lookAgain?.()]);
    await (isOwn && views.lastKnown(host) === undefined ? asked : Promise.race([asked, late]));
    if (withUsers && !profiles.areKnown(host)) return undefined;
    return this.seen(host, reading);
  }

  /** What is there of the host after a while, without asking anew: no older than what was seen. */
  again(host: string, seen: Seen): Seen {
    const { views, nobody } = this.place;
    const vacant = seen.answeredNow ? nobody?.() : undefined;
    return { ...seen, view: vacant ?? views.current(host) ?? seen.view };
  }

  /** How many pods there are, or were when it was last heard of. */
  async pods(late: Promise<void>): Promise<number | undefined> {
    const counted = this.attempt(async () => {
      this.lastPods = (await this.place.pods.list()).length;
    });
    await Promise.race([counted, late]);
    return this.lastPods;
  }

  private seen(host: string, reading: Reading | undefined): Seen | undefined {
    const { dc, views, staleMaxMs, nobody } = this.place;
    if (reading?.staleMs === 0) {
      const { view, roundTripMs } = reading;
      return { dc, view: nobody?.() ?? view, roundTripMs, answeredNow: true, ageMs: 0 };
    }
    const known = views.lastKnown(host);
    return known === undefined || known.ageMs > staleMaxMs ? undefined : { dc, ...known, answeredNow: false };
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
