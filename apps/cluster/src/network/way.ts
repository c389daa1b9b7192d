/** How lines are at the moment. Who owns it changes it, and then has the lines look again. */
export interface Weather {
  delayMs: number;
  stalled: boolean;
}

/** One direction of a line: what comes in comes out in the same order, and so much later as the weather asks. */
export class Way<Content> {
  private readonly underway: { readonly content: Content; readonly dueAtMs: number }[] = [];
  private lastDueAtMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private over = false;

  constructor(
    private readonly weather: Readonly<Weather>,
    private readonly deliver: (content: Content) => void,
  ) {}

  send(content: Content): void {
    if (this.over) return;
    // What was sent before a delay became shorter is not overtaken.
    this.lastDueAtMs = Math.max(this.lastDueAtMs, performance.now() + this.weather.delayMs);
    this.underway.push({ content, dueAtMs: this.lastDueAtMs });
    if (this.underway.length === 1) this.look();
  }

  /** Delivers what is due, unless nothing may pass. */
  look(): void {
    clearTimeout(this.timer);
    if (this.weather.stalled) return;
    for (let first = this.underway[0]; first !== undefined; first = this.underway[0]) {
      const restMs = first.dueAtMs - performance.now();
      if (restMs > 0) {
        this.timer = setTimeout(() => this.look(), Math.ceil(restMs));
        return;
      }
      this.underway.shift();
      this.deliver(first.content);
    }
  }

  /** What is under way arrives nowhere, nor does what comes yet. */
  end(): void {
    this.over = true;
    clearTimeout(this.timer);
    this.underway.length = 0;
  }
}
