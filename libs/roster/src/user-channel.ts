/*
 * The members of one authenticated channel: users, each once, in the order of their first membership that still
 * lasts. The order follows from the rows alone, so every pod lists a channel alike, whenever it began to follow.
 */
import { SegmentedList } from './segmented-list';
import type { Fragments } from './user-fragments';

/** The revisions at which a user's connections joined; a plain number for the usual user with one connection. */
type Joined = number | number[];

const firstOf = (joined: Joined): number => (typeof joined === 'number' ? joined : Math.min(...joined));

/** Where a member stands in the list. */
export interface MemberPlace {
  /** The first revision at which one of the user's connections joined. */
  readonly since: number;
  readonly userId: string;
}

export class UserChannel {
  private readonly members = new Map<string, Joined>();
  /** The members by their first revision: after a loss two may have the same one. */
  private readonly order = new SegmentedList();
  private connectionCount = 0;

  /** Distinct users. */
  get size(): number {
    return this.members.size;
  }

  get connections(): number {
    return this.connectionCount;
  }

  /** Whether the user was not there before. */
  join(userId: string, since: number): boolean {
    const joined = this.members.get(userId);
    this.connectionCount += 1;
    if (joined === undefined) {
      this.members.set(userId, since);
      this.order.add(since, userId);
      return true;
    }
    const all = typeof joined === 'number' ? [joined, since] : [...joined, since];
    this.members.set(userId, all);
    this.moved(userId, firstOf(joined), firstOf(all));
    return false;
  }

  /** Whether it was the user's last connection there. */
  leave(userId: string, since: number): boolean {
    const joined = this.members.get(userId);
    if (joined === undefined) return false;
    this.connectionCount -= 1;
    const rest = typeof joined === 'number' ? [] : joined.toSpliced(joined.indexOf(since), 1);
    const [only] = rest;
    if (only === undefined) {
      this.members.delete(userId);
      this.order.remove(firstOf(joined), userId);
      return true;
    }
    this.members.set(userId, rest.length === 1 ? only : rest);
    this.moved(userId, firstOf(joined), firstOf(rest));
    return false;
  }

  has(userId: string): boolean {
    return this.members.has(userId);
  }

  /** The revisions at which the user's connections joined. */
  revisionsOf(userId: string): readonly number[] {
    const joined = this.members.get(userId) ?? [];
    return typeof joined === 'number' ? [joined] : joined;
  }

  userIds(): Iterable<string> {
    return this.order.names();
  }

  /** The members behind a place, or all of them. Whoever stood there may have left since. */
  *behind(place: MemberPlace | undefined): Iterable<MemberPlace> {
    for (const [since, userId] of this.order.from(place?.since ?? 0, place?.userId)) {
      if (since !== place?.since || userId !== place.userId) yield { since, userId };
    }
  }

  /** Adds the users' fragments, with commas between them, to the parts of an answer. */
  pushJson(parts: Buffer[], fragments: Fragments): void {
    this.order.pushJson(parts, fragments);
  }

  private moved(userId: string, from: number, to: number): void {
    if (from === to) return;
    this.order.remove(from, userId);
    this.order.add(to, userId);
  }
}
