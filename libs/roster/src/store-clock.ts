import type { Timing } from './timing';

/**
 * What the store's clock shows by now, as far as this pod can tell without asking. It never goes backwards; when nothing
 * has been heard of the store for longer than `silentMs`, it stands still: what others write meanwhile cannot be seen,
 * so nothing may take effect by the mere passing of time.
 */
export class StoreClock {
  private toldMs = 0;
  private toldAt = 0;
  private shownMs = 0;

  constructor(
    private readonly timing: Timing,
    private readonly silentMs: number,
  ) {}

  /** It is at least so late there: the time of something that was written before. */
  passed(storeMs: number): void {
    const now = this.timing.now();
    this.toldMs = Math.max(storeMs, this.toldMs + Math.min(now - this.toldAt, this.silentMs));
    this.toldAt = now;
  }

  /** It is so late there: the two clocks may not drift apart. */
  told(storeMs: number): void {
    this.toldMs = storeMs;
    this.toldAt = this.timing.now();
  }

  get nowMs(): number {
    const passedMs = Math.min(this.timing.now() - this.toldAt, this.silentMs);
    this.shownMs = Math.max(this.shownMs, Math.floor(this.toldMs + passedMs));
    return this.shownMs;
  }
}
