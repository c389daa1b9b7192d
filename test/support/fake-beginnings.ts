/*
 * Watches that have been asked for and wait for the store, as they do in the real service: what else a connection asks is
 * done meanwhile, and whatever it ends does not begin.
 */
export class FakeBeginnings {
  /** How often each thing was ended, by connection and thing. */
  private readonly ends = new Map<string, number>();
  private waiting: (() => void)[] | undefined;

  hold(): void {
    this.waiting ??= [];
  }

  letGo(): void {
    const waiting = this.waiting ?? [];
    this.waiting = undefined;
    for (const begin of waiting) begin();
  }

  /** Does it now or later. `begin` hears whether it was ended meanwhile. */
  when(thing: string, begin: (isEnded: boolean) => void): void {
    const ends = this.ends.get(thing);
    const work = (): void => begin(this.ends.get(thing) !== ends);
    if (this.waiting === undefined) work();
    else this.waiting.push(work);
  }

  end(thing: string): void {
    this.ends.set(thing, (this.ends.get(thing) ?? 0) + 1);
  }
}
