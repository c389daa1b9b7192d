/*
 * A random life of a small world: tabs come and go, readers ask, pods and store fail, all as a seed says. Then
 * everything is mended and becomes quiet, and within the bounds of the protocol all has to be right.
 */
import type { SimulatedPod } from './simulated-pod';
import type { SimulatedPoller } from './simulated-poller';
import { CALM } from './simulated-store';
import { SimulatedWorld } from './simulated-world';

const USERS = ['ada', 'bob', 'cyd', null];
const CHANNELS = ['hall', 'room', 'yard'];
const STATUSES = ['online', 'busy', 'away', 'offline'] as const;

export const FAULTS = [
  'lost calls',
  'lost publications',
  'slow ways',
  'cut',
  'away',
  'flush',
  'restart',
  'failover',
  'clock',
  'log',
  'pause',
  'kill',
  'shutdown',
] as const;
export type Fault = (typeof FAULTS)[number];

export interface LifeOptions {
  readonly seed: number;
  readonly traced?: boolean;
  /** Otherwise each kind with probability 1/2. */
  readonly faults?: readonly Fault[];
  readonly stormMs?: number;
  /** Within this time after the last fault all is right; otherwise the bound for what may happen. */
  readonly quietMs?: number;
}

export class SimulatedLife {
  readonly world: SimulatedWorld;
  private readonly faults: readonly Fault[];
  private readonly stormMs: number;
  private readonly quietMs: number;
  private readonly tidyEveryMs: number;
  private tabs = 0;
  private storming = true;
  private isQuiet = false;
  private backMs = 0;

  constructor({ seed, traced, faults, stormMs, quietMs }: LifeOptions) {
    this.world = new SimulatedWorld(seed, traced);
    const { random } = this.world;
    this.faults = faults ?? FAULTS.filter(() => random.chance(0.5));
    this.stormMs = stormMs ?? random.between(3000, 12_000);
    const has = (...some: Fault[]): boolean => some.some((fault) => this.faults.includes(fault));
    // What was under way when all was mended still fails: a call may be late, or wait until it times out.
    const waitMs = has('lost calls') ? 5000 : has('cut', 'away', 'restart', 'failover') ? 2000 : 0;
    this.quietMs = quietMs ?? (has('kill', 'shutdown') ? 10_000 : 5000) + waitMs;
    this.tidyEveryMs = random.chance(0.5) ? random.between(500, 5000) : Infinity;
  }

  /** @throws Violation */
  async run(): Promise<void> {
    const { world } = this;
    const { random } = world;
    world.trace(`faults: ${this.faults.join(', ') || 'none'}`);
    const pods = 1 + Math.floor(random.between(0, 3));
    for (let n = 0; n < pods; n += 1) world.pod(this.tidyEveryMs);
    const pollers = [world.poller(), world.poller()];
    this.setWeather();
    this.often(60, () => this.act());
    this.often(120, () => this.read());
    this.often(200, () => this.pollSomewhere(random.pick(pollers)));
    if (this.faults.length > 0) this.often(1500, () => this.goWrong());
    await world.pass(this.stormMs);
    this.mend();
    // Half of the lives end with nobody asking: then the pods have to find everything by themselves.
    if (random.chance(0.5)) {
      this.often(300, () => this.read(), true);
      this.often(300, () => this.pollSomewhere(random.pick(pollers)), true);
    }
    await world.pass(this.quietMs + this.backMs);
    this.isQuiet = true;
    world.isSettled();
    world.watchersSee();
    for (const poller of pollers) for (const pod of world.living) await world.until(this.poll(poller, pod));
    await world.allSee();
    // A failover may lose the proof with the rest.
    if (!this.faults.includes('failover')) world.lossIsProven();
  }

  private often(meanMs: number, act: () => void, always = false): void {
    const { time, random } = this.world;
    const next = (): void => {
      if (!this.storming && !always) return;
      act();
      time.after(random.between(0, 2 * meanMs), next);
    };
    time.after(random.between(0, 2 * meanMs), next);
  }

  private act(): void {
    const { random } = this.world;
    const pod = random.pick(this.world.running.filter(({ isLeaving }) => !isLeaving));
    if (pod === undefined) return;
    const id = random.pick([...pod.tabs.keys()]);
    const channel = random.pick(CHANNELS) as string;
    const kind = random.next();
    if (id === undefined || (kind < 0.2 && pod.tabs.size < 6)) {
      this.tabs += 1;
      pod.watch(pod.connect(`c${this.tabs}`, random.pick(USERS) ?? null));
    } else if (kind < 0.4) pod.watch(pod.disconnect(id));
    else if (kind < 0.65) pod.watch(pod.join(id, channel));
    else if (kind < 0.8) pod.watch(pod.leave(id, channel));
    else if (kind < 0.9) pod.watch(pod.setActive(id, random.chance(0.5)));
    else pod.watch(pod.choose(random.pick(USERS) ?? 'dan', random.pick(STATUSES) ?? 'online'));
  }

