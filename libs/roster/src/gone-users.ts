/* Users without a connection, in the order in which the last happened to them: who is first is forgotten first. */

interface Gone {
  readonly userId: string;
  readonly stampMs: number;
}

const isBefore = (a: Gone, b: Gone): boolean =>
  a.stampMs < b.stampMs || (a.stampMs === b.stampMs && a.userId < b.userId);

export class GoneUsers {
  /** In order, so that both ends of a wait of 15 minutes are cheap: they come at the end and go at the beginning. */
  private readonly inOrder: Gone[] = [];
  private readonly stamps = new Map<string, number>();

  set(userId: string, stampMs: number): void {
    this.delete(userId);
    const gone = { userId, stampMs };
    this.stamps.set(userId, stampMs);
    this.inOrder.splice(this.placeOf(gone), 0, gone);
  }

  delete(userId: string): void {
    const stampMs = this.stamps.get(userId);
    if (stampMs === undefined) return;
    this.stamps.delete(userId);
    this.inOrder.splice(this.placeOf({ userId, stampMs }), 1);
  }

  get size(): number {
    return this.inOrder.length;
  }

  stampOf(userId: string): number | undefined {
    return this.stamps.get(userId);
  }

  get lastStampMs(): number | undefined {
    return this.inOrder.at(-1)?.stampMs;
  }

  /** Takes out those to whom the last happened before a time, the first ones first. */
  takeBefore(stampMs: number, max: number): string[] {
    let count = 0;
    while (count < max && (this.inOrder[count]?.stampMs ?? Infinity) < stampMs) count += 1;
    return this.takeFirst(count);
  }

  /** Takes out so many, the first ones first. */
  takeFirst(count: number): string[] {
    const taken = this.inOrder.splice(0, Math.max(0, count)).map(({ userId }) => userId);
    for (const userId of taken) this.stamps.delete(userId);
    return taken;
  }

  private placeOf(gone: Gone): number {
    let low = 0;
    let high = this.inOrder.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.inOrder[middle] as Gone, gone)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
