/*
 * Servers that answer and take no writes: their memory is full, their disk fails, they are replicas. What they show is as it
 * was before. Written by the link with each answer to a write; a pod writes with each beat, so a refusal that has not been
 * heard again for long is over, or of a server that nobody asks any more.
 */
const REFUSED = /^(OOM|READONLY|MISCONF|NOREPLICAS)/;

const FORGOTTEN_AFTER_MS = 30_000;

export interface Refusal {
  readonly sinceMs: number;
  /** In the server's words. */
  readonly reason: string;
}

export class Refusals {
  private readonly nodes = new Map<string, Refusal & { readonly lastMs: number }>();

  /** `onRefusal` hears of each. Times are of one clock, whichever. */
  constructor(private readonly onRefusal: (reason: string) => void) {}

  /** A server has answered a call with an error. */
  heard(node: string, reason: string, nowMs: number): void {
    if (!REFUSED.test(reason)) return;
    const sinceMs = this.of(node, nowMs)?.sinceMs ?? nowMs;
    this.nodes.set(node, { sinceMs, lastMs: nowMs, reason });
    this.onRefusal(reason);
  }

  /** A server has taken a write. */
  accepted(node: string): void {
    this.nodes.delete(node);
  }

  of(node: string, nowMs: number): Refusal | undefined {
    const refusal = this.nodes.get(node);
    if (refusal === undefined || nowMs - refusal.lastMs < FORGOTTEN_AFTER_MS) return refusal;
    this.nodes.delete(node);
    return undefined;
  }

  /** The one that has lasted for longest, of all servers. */
  longest(nowMs: number): Refusal | undefined {
    let longest: Refusal | undefined;
    for (const node of [...this.nodes.keys()]) {
      const refusal = this.of(node, nowMs);
      if (refusal !== undefined && refusal.sinceMs < (longest?.sinceMs ?? Infinity)) longest = refusal;
    }
    return longest;
  }
}
