/*
 * Watchers, grouped by what they have been shown: nearly always one group, to which one event goes that is made once.
 * Newcomers stand apart until the next tick has brought them up to date, and those who are late until they take more.
 *
 * What a tick costs: each group's news is worked out, and that of the late ones only if somebody of them can be told. So
 * nobody costs anything by not reading, and all of them, when they read again, no more than `LATE_MAX` differences and
 * one picture of everything.
 */
import type { Moment, Position, RosterView } from '@rollcall/roster';

/** Fewer: who reads slowly is told everything more often. More: each costs a difference when it reads again. */
export const LATE_MAX = 8;

/** What a watcher has been shown; `undefined`: nothing that could be built upon. */
export interface Shown {
  readonly view: RosterView;
  readonly position: Position;
}

/** What there is to tell those who have been shown the same. */
export interface News<Watcher> {
  /** Whether a watcher is to be told at all. Who is not keeps up without being asked for anything. */
  concerns(watcher: Watcher): boolean;
  tell(watchers: readonly Watcher[]): void;
}

/** One tick of an audience. */
export interface Telling<Watcher> {
  /** Whether a watcher can be told something at this tick, however often that is asked. */
  takesMore(watcher: Watcher): boolean;
  /** What is new to these watchers, who have been shown this; `undefined`: nothing. */
  news(shown: Shown | undefined, watchers: ReadonlySet<Watcher>): News<Watcher> | undefined;
}

interface Group<Watcher> {
  readonly shown: Shown | undefined;
  readonly watchers: Set<Watcher>;
  /** They could not be told something: no news is made for them before one of them takes more. */
  readonly isLate: boolean;
}

export const shownAt = ({ view, atMs }: Moment): Shown => ({
  view,
  position: { revision: view.head.revision, atMs },
});

export class Audience<Watcher> {
  /** By their watchers: nobody looks at all groups for the sake of one watcher, for clients can make many groups. */
  private groups = new Map<Set<Watcher>, Group<Watcher>>();
  private readonly places = new Map<Watcher, Set<Watcher>>();

  get isEmpty(): boolean {
    return this.places.size === 0;
  }

  /** Takes a watcher up who has been shown this just now. */
  add(watcher: Watcher, shown: Shown | undefined): void {
    this.remove(watcher);
    const watchers = new Set([watcher]);
    this.places.set(watcher, watchers);
    this.groups.set(watchers, { shown, watchers, isLate: false });
  }

  remove(watcher: Watcher): void {
    const watchers = this.places.get(watcher);
    this.places.delete(watcher);
    watchers?.delete(watcher);
    if (watchers?.size === 0) this.groups.delete(watchers);
  }

  shownTo(watcher: Watcher): Shown | undefined {
    const watchers = this.places.get(watcher);
    return watchers && this.groups.get(watchers)?.shown;
  }

  /** Nobody has been shown anything that still counts. */
  forget(): void {
    if (this.isEmpty) return;
    this.regroup([{ shown: undefined, watchers: this.together([...this.groups.values()]), isLate: false }]);
  }

  /** Brings everybody to a moment who can be told, and who need not be told. Whether there is somebody left. */
  bring(moment: Moment, telling: Telling<Watcher>): boolean {
    const told: Group<Watcher>[] = [];
    const ahead: Group<Watcher>[] = [];
    const late: Group<Watcher>[] = [];
    let failure: { readonly error: unknown } | undefined;
    for (const group of this.groups.values()) {
      // Shown by another pod, whose guess of the time is ahead.
      if (group.shown !== undefined && group.shown.position.atMs > moment.atMs) {
        ahead.push(group);
        continue;
      }
      try {
        const { reached, left } = this.tell(group, telling);
        if (reached.size > 0) told.push({ ...group, watchers: reached });
        if (left.size > 0) late.push({ shown: kept(group.shown, moment), watchers: left, isLate: true });
      } catch (error) {
        // Whom it has reached nobody knows: they are told everything, and the others go on.
        failure = { error };
        late.push({ shown: undefined, watchers: group.watchers, isLate: true });
      }
    }
    const left = [...ahead, ...this.few(late)];
    const upToDate = { shown: shownAt(moment), isLate: false };
    this.regroup(told.length > 0 ? [{ ...upToDate, watchers: this.together(told) }, ...left] : left);
    if (failure !== undefined) throw failure.error;
    return left.length > 0;
  }

  private regroup(groups: readonly Group<Watcher>[]): void {
    this.groups = new Map(groups.map((group) => [group.watchers, group]));
  }

  /** Tells a group its news. Whom that has brought up to date, and who is left. */
  private tell(
    { shown, watchers, isLate }: Group<Watcher>,
    telling: Telling<Watcher>,
  ): { readonly reached: Set<Watcher>; readonly left: Set<Watcher> } {
    const reached = new Set<Watcher>();
    if (isLate) for (const watcher of watchers) if (telling.takesMore(watcher)) reached.add(watcher);
    if (isLate && reached.size === 0) return { reached, left: watchers };
    const candidates = isLate ? reached : watchers;
    const news = telling.news(shown, candidates);
    const ready: Watcher[] = [];
    const left = new Set<Watcher>();
    for (const watcher of news === undefined ? [] : candidates) {
      if (news?.concerns(watcher) !== true) continue;
      if (isLate || telling.takesMore(watcher)) ready.push(watcher);
      else left.add(watcher);
    }
    if (ready.length > 0) news?.tell(ready);
    // Nothing of the group is touched before it is told: an error leaves it whole.
    const apart = isLate ? reached : left;
    for (const watcher of apart) {
      watchers.delete(watcher);
      this.places.set(watcher, apart);
    }
    return isLate ? { reached, left: watchers } : { reached: watchers, left };
  }

  /** Those who are late in few groups: from the oldest positions nobody goes on, they are told everything anew. */
  private few(late: readonly Group<Watcher>[]): Group<Watcher>[] {
    const placed = late.filter(({ shown }) => shown !== undefined).sort((a, b) => newestFirst(a.shown, b.shown));
    const anew = [...late.filter(({ shown }) => shown === undefined), ...placed.slice(LATE_MAX)];
    if (anew.length === 0) return placed;
    return [...placed.slice(0, LATE_MAX), { shown: undefined, watchers: this.together(anew), isLate: true }];
  }

  /** All watchers of some groups, in the set of the first one: it is the largest as a rule. */
  private together([first, ...others]: readonly Group<Watcher>[]): Set<Watcher> {
    const all = first?.watchers ?? new Set<Watcher>();
    for (const { watchers } of others) {
      for (const watcher of watchers) {
        all.add(watcher);
        this.places.set(watcher, all);
      }
    }
    return all;
  }
}

function newestFirst(a: Shown | undefined, b: Shown | undefined): number {
  if (a === undefined || b === undefined) return 0;
  return b.position.revision - a.position.revision || b.position.atMs - a.position.atMs;
}

/** A picture that was replaced is not kept for the sake of those who are slow: they will be shown everything anew. */
function kept(shown: Shown | undefined, { view }: Moment): Shown | undefined {
  return shown?.view === view ? shown : undefined;
}
