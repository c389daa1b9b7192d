/**
 * Lets `burst` through at once and `perSecond` in the long run. What costs more than there is passes if there is anything,
 * and has to be earned before the next, but for what is more than `debtMax`. Time is an argument; two numbers are all its
 * state.
 */
export class TokenBucket {
  private tokens: number;
  private lastMs: number | undefined;

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
    private readonly debtMax = burst,
  ) {
    this.tokens = burst;
  }

  take(nowMs: number, cost = 1): boolean {
    if (!this.has(nowMs)) return false;
    this.tokens = Math.max(-this.debtMax, this.tokens - cost);
    return true;
  }

  /** Whether anything would be let through. */
  has(nowMs: number): boolean {
    this.fill(nowMs);
    return this.tokens >= 1;
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
