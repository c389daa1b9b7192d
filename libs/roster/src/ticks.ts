/*
 * When watchers of a host are told: soon after a change, but at most once a tick, and when something takes effect by the
 * mere passing of time. A tick that takes long makes the pause after it longer, so that watchers, however many they
 * are, never take more than a part of the pod.
 */
import type { Timing } from './timing';
import type { Moment, Views } from './views';

/** Shorter: more events for the same changes. Longer: it can be seen. */
const TICK_MS = 50;

/** The pause after a tick, measured in its length. */
const PAUSE = 3;

/** Who could not be told is looked at again after so long. */
const RETRY_MS = 250;

/** The longest a timer sleeps at once: what takes effect in a month needs none until then. */
const SLEEP_MAX_MS = 60_000;

/** Told of each tick. `'again'`: somebody could not be told everything yet. */
export type TickListener = (moment: Moment) => 'done' | 'again';

interface TickingHost {
  readonly listeners: Set<TickListener>;
  readonly stop: () => void;
  /** No tick before this. */
  notBeforeMs: number;
  /** When the next one is due. */
  dueMs: number;
  /** When its timers ring, the first one last: nobody can take them back, and each tick would leave one behind. */
  readonly timers: number[];
}

export interface TicksOptions {
  readonly views: Views;
  readonly timing: Timing;
  readonly report: (error: unknown) => void;
}

export class Ticks {
  private readonly hosts = new Map<string, TickingHost>();

  constructor(private readonly options: TicksOptions) {}

  /** Calls the listener with each tick of a host, until told to stop. */
  follow(host: string, listener: TickListener): () => void {
    const ticking = this.hosts.get(host) ?? this.begin(host);
    ticking.listeners.add(listener);
    this.wakeIn(host, ticking, 0);
    return () => {
      ticking.listeners.delete(listener);
      if (ticking.listeners.size > 0 || this.hosts.get(host) !== ticking) return;
      this.hosts.delete(host);
      ticking.dueMs = Infinity;
      ticking.stop();
    };
  }

  /** Something else than the roster has changed that watchers of the host are told of. */
  wake(host: string): void {
    const ticking = this.hosts.get(host);
    if (ticking !== undefined) this.wakeIn(host, ticking, 0);
  }

  private begin(host: string): TickingHost {
    const stop = this.options.views.follow(host, () => this.wakeIn(host, ticking, 0));
    const ticking: TickingHost = { listeners: new Set(), stop, notBeforeMs: 0, dueMs: Infinity, timers: [] };
    this.hosts.set(host, ticking);
    return ticking;
  }

  private wakeIn(host: string, ticking: TickingHost, ms: number): void {
    const now = this.options.timing.now();
    const dueMs = Math.max(ticking.notBeforeMs, now + Math.min(ms, SLEEP_MAX_MS));
    if (dueMs >= ticking.dueMs) return;
    ticking.dueMs = dueMs;
    this.sleep(host, ticking);
  }

  /** Until the next tick, or until a timer rings that is there already and sets the next one. */
  private sleep(host: string, ticking: TickingHost): void {
    const { timing, report } = this.options;
    const { dueMs, timers } = ticking;
    if (dueMs >= (timers.at(-1) ?? Infinity)) return;
    timers.push(dueMs);
    timing
      .wait(Math.max(0, dueMs - timing.now()))
      .then(() => {
        timers.splice(timers.indexOf(dueMs), 1);
        if (ticking.dueMs <= dueMs) this.tick(host, ticking);
        else this.sleep(host, ticking);
      })
      .catch(report);
  }

  private tick(host: string, ticking: TickingHost): void {
    const { views, timing } = this.options;
    const startedMs = timing.now();
    ticking.dueMs = Infinity;
    const moment = views.moment(host);
    let again = false;
    if (moment !== undefined)
      for (const listener of [...ticking.listeners]) again = this.tell(listener, moment) || again;
    const endedMs = timing.now();
    ticking.notBeforeMs = Math.max(startedMs + TICK_MS, endedMs + PAUSE * (endedMs - startedMs));
    if (ticking.listeners.size === 0) return;
    const nextMs = moment === undefined ? RETRY_MS : moment.view.changes.nextAfter(moment.atMs) - moment.atMs;
    this.wakeIn(host, ticking, Math.min(nextMs, again ? RETRY_MS : SLEEP_MAX_MS));
  }

  private tell(listener: TickListener, moment: Moment): boolean {
    try {
      return listener(moment) === 'again';
    } catch (error) {
      this.options.report(error);
      return true;
    }
  }
}
