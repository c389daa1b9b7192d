/*
 * Watchers, grouped by what they have been shown: nearly always one group, to which one event goes that is made once.
 * Newcomers stand apart until the next tick has brought them up to date, those who are late until they take more, and those
 * to whom another pod has shown a later moment until then.
 *
 * What a tick costs: each group's news is worked out, and that of the late ones only if somebody of them can be told. So
 * nobody costs anything by not reading, and all of them, when they read again, no more than `LATE_MAX` differences. Those
 * who were ahead cost `AHEAD_MAX` more. Everything is made once, for all who need it.
 */
import type { Moment, Position, RosterView } from '@rollcall/roster';

/** Fewer: who reads slowly is told everything more often. More: each costs a difference when it reads again. */
export const LATE_MAX = 8;

/** The same for those who are ahead: pods' guesses of the time are milliseconds apart, but clients can change their cursors. */
export const AHEAD_MAX = 8;

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
  /** They have been shown something up to this moment, and are told of none that was before it. */
  readonly shownMs: number;
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
    this.groups.set(watchers, { shown, shownMs: shown?.position.atMs ?? 0, watchers, isLate: false });
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

  /** Up to when: it is known longer than what was shown. */
  shownMsTo(watcher: Watcher): number {
    const watchers = this.places.get(watcher);
    return (watchers && this.groups.get(watchers)?.shownMs) ?? 0;
  }

  /** Nobody has been shown anything that still counts. */
  forget(): void {
    if (this.isEmpty) return;
    this.regroup([{ shown: undefined, shownMs: 0, watchers: this.together([...this.groups.values()]), isLate: false }]);
  }

  /** Brings everybody to a moment who can be told, and who need not be told. Whether there is somebody left. */
  bring(moment: Moment, telling: Telling<Watcher>): boolean {
    const told: Group<Watcher>[] = [];
    const late: Group<Watcher>[] = [];
    const { due, ahead } = this.sorted(moment);
    let failure: { readonly error: unknown } | undefined;
    for (const group of due) {
      try {
        const { reached, left } = this.tell(group, telling);
        if (reached.size > 0) told.push({ ...group, watchers: reached });
        if (left.size > 0) late.push({ ...group, shown: kept(group.shown, moment), watchers: left, isLate: true });
      } catch (error) {
        // Whom it has reached nobody knows: they are told everything, and the others go on.
        failure = { error };
        late.push({ ...group, shown: undefined, isLate: true });
      }
    }
    const left = [...few(ahead, AHEAD_MAX, soonestFirst), ...few(late, LATE_MAX, newestFirst)];
    const upToDate = { shown: shownAt(moment), shownMs: moment.atMs, isLate: false };
    this.regroup(told.length > 0 ? [{ ...upToDate, watchers: this.together(told) }, ...left] : left);
    if (failure !== undefined) throw failure.error;
    return left.length > 0;
  }

  /**
   * Whom to tell, and who has been shown a later moment. All who need everything are told it together; of those who are ahead
   * all of one second, so that who is far ahead keeps nobody waiting for long who is not.
   */
  private sorted({ atMs }: Moment): Record<'due' | 'ahead', Group<Watcher>[]> {
    const sorted: Record<'due' | 'ahead', Group<Watcher>[]> = { due: [], ahead: [] };
    const anew = new Map<number, Group<Watcher>[]>();
    for (const group of this.groups.values()) {
      const { shown, shownMs } = group;
      const isAhead = shownMs > atMs;
      if (shown?.view.history.covers(shown.position) === true) {
        sorted[isAhead ? 'ahead' : 'due'].push(group);
        continue;
      }
      const second = isAhead ? Math.floor(shownMs / 1000) : -1;
      const same = anew.get(second);
      if (same === undefined) anew.set(second, [group]);
      else same.push(group);
    }
    for (const groups of anew.values()) {
      const shownMs = groups.reduce((latestMs, group) => Math.max(latestMs, group.shownMs), 0);
      const all = { shown: undefined, shownMs, watchers: this.together(groups), isLate: true };
      sorted[shownMs > atMs ? 'ahead' : 'due'].push(all);
    }
    return sorted;
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

/** So few go on from where they are, the first ones by an order; the others are told everything anew. */
function few<Watcher>(
  groups: readonly Group<Watcher>[],
  most: number,
  order: (a: Group<Watcher>, b: Group<Watcher>) => number,
): Group<Watcher>[] {
  const placed = groups.filter(({ shown }) => shown !== undefined).sort(order);
  const anew = placed.slice(most).map((group) => ({ ...group, shown: undefined }));
  return [...groups.filter(({ shown }) => shown === undefined), ...anew, ...placed.slice(0, most)];
}

const soonestFirst = <Watcher>(a: Group<Watcher>, b: Group<Watcher>): number => a.shownMs - b.shownMs;

function newestFirst<Watcher>({ shown: a }: Group<Watcher>, { shown: b }: Group<Watcher>): number {
  if (a === undefined || b === undefined) return 0;
  return b.position.revision - a.position.revision || b.position.atMs - a.position.atMs;
}

/** A picture that was replaced is not kept for the sake of those who are slow: they will be shown everything anew. */
function kept(shown: Shown | undefined, { view }: Moment): Shown | undefined {
  return shown?.view === view ? shown : undefined;
}
