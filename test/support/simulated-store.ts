import {
  type Applied,
  type Batch,
  type Beat,
  type Head,
  type Known,
  type Lease,
  type LogEntry,
  type LogListener,
  type Opened,
  type PodLife,
  RosterStore,
  type Snapshot,
  StoreUnavailable,
  type Swept,
} from '@rollcall/roster';
import type { Follower, SimulatedServer } from './simulated-server';
import type { SeededRandom, SimulatedProcess, VirtualTime } from './simulated-time';

/** No command waits longer. */
const TIMEOUT_MS = 2000;

/** `late`: it runs after its sender was told that it failed. */
export type Fate = 'arrives' | 'request lost' | 'reply lost' | 'late';

/** How likely what is; all 0: nothing goes wrong. */
export interface Weather {
  requestLost: number;
  replyLost: number;
  late: number;
  slow: number;
  publicationLost: number;
}

export const CALM: Readonly<Weather> = { requestLost: 0, replyLost: 0, late: 0, slow: 0, publicationLost: 0 };

export interface SimulatedStoreOptions {
  readonly name: string;
  readonly server: SimulatedServer;
  readonly time: VirtualTime;
  readonly process: SimulatedProcess;
  readonly random: SeededRandom;
  readonly weather: Readonly<Weather>;
  readonly trace: (text: string) => void;
}

/** One pod's way to the store: each call travels there and back, and neither way is sure. */
export class SimulatedStore extends RosterStore {
  /** No call gets through, in either direction. */
  isCut = false;
  /** What becomes of the next calls of a name, before chance decides. */
  readonly fates = new Map<string, Fate[]>();
  private readonly subscriptions = new Set<Subscription>();

  constructor(private readonly options: SimulatedStoreOptions) {
    super();
  }

  override open(_: string, life: PodLife, known: Known | undefined): Promise<Opened> {
    const { server } = this.options;
    return this.call(`open ${life.generation}`, () => {
      server.hint();
      return server.write(life, (tables, nowMs) => tables.open(life, known, nowMs));
    });
  }

  override apply(_: string, batch: Batch): Promise<Applied> {
    const rows = batch.rows.map(({ connectionId, row }) => (row === null ? `-${connectionId}` : `+${connectionId}`));
    const users = batch.users.map(({ userId }) => userId);
    const what = `apply ${batch.generation}/${batch.sequence} ${[...rows, ...users].join(' ')}`;
    return this.call(what, () => this.options.server.write(batch, (tables, nowMs) => tables.apply(batch, nowMs)));
  }

  override beat(_: string, life: PodLife): Promise<Beat> {
    const { server } = this.options;
    return this.call('beat', () => {
      server.hint();
      return server.run((tables, nowMs) => {
        const own = tables.beat(life, nowMs);
        return { head: tables.head(), own, leases: tables.leases(nowMs) };
      });
    });
  }

  override leases(): Promise<readonly Lease[]> {
    return this.call('leases', () => this.options.server.run((tables, nowMs) => tables.leases(nowMs)));
  }

  override sweep(_: string, instance: string, scoreSeen: number): Promise<Swept> {
    return this.call(`sweep ${instance} ${scoreSeen % 1e6}`, () => this.options.server.sweep(instance, scoreSeen));
  }

  override close(_: string, life: PodLife): Promise<void> {
    return this.call('close', () => this.options.server.run((tables) => tables.close(life)));
  }

  override lastSeen(_: string, userId: string): Promise<number | undefined> {
    return this.call('lastSeen', () => this.options.server.run((tables) => tables.lastSeen?.of(userId)));
  }

  override forgetLastSeen(userId: string): Promise<void> {
    return this.call('forgetLastSeen', () => this.options.server.run((tables) => tables.lastSeen?.forget(userId)));
  }

  override head(): Promise<Head> {
    return this.call('head', () => this.options.server.run((tables) => tables.head()));
  }

  override now(_: string, shownMs: number): Promise<Head> {
    return this.call('now', () => this.options.server.run((tables, nowMs) => tables.now(nowMs, shownMs)));
  }

  override renewEpoch(_: string, epochSeen: string): Promise<void> {
    const renew = (): void => this.options.server.run((tables, nowMs) => tables.renewEpoch(epochSeen, nowMs));
    return this.call('renewEpoch', renew);
  }

  override snapshot(): Promise<Snapshot> {
    return this.call('snapshot', () =>
      this.options.server.run((tables, nowMs) => {
        return tables.snapshot(nowMs);
      }),
    );
  }

