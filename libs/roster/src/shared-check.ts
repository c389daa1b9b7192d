/*
 * One question to the store for many queries: those that arrived before it is sent share it. A query that arrives while
 * it is under way needs the next one, for a write may have been acknowledged in between.
 */
export class SharedCheck<Answer> {
  private underWay: Promise<unknown> | undefined;
  private next: Promise<Answer> | undefined;

  constructor(private readonly send: () => Promise<Answer>) {}

  ask(): Promise<Answer> {
    this.next ??= this.sendNext();
    return this.next;
  }

  private async sendNext(): Promise<Answer> {
    await this.underWay;
    this.next = undefined;
    const answer = this.send();
    // The next one only waits for this one's end, whatever it is.
    this.underWay = answer.then(
      () => undefined,
      () => undefined,
    );
    return answer;
  }
}
