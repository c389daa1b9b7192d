/*
 * One question to the store for many queries: those that arrived before it is sent share it. A query that arrives while
 * it is under way needs the next one, for a write may have been acknowledged in between.
 *
 * Far away one question takes so long that who comes while it is under way would wait for two: with `patience` the next
 * one follows after that, whether or not the one before has been answered.
 */
export class SharedCheck<Answer> {
  private underWay: Promise<unknown> | undefined;
  private next: Promise<Answer> | undefined;

  constructor(
    private readonly send: () => Promise<Answer>,
    private readonly patience?: () => Promise<void>,
  ) {}

  ask(): Promise<Answer> {
    this.next ??= this.sendNext();
    return this.next;
  }

  private async sendNext(): Promise<Answer> {
    const { underWay } = this;
    await (underWay === undefined ? undefined : Promise.race([underWay, this.patience?.() ?? underWay]));
    this.next = undefined;
    const answer = this.send();
    // The next one only waits for this one's end, whatever it is.
    const ended = (): void => {
      if (this.underWay === settled) this.underWay = undefined;
    };
    const settled = answer.then(ended, ended);
    this.underWay = settled;
    return answer;
  }
}
