/*
 * How many handshakes of an app a pod works on at one time: as long as its event loop keeps up, many; the further it lags, the
 * fewer. Who is turned away is told when to come again, at random over a time that grows with how many were, so that a
 * storm comes back spread out. Holds numbers only; written by the admission of sockets. Time is an argument.
 */

/** Fewer would turn away what a pod does in a tenth of a second; more would keep REST waiting for as many turns. */
const UNDER_WAY_MAX = 200;

/** Always let in: a machine that stood still for a moment is no reason to turn a single client away. */
const UNDER_WAY_MIN = 20;

/**
 * That many times as many with those of other apps, and always some of each: where the tokens of some apps wait for an
 * issuer that is slow, others still get in.
 */
const ALL_APPS = 1.5;

/** From which lag on fewer are let in, and at which no more than always. */
const LAG_FROM_MS = 100;
const LAG_MAX_MS = 500;

/** Sooner, and they would come while the first wave is still being taken in. */
const RETRY_MIN_MS = 1500;
/** A pod registers more than a thousand a second; those that were turned away come back at half of that. */
const RETRY_SPREAD_PER_CLIENT_MS = 2;
const RETRY_SPREAD_MIN_MS = 3000;
const RETRY_SPREAD_MAX_MS = 30_000;

/** Who was turned away longer ago is not waited for any more. */
const TURNED_AWAY_FOR_MS = 5000;

export class StormGate {
  private underWay = 0;
  private readonly underWayOf = new Map<string, number>();
  private turnedAway = 0;
  private turnedAwaySinceMs = -Infinity;

  constructor(private readonly random: () => number = Math.random) {}

  /**
   * Begins a handshake with an app; returns the way to end it, which counts once. Otherwise: come again in so many
   * milliseconds.
   */
  enter(app: string, lagMs: number, nowMs: number): { readonly leave: () => void } | { readonly retryInMs: number } {
    const most = mostAt(lagMs);
    const ofApp = this.underWayOf.get(app) ?? 0;
    const isFull = this.underWay >= ALL_APPS * most && ofApp >= UNDER_WAY_MIN;
    if (ofApp >= most || isFull) return { retryInMs: this.turnAway(nowMs) };
    this.add(app, 1);
    let inside = true;
    return {
      leave: () => {
        if (inside) this.add(app, -1);
        inside = false;
      },
    };
  }

  private add(app: string, by: number): void {
    this.underWay += by;
    const ofApp = (this.underWayOf.get(app) ?? 0) + by;
    if (ofApp > 0) this.underWayOf.set(app, ofApp);
    else this.underWayOf.delete(app);
  }

  private turnAway(nowMs: number): number {
    if (nowMs - this.turnedAwaySinceMs > TURNED_AWAY_FOR_MS) {
      this.turnedAwaySinceMs = nowMs;
      this.turnedAway = 0;
    }
    this.turnedAway += 1;
    const spreadMs = Math.max(RETRY_SPREAD_MIN_MS, this.turnedAway * RETRY_SPREAD_PER_CLIENT_MS);
    return Math.round(RETRY_MIN_MS + this.random() * Math.min(RETRY_SPREAD_MAX_MS, spreadMs));
  }
}

function mostAt(lagMs: number): number {
  if (lagMs >= LAG_MAX_MS) return UNDER_WAY_MIN;
  const share = lagMs > LAG_FROM_MS ? (LAG_MAX_MS - lagMs) / (LAG_MAX_MS - LAG_FROM_MS) : 1;
  return Math.round(UNDER_WAY_MIN + share * (UNDER_WAY_MAX - UNDER_WAY_MIN));
}
