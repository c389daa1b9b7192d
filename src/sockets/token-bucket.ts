/**
 * Lets `burst` through at once and `perSecond` in the long run. What costs more than there is passes if there is anything,
 * and has to be earned before the next, but for what is more than another burst. Time is an argument; two numbers are all
 * its state.
 */
export class TokenBucket {
  private tokens: number;
  private lastMs: number | undefined;

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
  ) {
    this.tokens = burst;
  }

  take(nowMs: number, cost = 1): boolean {
    this.fill(nowMs);
    if (this.tokens < 1) return false;
    this.tokens = Math.max(-this.burst, this.tokens - cost);
    return true;
  }

  isFull(nowMs: number): boolean {
    this.fill(nowMs);
    return this.tokens >= this.burst;
  }

  private fill(nowMs: number): void {
    const passedMs = Math.max(0, nowMs - (this.lastMs ?? nowMs));
    this.lastMs = nowMs;
    this.tokens = Math.min(this.burst, this.tokens + (passedMs * this.perSecond) / 1000);
  }
}
