import { type ChannelKind, type Status } from '@rollcall/contract';
import {
  completeProfile,
  type LocalRoster,
  LocalRosters,
  type Reading,
  type RosterView,
  Views,
  type Written,
} from '@rollcall/roster';
import type { Asked, Checks, Pending, TabState } from './simulated-checks';
import { HOST, type SimulatedServer } from './simulated-server';
import { SimulatedStore, type Weather } from './simulated-store';
import { type SeededRandom, SimulatedProcess, type VirtualTime } from './simulated-time';

export const BEAT_MS = 2000;
const GATHER_MS = 2;
export const REREGISTER_MS = BEAT_MS + 500;
const STALE_MAX_MS = 30_000;

export interface SimulatedPodOptions {
  readonly name: string;
  readonly server: SimulatedServer;
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly weather: Readonly<Weather>;
  readonly checks: Checks;
  readonly trace: (text: string) => void;
  /** Something came to pass that must not be. */
  readonly fail: (error: unknown) => void;
}

/** A pod of the service: the code of the protocol as it is, with tabs and readers made up. */
export class SimulatedPod {
  readonly process = new SimulatedProcess();
  readonly store: SimulatedStore;
  readonly rosters: LocalRosters;
  readonly views: Views;
  readonly tabs = new Map<string, TabState>();
  /** Changes without an acknowledgement so far. */
  unacknowledged = 0;
  /** Nobody connects any more. */
  isLeaving = false;
  viewsDropped = 0;
  private last: ReturnType<Checks['answered']>;

  constructor(private readonly options: SimulatedPodOptions) {
    const { name, server, time, random, weather, trace, fail } = options;
    const { process } = this;
    const timing = time.timingOf(process);
    this.store = new SimulatedStore({ name, server, time, process, random, weather, trace });
    this.views = new Views({
      store: this.store,
      own: this.store,
      timing,
      times: { reregisterMs: REREGISTER_MS, staleMaxMs: STALE_MAX_MS },
      isWritten: (host, epoch) => this.rosters.isWritten(host, epoch),
      profilesOf: () => ({ profileOf: (userId, claims) => completeProfile(userId, {}, claims), bots: () => new Set() }),
    });
    this.rosters = new LocalRosters({
      instance: name,
      store: this.store,
      timing,
      beatMs: BEAT_MS,
      defer: (flush) => time.after(GATHER_MS, flush, process),
      choiceOf: (_, userId) => this.view?.presence.choiceOf(userId),
      onHead: (host, head) => this.views.hint(host, head),
      report: fail,
    });
  }

  get name(): string {
    return this.options.name;
  }

  /** The picture as it is, without asking. */
  get view(): RosterView | undefined {
    return this.views.current(HOST);
  }

  /** By what it knows that there is something to lose: its registration, its view. */
  get knowledge(): LocalRoster | string | undefined {
    const roster = this.rosters.of(HOST);
    if (roster.isRegistered) return roster;
    return this.view === undefined ? undefined : `view ${this.viewsDropped}`;
  }

  /** Beats at once, for its first look at the leases, and then regularly; lets go of what nobody uses. */
  start(tidyEveryMs = Infinity): void {
    this.repeat(BEAT_MS, () => this.rosters.beat());
    this.beat();
    if (tidyEveryMs < Infinity) this.repeat(tidyEveryMs, () => this.tidy());
  }

  beat(): void {
    this.watch(this.rosters.beat());
  }

  tidy(): Promise<void> {
    this.views.dropIdle();
    if (this.view === undefined) {
      this.last = undefined;
      this.viewsDropped += 1;
    }
    return this.rosters.dropIdle();
  }

  connect(id: string, userId: string | null): Promise<Written> {
    this.options.trace(`${this.name} ${id} connects as ${userId ?? 'nobody'}`);
    const user = userId === null ? null : { id: userId, claims: null };
    const pending = this.set(id, { userId, active: true, channels: [] });
    return this.tracked(this.rosters.of(HOST).connect(id, user), pending);
  }

