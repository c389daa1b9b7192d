/** What of an app's tokens was revoked without regard to a user; only ever more of it, until a token has expired anyway. */
export interface RevokedTokens {
  /** Nothing that was issued before this moment counts; 0: nothing was revoked so. */
  readonly issuedBeforeMs: number;
  /** Whether the JWT of that id was revoked. */
  has(jti: string): boolean;
}

/** Everything of the kind that a pod knows of one app. */
export class RevokedTokenSet implements RevokedTokens {
  private before = 0;
  /** Until when each id is of any use; `Infinity`: its token has no known end. */
  private readonly keptUntil = new Map<string, number>();

  get issuedBeforeMs(): number {
    return this.before;
  }

  get size(): number {
    return this.keptUntil.size;
  }

  has(jti: string): boolean {
    return this.keptUntil.has(jti);
  }

  keptUntilMs(jti: string): number | undefined {
    return this.keptUntil.get(jti);
  }

  ids(): Iterable<string> {
    return this.keptUntil.keys();
  }

  /** `false`: it was known already. */
  revoke(jti: string, keptUntilMs: number): boolean {
    if ((this.keptUntil.get(jti) ?? -Infinity) >= keptUntilMs) return false;
    this.keptUntil.set(jti, keptUntilMs);
    return true;
  }

  /** `false`: it was known already. */
  revokeBefore(issuedBeforeMs: number): boolean {
    if (this.before >= issuedBeforeMs) return false;
    this.before = issuedBeforeMs;
    return true;
  }

  /** The ids whose tokens have expired by themselves. */
  expired(nowMs: number): [jti: string, keptUntilMs: number][] {
    return [...this.keptUntil].filter(([, untilMs]) => untilMs <= nowMs);
  }

  trim(nowMs: number): void {
    for (const [jti] of this.expired(nowMs)) this.keptUntil.delete(jti);
  }

  /** When the first of the ids is forgotten; `Infinity`: never. */
  nextTrimMs(): number {
    let nextMs = Infinity;
    for (const untilMs of this.keptUntil.values()) nextMs = Math.min(nextMs, untilMs);
    return nextMs;
  }
}
