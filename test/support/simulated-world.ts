import { isDeepStrictEqual } from 'node:util';
import { completeProfile, RosterView } from '@rollcall/roster';
import { Checks, Violation } from './simulated-checks';
import { SimulatedPod } from './simulated-pod';
import { SimulatedPoller } from './simulated-poller';
import { SimulatedServer } from './simulated-server';
import { CALM, type Weather } from './simulated-store';
import { SeededRandom, VirtualTime } from './simulated-time';

const profiles = { profileOf: (userId: string) => completeProfile(userId, {}, null), bots: () => new Set<string>() };

/** One host, its store and the pods: a small world in which only what a test or a seed says goes wrong. */
export class SimulatedWorld {
  readonly time = new VirtualTime();
  readonly random: SeededRandom;
  readonly weather: Weather = { ...CALM };
  readonly checks = new Checks((instance) =>
    this.running.some(({ name, store }) => name === instance && store.isReachable),
  );
  readonly server = new SimulatedServer(this.time, this.checks);
  readonly pods: SimulatedPod[] = [];
  readonly pollers: SimulatedPoller[] = [];
  readonly story: string[] = [];
  /** Pods that knew a roster which the store forgot. */
  private readonly witnesses = new Map<SimulatedPod, unknown>();
  private readonly seers: { readonly pod: SimulatedPod; readonly viewsDropped: number }[] = [];
  private fallenBackEpoch: string | undefined;
  private failure: Error | undefined;

  /** `traced`: the story is kept. */
  constructor(
    seed: number,
    private readonly traced = false,
  ) {
    this.random = new SeededRandom(seed);
  }

  get living(): SimulatedPod[] {
    return this.pods.filter(({ process }) => process.isAlive);
  }

  get running(): SimulatedPod[] {
    return this.pods.filter(({ process }) => process.isRunning);
  }

  readonly trace = (text: string): void => {
    if (this.traced) this.story.push(`${this.time.nowMs.toFixed(1).padStart(9)} ${text}`);
  };

  readonly fail = (error: unknown): void => {
    this.failure ??= error instanceof Error ? error : new Error(String(error));
  };

  pod(tidyEveryMs?: number): SimulatedPod {
    const { server, time, random, weather, checks, trace, fail } = this;
    const name = `p${this.pods.length + 1}`;
    const pod = new SimulatedPod({ name, server, time, random, weather, checks, trace, fail });
    this.pods.push(pod);
    trace(`${name} starts`);
    pod.start(tidyEveryMs);
    return pod;
  }

  poller(): SimulatedPoller {
    const poller = new SimulatedPoller(`poller ${this.pollers.length + 1}`);
    this.pollers.push(poller);
    return poller;
  }

  /** Lets time pass. @throws what has failed meanwhile */
  async pass(ms: number): Promise<void> {
    const look = (): void => {
      if (this.failure !== undefined) throw this.failure;
    };
    // The pods' own randomness (pauses between tries) follows from the seed, too.
    const { random } = Math;
    Math.random = this.random.next;
    try {
      await this.time.pass(ms, look);
      look();
    } finally {
      Math.random = random;
    }
  }

  /** Lets time pass until the work is done. */
  async until<Result>(work: Promise<Result>, withinMs = 5000): Promise<Result> {
    let result: { readonly value: Result } | undefined;
    void work.then((value) => (result = { value }), this.fail);
    for (const endMs = this.time.nowMs + withinMs; this.time.nowMs < endMs;) {
      await this.pass(1);
      if (result !== undefined) return result.value;
    }
    throw new Violation(`something was not done within ${withinMs} ms`);
  }

  pause(pod: SimulatedPod): void {
    this.trace(`${pod.name} is paused`);
    pod.process.pause();
  }

  resume(pod: SimulatedPod): void {
    if (!pod.process.isAlive || pod.process.isRunning) return;
    this.trace(`${pod.name} runs on`);
    this.time.resume(pod.process);
  }

  cut(pod: SimulatedPod): void {
    this.trace(`${pod.name} is cut off`);
    pod.store.isCut = true;
  }

  mend(pod: SimulatedPod): void {
    if (!pod.store.isCut) return;
    this.trace(`${pod.name} is connected again`);
    pod.store.isCut = false;
    pod.store.returned();
  }

  /** The store is away until `back`. */
  away(): void {
    this.trace('the store is away');
    this.server.isAway = true;
  }

  back(): void {
    if (!this.server.isAway) return;
    this.trace(`the store is back at ${this.server.head.revision} of ${this.server.head.epoch}`);
    this.server.isAway = false;
    for (const { store } of this.living) store.returned();
  }