  private read(): void {
    const pod = this.world.random.pick(this.world.running);
    pod?.watch(unlessUnavailable(pod.read()));
  }

  private pollSomewhere(poller: SimulatedPoller | undefined): void {
    const pod = this.world.random.pick(this.world.running);
    if (poller !== undefined) pod?.watch(unlessUnavailable(this.poll(poller, pod)));
  }

  private poll(poller: SimulatedPoller, pod: SimulatedPod): Promise<void> {
    // Who has seen what a failover lost needs a moment to find out; if nobody is left, nobody will.
    const mayBeWrong = (): boolean => this.world.isDoubtful && !(this.isQuiet && this.world.hasSeer);
    return poller.poll(pod, mayBeWrong);
  }

  private setWeather(): void {
    const { random, weather } = this.world;
    const rate = (fault: Fault, most: number): number => (this.faults.includes(fault) ? random.between(0, most) : 0);
    weather.requestLost = rate('lost calls', 0.1);
    weather.replyLost = rate('lost calls', 0.1);
    weather.late = rate('lost calls', 0.1);
    weather.publicationLost = rate('lost publications', 0.3);
    weather.slow = rate('slow ways', 0.3);
  }

  private goWrong(): void {
    const { world } = this;
    const { random, server, time } = world;
    const pod = random.pick(world.running);
    const fault = random.pick(this.faults) as Fault;
    switch (fault) {
      case 'lost calls':
      case 'lost publications':
      case 'slow ways':
        this.setWeather();
        return;
      case 'cut':
        if (pod === undefined) return;
        world.cut(pod);
        time.after(this.spell(), () => world.mend(pod));
        return;
      case 'away':
        this.awayFor(this.spell(), () => undefined);
        return;
      case 'flush':
        world.forget();
        return;
      case 'restart':
        this.awayFor(random.between(50, 1000), () => {
          server.node += 1;
          world.forget();
        });
        return;
      case 'failover':
        world.trace(`the replica stays at ${server.head.revision}`);
        server.partReplica();
        time.after(random.between(1, 400), () => {
          if (this.storming) this.awayFor(random.between(20, 1000), () => world.fallBack());
        });
        return;
      case 'clock':
        this.jump();
        return;
      case 'log':
        world.trace('the log is lost');
        server.loseLog();
        return;
      case 'pause':
        if (pod === undefined) return;
        world.pause(pod);
        time.after(random.chance(0.5) ? this.spell() : random.between(6000, 12_000), () => world.resume(pod));
        return;
      case 'kill':
        pod?.kill();
        this.startSoon();
        return;
      case 'shutdown':
        pod?.watch(pod.shutDown());
        this.startSoon();
        return;
    }
  }

  private spell(): number {
    const { random } = this.world;
    return random.chance(0.5) ? random.between(20, 1000) : random.between(1000, 8000);
  }

  private awayFor(ms: number, meanwhile: () => void): void {
    const { world } = this;
    if (world.server.isAway) return;
    world.away();
    meanwhile();
    world.time.after(ms, () => world.back());
  }

  /** Back only once, and by no more than a loss forgives: a store that forgets the time it has shown may stamp below it. */
  private jump(): void {
    const { random, server } = this.world;
    const back = this.backMs === 0 && !this.faults.includes('failover') && random.chance(0.5);
    const byMs = Math.round(back ? -random.between(100, 1500) : random.between(100, 10_000));
    if (back) this.backMs = -byMs;
    this.world.trace(`the store's clock jumps by ${byMs} ms`);
    server.skewMs += byMs;
  }

  private startSoon(): void {
    const { time, random } = this.world;
    time.after(random.between(0, 2000), () => {
      if (this.storming && this.world.living.length < 4) this.world.pod(this.tidyEveryMs);
    });
  }

  private mend(): void {
    const { world } = this;
    this.storming = false;
    world.trace('all is mended');
    Object.assign(world.weather, CALM);
    world.back();
    for (const pod of world.living) {
      if (pod.isLeaving) pod.kill();
      world.mend(pod);
      world.resume(pod);
    }
    if (world.living.length === 0) world.pod(this.tidyEveryMs);
  }
}

/** A store that is away for long leaves nothing to answer with. */
async function unlessUnavailable(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'UNAVAILABLE') throw error;
  }
}
