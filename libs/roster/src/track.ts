import { Queue } from './queue';

/** Something that happened with an entry of the log. */
export interface Step {
  readonly revision: number;
}

/** The steps of one sort, by what they are about. */
export class Track<Kind extends Step> {
  private readonly lists = new Map<string, Queue<Kind>>();

  add(key: string, step: Kind): void {
    const list = this.lists.get(key);
    if (list === undefined) this.lists.set(key, new Queue(step));
    else list.push(step);
  }

  dropFirst(key: string): Kind | undefined {
    const list = this.lists.get(key);
    const step = list?.shift();
    if (list?.length === 0) this.lists.delete(key);
    return step;
  }

  last(key: string): Kind | undefined {
    return this.lists.get(key)?.last;
  }

  /** The first step after a revision. */
  firstAfter(key: string, revision: number): Kind | undefined {
    const list = this.lists.get(key);
    return list?.at(list.indexWhere((step) => step.revision > revision));
  }

  /** The steps from the first one on for which `isReached`; later ones are reached, too. */
  from(key: string, isReached: (step: Kind) => boolean): Iterable<Kind> {
    const list = this.lists.get(key);
    return list === undefined ? [] : list.from(list.indexWhere(isReached));
  }

  /** How many there are of them. */
  countFrom(key: string, isReached: (step: Kind) => boolean): number {
    const list = this.lists.get(key);
    return list === undefined ? 0 : list.length - list.indexWhere(isReached);
  }
}
