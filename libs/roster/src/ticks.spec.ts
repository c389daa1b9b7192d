import { HOST, rowOf, Writer } from '../../../test/support/roster-store';
import { Directory, GRACE_MS, START_MS } from '../../../test/support/roster-view';
import { MemoryRosterStore } from './memory.store';
import { Ticks } from './ticks';
import type { Timing } from './timing';
import { type Moment, Views } from './views';

/** Time that passes when the test says so. */
class Clock implements Timing {
  nowMs = 1000;
  private sleepers: { readonly atMs: number; wake(): void }[] = [];

  now(): number {
    return this.nowMs;
  }

  get sleeping(): number {
    return this.sleepers.length;
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.sleepers.push({ atMs: this.nowMs + ms, wake: resolve }));
  }

  async pass(ms: number): Promise<void> {
    const until = this.nowMs + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const next = this.sleepers.sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs > until) break;
      this.sleepers.shift();
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.wake();
    }
    this.nowMs = Math.max(this.nowMs, until);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('The ticks of a host', () => {
  let clock: Clock;
  let pod: Writer;
  let views: Views;
  let ticks: Ticks;
  let told: (Pick<Moment, 'atMs'> & { readonly connections: number; readonly bob: string })[];
  let errors: unknown[];

  beforeEach(async () => {
    clock = new Clock();
    told = [];
    errors = [];
    const store = new MemoryRosterStore({ now: () => START_MS + clock.nowMs, graceMs: GRACE_MS, leaseMs: 6000 });
    pod = new Writer(store, HOST, 'pod-1');
    const directory = new Directory();
    views = new Views({
      store,
      own: store,
      profilesOf: () => directory,
      isWritten: () => Promise.resolve(true),
      timing: { now: () => clock.nowMs, wait: () => new Promise((resolve) => setImmediate(resolve)) },
      times: { reregisterMs: 4000, staleMaxMs: 30_000 },
      remembers: { graceMs: GRACE_MS, stepsMin: 100, stepsMax: 100 },
    });
    ticks = new Ticks({ views, timing: clock, report: (error) => errors.push(error) });
    await pod.row('t0', rowOf('ada'));
    await views.read(HOST);
  });

  const listen = (answer: 'done' | 'again' = 'done', workMs = 0): (() => void) =>
    ticks.follow(HOST, (moment) => {
      const { view, atMs } = moment;
      told.push({ atMs, connections: view.connections, bob: view.presence.statusAt('bob', atMs) });
      clock.nowMs += workMs;
      return answer;
    });

  it('come soon after a change, and many changes make one', async () => {
    listen();
    await clock.pass(200);
    told = [];
    for (let n = 1; n <= 20; n += 1) await pod.row(`t${n}`, rowOf('bob'));
    await clock.pass(0);
    expect(told.map(({ connections }) => connections)).toEqual([21]);
    await pod.row('t21', rowOf('bob'));
    await clock.pass(45);
    expect(told).toHaveLength(1);
    await clock.pass(10);
    expect(told.map(({ connections }) => connections)).toEqual([21, 22]);
    await clock.pass(1000);
    expect(told).toHaveLength(2);
  });

  it('come by themselves when a grace is over', async () => {
    await pod.row('t1', rowOf('bob'));
    listen();
    await clock.pass(200);
    await pod.gone('t1');
    await clock.pass(100);
    told = [];
    await clock.pass(GRACE_MS - 200);
    expect(told).toEqual([]);
    await clock.pass(150);
    expect(told.map(({ bob }) => bob)).toEqual(['offline']);
  });

  it('leave the pod three times as long in peace as they took', async () => {
    listen('done', 100);
    await clock.pass(1000);
    told = [];
    await pod.row('t1', rowOf('bob'));
    await clock.pass(0);
    await pod.row('t2', rowOf('bob'));
    await clock.pass(250);
    expect(told).toHaveLength(1);
    await clock.pass(100);
    expect(told).toHaveLength(2);
  });

  it('come again for those who could not be told', async () => {
    listen('again');
    await clock.pass(1050);
    expect(told).toHaveLength(5);
    expect(errors).toEqual([]);
  });

  it('leave no timers behind, however much happens', async () => {
    listen();
    await clock.pass(200);
    for (let n = 1; n <= 100; n += 1) {
      await pod.row('t1', rowOf('bob', { active: n % 2 === 0 }));
      await clock.pass(60);
    }
    expect(told.length).toBeGreaterThan(100);
    expect(clock.sleeping).toBeLessThan(5);
  });

  it('survive a listener that fails, and tell it again', async () => {
    ticks.follow(HOST, () => {
      throw new Error('Not now.');
    });
    listen();
    await clock.pass(300);
    expect(told.length).toBeGreaterThan(1);
    expect(errors).toEqual(told.map(() => new Error('Not now.')));
  });

  it('keep the view while somebody listens, and no longer', async () => {
    const stop = listen();
    for (let round = 0; round < 3; round += 1) views.dropIdle();
    expect(views.current(HOST)).toBeDefined();
    stop();
    for (let round = 0; round < 2; round += 1) views.dropIdle();
    expect(views.current(HOST)).toBeUndefined();
    await clock.pass(100);
    expect(told).toEqual([]);
  });
});