  disconnect(id: string): Promise<Written> {
    this.options.trace(`${this.name} ${id} disconnects`);
    const pending = this.set(id, undefined);
    return this.tracked(this.rosters.of(HOST).disconnect(id), pending);
  }

  join(id: string, channel: string): Promise<Written> {
    const tab = this.tab(id);
    const channels = tab.channels.includes(channel) ? tab.channels : [...tab.channels, channel];
    this.options.trace(`${this.name} ${id} joins ${channel}`);
    const pending = this.set(id, { ...tab, channels });
    return this.tracked(this.rosters.of(HOST).join(id, this.kindOf(id), channel), pending);
  }

  leave(id: string, channel: string): Promise<Written> {
    const tab = this.tab(id);
    this.options.trace(`${this.name} ${id} leaves ${channel}`);
    const pending = this.set(id, { ...tab, channels: tab.channels.filter((each) => each !== channel) });
    return this.tracked(this.rosters.of(HOST).leave(id, this.kindOf(id), channel), pending);
  }

  setActive(id: string, active: boolean): Promise<Written> {
    this.options.trace(`${this.name} ${id} is ${active ? 'active' : 'idle'}`);
    const pending = this.set(id, { ...this.tab(id), active });
    return this.tracked(this.rosters.of(HOST).setActive(id, active), pending);
  }

  choose(userId: string, status: Status): Promise<Written> {
    this.options.trace(`${this.name} ${userId} chooses ${status}`);
    return this.tracked(this.rosters.of(HOST).setUser(userId, { status }), undefined);
  }

  /** @throws AppError UNAVAILABLE */
  async read(presence = false): Promise<Reading> {
    const { checks, trace } = this.options;
    const asked: Asked = checks.asked(this.last);
    const { viewsDropped } = this;
    const reading = await (presence ? this.views.readPresence(HOST) : this.views.read(HOST));
    const { view, staleMs } = reading;
    trace(`${this.name} shows ${view.head.revision} of ${view.head.epoch}${staleMs > 0 ? `, ${staleMs} ms old` : ''}`);
    const last = viewsDropped === this.viewsDropped ? asked.last : undefined;
    const shown = checks.answered(this.name, { ...asked, last }, reading);
    if (viewsDropped === this.viewsDropped && staleMs === 0) this.last = shown;
    return reading;
  }

  /** Nothing of it runs again. */
  kill(): void {
    this.options.trace(`${this.name} is killed`);
    this.process.kill();
  }

  /** All its tabs go, it takes itself off the host, and ends. */
  async shutDown(): Promise<void> {
    this.options.trace(`${this.name} shuts down`);
    this.isLeaving = true;
    await Promise.all([...this.tabs.keys()].map((id) => this.disconnect(id)));
    await this.rosters.dropIdle();
    this.kill();
  }

  /** Runs in the background; what goes wrong there is a failure. */
  watch(work: Promise<unknown>): void {
    work.catch(this.options.fail);
  }

  private repeat(everyMs: number, work: () => Promise<void>): void {
    const { time } = this.options;
    const again = (): void => {
      this.watch(work());
      time.after(everyMs, again, this.process);
    };
    time.after(everyMs, again, this.process);
  }

  private tab(id: string): TabState {
    const tab = this.tabs.get(id);
    if (tab === undefined) throw new Error(`${this.name} has no tab ${id}.`);
    return tab;
  }

  private kindOf(id: string): ChannelKind {
    return this.tab(id).userId === null ? 'anonymous' : 'authenticated';
  }

  private set(id: string, state: TabState | undefined): Pending {
    const { checks } = this.options;
    if (state === undefined) this.tabs.delete(id);
    else this.tabs.set(id, state);
    return checks.changed(id, state);
  }

  private async tracked(done: Promise<Written>, pending: Pending | undefined): Promise<Written> {
    this.unacknowledged += 1;
    const written = await done;
    this.unacknowledged -= 1;
    if (pending === undefined || written !== 'stored') return written;
    // A pod that has not met the store since it lost something does not know yet what it acknowledges.
    const { generation } = this.rosters.of(HOST).life;
    if (this.options.checks.hasHeard(this.name, generation)) this.options.checks.acknowledged(pending);
    return written;
  }
}
