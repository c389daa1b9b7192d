/*
 * How many distinct users a host has over several data centres, as it was last counted: so many who ask at a time cost
 * little more than one. Written by whoever counts; true as long as all views stay where they were. Goes with the first view.
 */
import type { RosterView } from '@rollcall/roster';
import { countDistinct } from './distinct-users';

interface Counted {
  /** Those that are dropped meanwhile are not kept for this. */
  readonly places: readonly { readonly view: WeakRef<RosterView>; readonly revision: number }[];
  readonly count: number;
}

export class DistinctCounts {
  private readonly counted = new WeakMap<RosterView, Counted>();

  /** Without going through anybody; `undefined`: that takes a count. */
  known(all: readonly RosterView[]): number | undefined {
    const views = inhabited(all);
    const [first] = views;
    if (first === undefined || views.length === 1) return first?.totals.users ?? 0;
    const { places, count } = this.counted.get(first) ?? {};
    if (places?.length !== views.length) return undefined;
    const isSame = places.every(({ view, revision }, at) => {
      const now = views[at];
      return now !== undefined && view.deref() === now && now.head.revision === revision;
    });
    return isSame ? count : undefined;
  }

  async count(all: readonly RosterView[], breathe: () => Promise<void>): Promise<number> {
    const known = this.known(all);
    if (known !== undefined) return known;
    const views = inhabited(all);
    const places = views.map((view) => ({ view: new WeakRef(view), revision: view.head.revision }));
    const count = await countDistinct(views, breathe);
    const [first] = views;
    if (first !== undefined) this.counted.set(first, { places, count });
    return count;
  }
}

/** A view where nobody is adds nobody; the picture of a data centre without pods is no place in a log, either. */
const inhabited = (views: readonly RosterView[]): RosterView[] => views.filter(({ totals }) => totals.users > 0);
