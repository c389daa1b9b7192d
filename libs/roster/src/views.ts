/*
 * The views that this pod keeps, one a host, opened by the first question about it and dropped when nobody has asked
 * for two rounds of `dropIdle`. A reader always gets a view that has everything acknowledged before it asked.
 */
import { AppError } from '@rollcall/contract';
import type { Profiles } from './profile';
import type { Head, LogEntry, RosterStore } from './roster.store';
import { RosterView } from './roster-view';

/** A view, and the store's time at which its answer is true. */
export interface Reading {
  readonly view: RosterView;
  readonly atMs: number;
}

/** More than this many, and those of hosts without a connection go first: clients can make up hosts. */
const VIEWS_MAX = 1000;

/** A view that is still behind after so many loads will not catch up: better an error than an endless wait. */
const LOADS_MAX = 5;

interface Followed {
  readonly view: RosterView;
  readonly stop: () => void;
  /** An entry did not follow on the last one. */
  broken: boolean;
  asked: boolean;
}

export class Views {
  private readonly opening = new Map<string, Promise<Followed>>();
  private readonly followed = new Map<string, Followed>();

  constructor(
    private readonly store: RosterStore,
    private readonly profilesOf: (host: string) => Profiles,
  ) {}

  /** The host's view, as fresh as the last acknowledged write. */
  async read(host: string): Promise<Reading> {
    for (let loads = 0; loads < LOADS_MAX; loads += 1) {
      const followed = this.followed.get(host) ?? (await this.open(host));
      followed.asked = true;
      const head = await this.store.head(host);
      const { view } = followed;
      if (!followed.broken && hasReached(view.head, head)) return { view, atMs: Math.max(head.atMs, view.head.atMs) };
      this.drop(host, followed);
    }
    throw new AppError('UNAVAILABLE');
  }

  /** The directory's word on a user has changed, on the hosts that `concerns` says. */
  profileChanged(userId: string, concerns: (host: string) => boolean): void {
    for (const [host, { view }] of this.followed) if (concerns(host)) view.profileChanged(userId);
  }

  /** Drops the views that nobody has asked for since the last round. */
  dropIdle(): void {
    for (const [host, followed] of this.followed) {
      if (!followed.asked) this.drop(host, followed);
      followed.asked = false;
    }
  }

  private open(host: string): Promise<Followed> {
    const opening =
      this.opening.get(host) ??
      this.load(host).finally(() => {
        this.opening.delete(host);
      });
    this.opening.set(host, opening);
    return opening;
  }

  private async load(host: string): Promise<Followed> {
    const view = new RosterView(this.profilesOf(host));
    let waiting: LogEntry[] | undefined = [];
    // Listening comes first: an entry between the snapshot and the first one heard would be lost for ever.
    const stop = await this.store.follow(host, (entry) => {
      if (waiting !== undefined) waiting.push(entry);
      else if (!view.apply(entry)) followed.broken = true;
    });
    try {
      view.load(await this.store.snapshot(host));
    } catch (error) {
      stop();
      throw error;
    }
    const followed: Followed = { view, stop, broken: waiting.some((entry) => !view.apply(entry)), asked: true };
    waiting = undefined;
    if (this.followed.size >= VIEWS_MAX) this.dropVacant();
    this.followed.set(host, followed);
    return followed;
  }

  private dropVacant(): void {
    for (const [host, followed] of this.followed) if (followed.view.isVacant) this.drop(host, followed);
  }

  private drop(host: string, followed: Followed): void {
    followed.stop();
    if (this.followed.get(host) === followed) this.followed.delete(host);
  }
}

/** A view may be further than the head that was asked for: it went on while the question was under way. */
const hasReached = (view: Head, head: Head): boolean =>
  view.epoch === head.epoch &&
  (view.revision > head.revision || (view.revision === head.revision && view.tag === head.tag));
