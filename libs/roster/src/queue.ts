/** First in, first out, with a look at any place in between. */
export class Queue<Item> {
  private items: Item[];
  private start = 0;

  /** Most queues have one item: a list that grows from nothing would reserve room for many. */
  constructor(...first: Item[]) {
    this.items = first;
  }

  get length(): number {
    return this.items.length - this.start;
  }

  get last(): Item | undefined {
    return this.length === 0 ? undefined : this.items.at(-1);
  }

  at(index: number): Item | undefined {
    return this.items[this.start + index];
  }

  push(item: Item): void {
    this.items.push(item);
  }

  shift(): Item | undefined {
    if (this.length === 0) return undefined;
    const item = this.items[this.start];
    this.items[this.start] = undefined as Item;
    this.start += 1;
    // Moving all of them up each time would make a long queue slow; now and then it costs next to nothing.
    if (this.start > 32 && this.start * 2 > this.items.length) {
      this.items = this.items.slice(this.start);
      this.start = 0;
    }
    return item;
  }

  /** The index of the first item that is there already, if they come in order: before it none is, behind it all are. */
  indexWhere(isReached: (item: Item) => boolean): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isReached(this.at(middle) as Item)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  *from(index: number): Iterable<Item> {
    for (let at = this.start + index; at < this.items.length; at += 1) yield this.items[at] as Item;
  }
}