  /** The store forgets everything. */
  forget(): void {
    this.trace('the store forgets everything');
    for (const pod of this.living) if (pod.knowledge !== undefined) this.witnesses.set(pod, pod.knowledge);
    this.server.flush();
  }

  /** The store falls back to its replica. Whose view has seen what is lost finds that out, if it lives. */
  fallBack(): void {
    const seen = this.living.filter(({ view }) => view !== undefined);
    const { tag } = this.server.head;
    this.server.failOver();
    const isLoss = this.server.head.tag !== tag;
    this.trace(`the store falls back to ${this.server.head.revision}`);
    if (!isLoss) return;
    this.fallenBackEpoch = this.server.head.epoch;
    for (const pod of seen) {
      const isAhead = (pod.view?.head.revision ?? 0) > this.server.head.revision;
      if (isAhead) this.seers.push({ pod, viewsDropped: pod.viewsDropped });
    }
  }

  /** The store has lost writes, and nobody who had seen them has told so far. */
  get isDoubtful(): boolean {
    return this.server.head.epoch === this.fallenBackEpoch;
  }

  /** Somebody is left whose view has seen what was lost. */
  get hasSeer(): boolean {
    return this.seers.some(({ pod, viewsDropped }) => pod.process.isAlive && pod.viewsDropped === viewsDropped);
  }

  /** If anybody is left who knows, the store knows, too, that it has lost something. */
  lossIsProven(): void {
    const witness = this.living.find((pod) => this.witnesses.get(pod) === pod.knowledge && pod.knowledge !== undefined);
    if (witness !== undefined && this.server.head.epochAtMs === 0) {
      throw new Violation(`${witness.name} knew what was lost, but the store does not know that anything was`);
    }
  }

  /** The store holds what the living pods own and nothing else; nobody waits for an acknowledgement. */
  isSettled(): void {
    const stored = new Map([...this.server.roster.rows()].map((row) => [row.connectionId, row]));
    for (const pod of this.living) {
      for (const [id, { userId, active, channels }] of pod.tabs) {
        const row = stored.get(id);
        const has = row && {
          pod: row.pod.slice(0, row.pod.lastIndexOf('.')),
          userId: row.userId,
          active: row.active,
          channels: row.channels.map(({ channel }) => channel),
        };
        const must = { pod: pod.name, userId, active, channels: [...channels] };
        if (!isDeepStrictEqual(has, must)) {
          throw new Violation(`the store has ${JSON.stringify(has)} for ${id}, but it is ${JSON.stringify(must)}`);
        }
        stored.delete(id);
      }
      if (pod.unacknowledged > 0) throw new Violation(`${pod.name} has not acknowledged ${pod.unacknowledged} changes`);
    }
    const [ghost] = stored.values();
    if (ghost !== undefined) throw new Violation(`${ghost.connectionId} of ${ghost.pod} is a ghost`);
    this.checks.recount(this.server.roster);
  }

  /** Who only watches has the present picture, too: those with tabs, whose pods beat. */
  watchersSee(): void {
    const { tag } = this.server.head;
    for (const { name, view, tabs } of this.living) {
      if (view === undefined || tabs.size === 0 || view.head.tag === tag) continue;
      throw new Violation(
        `the view of ${name} stays at ${view.head.revision}, the store is at ${this.server.head.revision}`,
      );
    }
  }

  /** A fresh answer of every living pod is what a view loaded just now gives. */
  async allSee(): Promise<void> {
    const { roster } = this.server;
    const truth = new RosterView(profiles);
    await truth.load(roster.snapshot(0), Infinity, () => Promise.resolve());
    for (const pod of this.living) {
      const { view, staleMs, atMs } = await this.until(pod.read());
      if (staleMs > 0) throw new Violation(`${pod.name} answers with an old picture`);
      const answers = (of: RosterView): unknown => [
        sorted(of.channelMap('array').bytes),
        of.totals,
        of.userConnectionsJson(),
        sorted(of.presence.full(atMs)),
      ];
      if (isDeepStrictEqual(answers(view), answers(truth))) continue;
      throw new Violation(
        `${pod.name} answers ${JSON.stringify(answers(view))}, not ${JSON.stringify(answers(truth))}`,
      );
    }
  }
}

/** A JSON text without the order of keys and rows that depends on the order of loading. */
function sorted(json: Buffer | string): unknown {
  const value = JSON.parse(json.toString()) as object[] | Record<string, unknown>;
  if (Array.isArray(value)) return value.map((row) => JSON.stringify(row)).sort();
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}
