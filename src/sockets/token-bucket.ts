/** Lets `burst` through at once and `perSecond` in the long run. Time is an argument; two numbers are all its state. */
export class TokenBucket {
  private tokens: number;
  private lastMs: number | undefined;

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
  ) {
    this.tokens = burst;
  }

  take(nowMs: number): boolean {
    const passedMs = Math.max(0, nowMs - (this.lastMs ?? nowMs));
    this.lastMs = nowMs;
    this.tokens = Math.min(this.burst, this.tokens + (passedMs * this.perSecond) / 1000);
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}
