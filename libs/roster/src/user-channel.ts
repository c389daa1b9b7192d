/*
 * The members of one authenticated channel: users, each once, in the order of their first membership that still
 * lasts. The order follows from the rows alone, so every pod lists a channel alike, whenever it began to follow.
 */

/** The revisions at which a user's connections joined; a plain number for the usual user with one connection. */
type Joined = number | number[];

const firstOf = (joined: Joined): number => (typeof joined === 'number' ? joined : Math.min(...joined));

export class UserChannel {
  private members = new Map<string, Joined>();
  private inOrder = true;
  private latest = -1;
  private connectionCount = 0;
  private json: string | undefined;

  /** Distinct users. */
  get size(): number {
    return this.members.size;
  }

  get connections(): number {
    return this.connectionCount;
  }

  join(userId: string, since: number): void {
    const joined = this.members.get(userId);
    this.connectionCount += 1;
    if (joined === undefined) {
      if (since > this.latest) this.latest = since;
      else this.inOrder = false;
      this.members.set(userId, since);
      this.json = undefined;
      return;
    }
    const all = typeof joined === 'number' ? [joined, since] : [...joined, since];
    this.members.set(userId, all);
    if (since < firstOf(joined)) this.outOfOrder();
  }

  leave(userId: string, since: number): void {
    const joined = this.members.get(userId);
    if (joined === undefined) return;
    this.connectionCount -= 1;
    const rest = typeof joined === 'number' ? [] : joined.toSpliced(joined.indexOf(since), 1);
    const [only] = rest;
    if (only === undefined) {
      this.members.delete(userId);
      this.json = undefined;
      return;
    }
    this.members.set(userId, rest.length === 1 ? only : rest);
    if (firstOf(joined) === since) this.outOfOrder();
  }

  has(userId: string): boolean {
    return this.members.has(userId);
  }

  userIds(): Iterable<string> {
    this.sort();
    return this.members.keys();
  }

  /** The channel as a JSON array of the users' fragments; kept until a member changes. */
  toJson(fragmentOf: (userId: string) => string): string {
    if (this.json === undefined) {
      const fragments: string[] = [];
      for (const userId of this.userIds()) fragments.push(fragmentOf(userId));
      this.json = `[${fragments.join(',')}]`;
    }
    return this.json;
  }

  /** A member's fragment is no longer what it was. */
  fragmentChanged(): void {
    this.json = undefined;
  }

  private outOfOrder(): void {
    this.inOrder = false;
    this.json = undefined;
  }

  private sort(): void {
    if (this.inOrder) return;
    this.members = new Map(
      // Two may have the same revision after a loss; any order will do that every pod finds.
      [...this.members].sort(([u, a], [v, b]) => firstOf(a) - firstOf(b) || (u < v ? -1 : 1)),
    );
    this.inOrder = true;
    this.latest = -1;
    for (const joined of this.members.values()) this.latest = firstOf(joined);
  }
}
