/*
 * The views that this pod keeps, one a host, opened by the first question about it and dropped when nobody has asked
 * for two rounds of `dropIdle`.
 */
import { AppError } from '@rollcall/contract';
import { FollowedView, type FollowedViewOptions, type LastKnown, type Reading } from './followed-view';
import type { Profiles } from './profile';
import type { Head } from './roster.store';
import type { RosterView } from './roster-view';

/** More than this many, and those of hosts without a connection go first: clients can make up hosts. */
const VIEWS_MAX = 1000;

export interface ViewsOptions extends Omit<FollowedViewOptions, 'host' | 'profiles' | 'onChange'> {
  readonly profilesOf: (host: string) => Profiles;
  /** Brings up to date what answers about the host need besides its roster. While the store is away that may fail. */
  readonly beforeAnswer?: (host: string) => Promise<void>;
}

interface Kept {
  readonly followed: FollowedView;
  asked: boolean;
  readonly listeners: Set<() => void>;
}

/** A host's picture, and the moment that watchers are shown of it. */
export interface Moment {
  readonly view: RosterView;
  readonly atMs: number;
}

export class Views {
  private readonly kept = new Map<string, Kept>();

  constructor(private readonly options: ViewsOptions) {}

  /** The host's view, as fresh as the last acknowledged write. @throws AppError UNAVAILABLE */
  async read(host: string): Promise<Reading> {
    const [reading] = await Promise.all([this.readRoster(host), this.options.beforeAnswer?.(host)]);
    return reading;
  }

  /** The same, at a moment that no later presence stamp undercuts. @throws AppError UNAVAILABLE */
  async readPresence(host: string): Promise<Reading> {
    const [reading] = await Promise.all([this.of(host).read(true), this.options.beforeAnswer?.(host)]);
    return reading;
  }

  /** As `read`, for an answer that shows nobody's profile. @throws AppError UNAVAILABLE */
  readRoster(host: string): Promise<Reading> {
    return this.of(host).read(false);
  }

  /** The picture as it is, without asking the store; `undefined` if there is none. */
  current(host: string): RosterView | undefined {
    return this.kept.get(host)?.followed.current;
  }

  /** The same, with its age. */
  lastKnown(host: string): LastKnown | undefined {
    return this.kept.get(host)?.followed.lastKnown;
  }

  /**
   * For what answers an act that has been done, from one of the ways to read: fresh if that can be had, else the last
   * picture, however old it is; `undefined` if there never was one.
   */
  async latest(
    host: string,
    read: 'read' | 'readRoster' | 'readPresence',
  ): Promise<{ view: RosterView; atMs: number } | undefined> {
    try {
      return await this[read](host);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const view = this.current(host);
      return view === undefined ? undefined : { view, atMs: view.head.atMs };
    }
  }

  /** What watchers are shown now; `undefined`: there is no picture. */
  moment(host: string): Moment | undefined {
    const { current, nowMs } = this.kept.get(host)?.followed ?? {};
    return current === undefined || nowMs === undefined ? undefined : { view: current, atMs: nowMs };
  }

  /** Keeps a host's view, and tells of each change of it, until told to stop. */
  follow(host: string, listener: () => void): () => void {
    const { listeners } = this.keptFor(host);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  hint(host: string, head: Head): void {
    this.kept.get(host)?.followed.hint(head);
  }

  /** With each beat: views of hosts on which this pod has nobody hear nothing else of the store. */
  keepUp(): void {
    for (const { followed } of this.kept.values()) followed.keepUp();
  }

  /** The directory's word on a user has changed, on the hosts that `concerns` says. */
  profileChanged(userId: string, concerns: (host: string) => boolean): void {
    for (const [host, { followed }] of this.kept) if (concerns(host)) followed.current?.profileChanged(userId);
  }

  /** The same for everybody on these hosts. */
  allProfilesChanged(concerns: (host: string) => boolean): void {
    for (const [host, { followed }] of this.kept) if (concerns(host)) followed.current?.allProfilesChanged();
  }

  /** How many changes the view furthest behind had yet to see when the store last told where it was. */
  get lag(): number {
    return Math.max(0, ...[...this.kept.values()].map(({ followed }) => followed.lag));
  }

  /** Drops all views: the pod ends. */
  close(): void {
    for (const [host, kept] of this.kept) this.drop(host, kept);
  }

  /** Drops the views that nobody has asked for since the last round. */
  dropIdle(): void {
    for (const [host, kept] of this.kept) {
      if (!kept.asked && kept.listeners.size === 0) this.drop(host, kept);
      kept.asked = false;
    }
  }

  private of(host: string): FollowedView {
    return this.keptFor(host).followed;
  }

  private keptFor(host: string): Kept {
    let kept = this.kept.get(host);
    if (kept === undefined) {
      if (this.kept.size >= VIEWS_MAX) this.dropVacant();
      const { profilesOf } = this.options;
      const listeners = new Set<() => void>();
      const onChange = (): void => {
        for (const changed of listeners) changed();
      };
      kept = {
        followed: new FollowedView({ ...this.options, host, profiles: profilesOf(host), onChange }),
        asked: true,
        listeners,
      };
      this.kept.set(host, kept);
    }
    kept.asked = true;
    return kept;
  }

  private dropVacant(): void {
    for (const [host, kept] of this.kept) {
      const { current, isOpening } = kept.followed;
      if (kept.listeners.size > 0) continue;
      if (!isOpening && current?.isVacant !== false) this.drop(host, kept);
    }
  }

  private drop(host: string, { followed }: Kept): void {
    followed.close();
    this.kept.delete(host);
  }
}