  override entriesAfter(_: string, revision: number): Promise<readonly LogEntry[]> {
    return this.call('entriesAfter', () => this.options.server.run((tables) => tables.entriesAfter(revision)));
  }

  override follow(_: string, listener: LogListener): Promise<() => void> {
    return this.call('follow', () => {
      const { server } = this.options;
      const subscription = new Subscription(this, listener, this.options);
      this.subscriptions.add(subscription);
      server.followers.add(subscription);
      return () => {
        this.subscriptions.delete(subscription);
        server.followers.delete(subscription);
      };
    });
  }

  override hosts(): Promise<readonly string[]> {
    return this.call('hosts', () => this.options.server.hosts());
  }

  /** The connection is there again: what was published meanwhile is missing. */
  returned(): void {
    for (const subscription of this.subscriptions) subscription.interruptedSoon();
  }

  get isReachable(): boolean {
    return !this.isCut && !this.options.server.isAway;
  }

  travelMs(): number {
    const { random, weather } = this.options;
    return random.chance(weather.slow) ? random.between(3, 400) : random.between(0.2, 3);
  }

  private call<Result>(what: string, run: () => Result): Promise<Result> {
    const { server, time, process, random, name, trace } = this.options;
    const { node } = server;
    const fate = this.fate(what.split(' ', 1)[0] as string);
    return new Promise((resolve, reject) => {
      let answered = false;
      const fail = (why: string): void => {
        if (answered) return;
        answered = true;
        trace(`${name} ${what}: ${why}`);
        reject(new StoreUnavailable(why));
      };
      const failsAfterMs = random.chance(0.3) ? TIMEOUT_MS : random.between(1, 300);
      const sentMs = time.nowMs;
      if (fate === 'request lost' || !this.isReachable) {
        time.after(failsAfterMs, () => fail('never arrives'), process);
        return;
      }
      const lateMs = fate === 'late' ? failsAfterMs + random.between(1, 4000) : 0;
      if (fate === 'late') time.after(failsAfterMs, () => fail('is late'), process);
      time.after(lateMs + this.travelMs(), () => {
        // What a dead pod had not yet handed over is lost with it.
        const isLost = !this.isReachable || server.node !== node || (lateMs > 0 && !process.isAlive);
        if (isLost) {
          time.after(1, () => fail('never arrived'), process);
          return;
        }
        const result = run();
        trace(`${name} ${what} ${lateMs > 0 ? 'runs late' : 'runs'} at ${server.head.revision}${stateOf(result)}`);
        const comes = (): void => {
          if (fate !== 'arrives' || !this.isReachable || server.node !== node) {
            time.after(fate === 'reply lost' ? failsAfterMs : 1, () => fail('has no answer'), process);
            return;
          }
          // A pod that was paused finds both the answer and that it has waited for too long.
          if (time.nowMs - sentMs > TIMEOUT_MS && random.chance(0.5)) fail('was waited for too long');
          if (answered) return;
          answered = true;
          resolve(result);
        };
        time.after(this.travelMs(), comes, process);
      });
    });
  }

  private fate(name: string): Fate {
    const { random, weather } = this.options;
    const given = this.fates.get(name)?.shift();
    const drawn = random.next();
    if (given !== undefined) return given;
    if (drawn < weather.requestLost) return 'request lost';
    if (drawn < weather.requestLost + weather.replyLost) return 'reply lost';
    if (drawn < weather.requestLost + weather.replyLost + weather.late) return 'late';
    return 'arrives';
  }
}

const stateOf = (result: unknown): string => {
  const state = typeof result === 'object' && result !== null && 'state' in result ? result.state : undefined;
  return typeof state === 'string' ? `, ${state}` : '';
};

/** What is published arrives in order, or not at all; what is missing is told later, or never. */
class Subscription implements Follower {
  private lastMs = 0;

  constructor(
    private readonly store: SimulatedStore,
    private readonly listener: LogListener,
    private readonly options: SimulatedStoreOptions,
  ) {}

  hear(entry: LogEntry): void {
    const { time, random, weather, process, name, trace } = this.options;
    if (!this.store.isReachable || random.chance(weather.publicationLost)) {
      trace(`${name} does not hear of ${entry.toRevision}`);
      if (random.chance(0.5)) time.after(random.between(1, 3000), () => this.listener.interrupted(), process);
      return;
    }
    this.lastMs = Math.max(this.lastMs, time.nowMs + this.store.travelMs());
    time.after(this.lastMs - time.nowMs, () => this.listener.entry(entry), process);
  }

  interruptedSoon(): void {
    const { time, process } = this.options;
    time.after(this.store.travelMs(), () => this.listener.interrupted(), process);
  }
}
