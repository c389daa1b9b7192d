import type { Timing } from '@rollcall/roster';

/** Random numbers that follow from a seed (mulberry32). */
export class SeededRandom {
  constructor(private state: number) {}

  readonly next = (): number => {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };

  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<Item>(items: readonly Item[]): Item | undefined {
    return items[Math.floor(this.next() * items.length)];
  }
}

/** What runs events, and can be stopped: while it is paused its events wait, and once it is dead they never run. */
export class SimulatedProcess {
  private state: 'running' | 'paused' | 'dead' = 'running';
  private held: (() => void)[] = [];

  get isRunning(): boolean {
    return this.state === 'running';
  }

  get isAlive(): boolean {
    return this.state !== 'dead';
  }

  pause(): void {
    if (this.state === 'running') this.state = 'paused';
  }

  kill(): void {
    this.state = 'dead';
    this.held = [];
  }

  /** Runs on, and answers with the events that came due meanwhile. */
  resume(): readonly (() => void)[] {
    if (this.state !== 'paused') return [];
    this.state = 'running';
    return this.held.splice(0);
  }

  /** Whether the event must not run now; a paused process keeps it for later. */
  holds(event: () => void): boolean {
    if (this.state === 'paused') this.held.push(event);
    return this.state !== 'running';
  }
}

interface Event {
  readonly atMs: number;
  readonly run: () => void;
  readonly process: SimulatedProcess | undefined;
}

/** Lets everything run that waits for nothing but promises. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A clock that jumps from event to event. Between two events all promises are settled, so a seed replays exactly. */
export class VirtualTime {
  nowMs = 0;
  /** The next event is the last one. */
  private readonly events: Event[] = [];

  after(delayMs: number, run: () => void, process?: SimulatedProcess): void {
    const atMs = this.nowMs + Math.max(0, delayMs);
    let low = 0;
    let high = this.events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.events[middle] as Event).atMs > atMs) low = middle + 1;
      else high = middle;
    }
    this.events.splice(low, 0, { atMs, run, process });
  }

  /** Runs all events of the next `forMs` milliseconds; `watch` is called after each. */
  async pass(forMs: number, watch: () => void = () => undefined): Promise<void> {
    const untilMs = this.nowMs + forMs;
    await settled();
    for (let event = this.events.at(-1); event !== undefined && event.atMs <= untilMs; event = this.events.at(-1)) {
      this.events.pop();
      this.nowMs = event.atMs;
      if (event.process?.holds(event.run)) continue;
      event.run();
      await settled();
      watch();
    }
    this.nowMs = untilMs;
  }

  resume(process: SimulatedProcess): void {
    for (const event of process.resume()) this.after(0, event, process);
  }

  /** Time as a process sees it. */
  timingOf(process: SimulatedProcess): Timing {
    return {
      now: () => this.nowMs,
      wait: (ms) => new Promise((resolve) => this.after(ms, resolve, process)),
    };
  }
}
