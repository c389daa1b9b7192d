/*
 * Watchers, grouped by what they have been shown: nearly always one group, to which one event goes that is made once.
 * Newcomers, and those who could not take the last events, stand apart until the next tick has brought them up to date.
 */
import type { Moment, Position, RosterView } from '@rollcall/roster';

/** What a watcher has been shown; `undefined`: nothing that could be built upon. */
export interface Shown {
  readonly view: RosterView;
  readonly position: Position;
}

interface Group<Watcher> {
  shown: Shown | undefined;
  watchers: Set<Watcher>;
}

export const shownAt = ({ view, atMs }: Moment): Shown => ({
  view,
  position: { revision: view.head.revision, atMs },
});

export class Audience<Watcher> {
  private groups: Group<Watcher>[] = [];

  get isEmpty(): boolean {
    return this.groups.length === 0;
  }

  /** Takes a watcher up who has been shown this just now. */
  add(watcher: Watcher, shown: Shown | undefined): void {
    this.remove(watcher);
    this.groups.push({ shown, watchers: new Set([watcher]) });
  }

  remove(watcher: Watcher): void {
    for (const group of this.groups) group.watchers.delete(watcher);
    this.groups = this.groups.filter(({ watchers }) => watchers.size > 0);
  }

  shownTo(watcher: Watcher): Shown | undefined {
    return this.groups.find(({ watchers }) => watchers.has(watcher))?.shown;
  }

  /** Nobody has been shown anything that still counts. */
  forget(): void {
    for (const group of this.groups) group.shown = undefined;
  }

  /**
   * Brings everybody to a moment: `tell` sends a group what has changed for it, if anything, and answers whom it could not
   * be sent. Whether there is somebody left.
   */
  bring(
    moment: Moment,
    tell: (shown: Shown | undefined, watchers: ReadonlySet<Watcher>) => readonly Watcher[],
  ): boolean {
    const told: Group<Watcher> = { shown: shownAt(moment), watchers: new Set() };
    const left: Group<Watcher>[] = [];
    let failure: { readonly error: unknown } | undefined;
    for (const group of this.groups) {
      const { shown, watchers } = group;
      // Shown by another pod, whose guess of the time is ahead.
      if (shown !== undefined && shown.position.atMs > moment.atMs) {
        left.push(group);
        continue;
      }
      let late: readonly Watcher[];
      try {
        late = tell(shown, watchers);
      } catch (error) {
        // Whom it has reached nobody knows: they are told everything, and the others go on.
        failure = { error };
        left.push({ shown: undefined, watchers });
        continue;
      }
      for (const watcher of late) watchers.delete(watcher);
      if (late.length > 0) left.push({ shown: kept(shown, moment), watchers: new Set(late) });
      if (told.watchers.size === 0) told.watchers = watchers;
      else for (const watcher of watchers) told.watchers.add(watcher);
    }
    this.groups = told.watchers.size > 0 ? [told, ...left] : left;
    if (failure !== undefined) throw failure.error;
    return left.length > 0;
  }
}

/** A picture that was replaced is not kept for the sake of those who are slow: they will be shown everything anew. */
function kept(shown: Shown | undefined, { view }: Moment): Shown | undefined {
  return shown?.view === view ? shown : undefined;
}
