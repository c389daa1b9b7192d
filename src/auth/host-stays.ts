/*
 * Which hosts somebody is on, or has been lately. One that was left counts on for as long as the store keeps something of
 * it and all pods look after it; else a client that goes from one made-up host to the next would leave any number behind. A
 * crash forgets who was where. Time is an argument.
 */
import { GONE_KEPT_MS } from '@rollcall/roster';

/** Who has left is remembered so long, and the host goes with the last one, some beats later. */
const KEPT_MS = GONE_KEPT_MS + 60_000;

export const KEPT_MINUTES = KEPT_MS / 60_000;

interface Stay {
  connections: number;
  /** When the last one left. */
  leftAtMs: number;
}

export class HostStays {
  /** In the order of leaving, but for those that somebody is on. */
  private readonly stays = new Map<string, Stay>();

  get size(): number {
    return this.stays.size;
  }

  /** Returns the way to leave again, which counts once; `undefined` if there are `most` others. */
  enter(host: string, most: number, nowMs: number): ((nowMs: number) => void) | undefined {
    const stay = this.stays.get(host) ?? this.begin(host, most, nowMs);
    if (stay === undefined) return undefined;
    stay.connections += 1;
    let isThere = true;
    return (leftAtMs) => {
      if (isThere) this.leave(host, stay, leftAtMs);
      isThere = false;
    };
  }

  private begin(host: string, most: number, nowMs: number): Stay | undefined {
    this.forgetBefore(nowMs - KEPT_MS);
    if (this.stays.size >= most) return undefined;
    const stay = { connections: 0, leftAtMs: 0 };
    this.stays.set(host, stay);
    return stay;
  }

  private leave(host: string, stay: Stay, nowMs: number): void {
    stay.connections -= 1;
    if (stay.connections > 0) return;
    stay.leftAtMs = nowMs;
    // To the end of the order.
    this.stays.delete(host);
    this.stays.set(host, stay);
  }

  private forgetBefore(ms: number): void {
    for (const [host, { connections, leftAtMs }] of this.stays) {
      if (connections > 0) continue;
      if (leftAtMs >= ms) break;
      this.stays.delete(host);
    }
  }
}
