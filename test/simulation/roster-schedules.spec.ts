import { LEASE_MS } from '../support/simulated-server';
import { BEAT_MS, type SimulatedPod } from '../support/simulated-pod';
import type { Fate } from '../support/simulated-store';
import { SimulatedWorld } from '../support/simulated-world';

describe('The pods’ side of the protocol', () => {
  let world: SimulatedWorld;
  let p1: SimulatedPod;
  let p2: SimulatedPod;
  let first: number;

  beforeEach(async () => {
    world = new SimulatedWorld(1);
    p1 = world.pod();
    p2 = world.pod();
    await world.pass(100);
    first = world.server.head.revision;
  });

  const fated = (pod: SimulatedPod, call: string, ...fates: Fate[]): unknown => pod.store.fates.set(call, fates);

  /** The connections that each batch or sweep after so many changes has written: `+` set, `-` gone. */
  const written = (changes: number): string[] =>
    world.server.roster
      .entriesAfter(first + changes)
      .map(({ rows }) => rows.map(([id, row]) => (row === null ? `-${id}` : `+${id}`)).join(' '));

  /** Everything is right, for whoever asks and whoever only watches. */
  const allIsWell = async (): Promise<void> => {
    world.isSettled();
    world.watchersSee();
    await world.allSee();
  };

  describe('sends a batch', () => {
    it('again when its answer is lost, and it counts once', async () => {
      fated(p1, 'apply', 'reply lost', 'reply lost');
      expect(await world.until(p1.connect('c1', 'ada'))).toBe('degraded');
      await world.pass(5000);
      expect(written(0)).toEqual(['+c1']);
      await allIsWell();
    });

    it('again as it was, though the connection has left meanwhile', async () => {
      fated(p1, 'apply', 'reply lost');
      p1.watch(p1.connect('c1', 'ada'));
      await world.pass(8);
      expect(written(0)).toEqual(['+c1']);
      p1.watch(p1.disconnect('c1'));
      await world.pass(3000);
      expect(written(0)).toEqual(['+c1', '-c1']);
      await allIsWell();
    });

    it('that runs once more much later, and changes nothing then', async () => {
      fated(p1, 'apply', 'late');
      await world.until(p1.connect('c1', 'ada'));
      await world.pass(2500);
      await world.until(p1.disconnect('c1'));
      await world.pass(5000);
      expect(written(0)).toEqual(['+c1', '-c1']);
      await allIsWell();
    });

    it('that runs once more after the roster was let go and taken up again, and changes nothing then', async () => {
      fated(p1, 'apply', 'arrives', 'late');
      await world.until(p1.connect('c1', 'ada'));
      await world.until(p1.join('c1', 'hall'));
      await world.pass(150);
      await world.until(p1.disconnect('c1'));
      await world.until(p1.tidy());
      await world.until(p1.connect('c2', 'bob'));
      await world.pass(8000);
      expect(written(0)).toEqual(['+c1', '+c1', '-c1', '+c2']);
      await allIsWell();
    });

    it('without what cancels out', async () => {
      const done = [p1.connect('c1', null), p1.join('c1', 'hall'), p1.disconnect('c1')];
      expect(await world.until(Promise.all(done))).toEqual(['stored', 'stored', 'stored']);
      await world.until(p1.connect('c2', 'ada'));
      expect(await world.until(Promise.all([p1.join('c2', 'hall'), p1.leave('c2', 'hall')]))).toEqual([
        'stored',
        'stored',
      ]);
      expect(written(0)).toEqual(['+c2']);
    });
  });

  describe('when a pod is paused,', () => {
    beforeEach(async () => {
      for (const n of [1, 2, 3, 4, 5]) await world.until(p1.connect(`c${n}`, 'ada'));
    });

    it('brings back only what a sweep has taken away', async () => {
      fated(p2, 'sweep', 'arrives', 'request lost', 'request lost');
      world.pause(p1);
      while (written(5).length === 0) await world.pass(10);
      world.resume(p1);
      await world.pass(BEAT_MS + 1000);
      expect(written(5)).toEqual(['-c1 -c2', '+c1 +c2']);
      await allIsWell();
    });

    it('writes nothing if nobody has swept it', async () => {
      p2.kill();
      world.pause(p1);
      await world.pass(LEASE_MS + 6000);
      world.resume(p1);
      await world.pass(1000);
      expect(written(5)).toEqual([]);
      await allIsWell();
    });
  });

  describe('when a pod is killed,', () => {
    it('sweeps it within 10 s', async () => {
      await world.until(p1.connect('c1', 'ada'));
      await world.until(p2.connect('c2', 'bob'));
      p1.kill();
      await world.pass(10_000);
      await allIsWell();
    });

    it('sweeps it also if all the others were killed with it, and a new one came', async () => {
      await world.until(p1.connect('c1', 'ada'));
      await world.until(p2.connect('c2', 'bob'));
      p1.kill();
      p2.kill();
      await world.pass(500);
      world.pod();
      await world.pass(9500);
      await allIsWell();
    });

    it('goes on where a sweeper was killed in the middle', async () => {
      for (const n of [1, 2, 3, 4, 5]) await world.until(p1.connect(`c${n}`, 'ada'));
      fated(p2, 'sweep', 'arrives', 'request lost');
      p1.kill();
      while (written(5).length === 0) await world.pass(10);
      p2.kill();
      world.pod();
      await world.pass(1000);
      expect(written(5)).toEqual(['-c1 -c2', '-c3 -c4', '-c5']);
      world.isSettled();
    });
  });

  it('leaves nothing of a pod that shuts down', async () => {
    await world.until(p1.connect('c1', 'ada'));
    await world.until(p1.shutDown(), 1000);
    world.isSettled();
    expect(world.server.roster.leases(world.server.nowMs)).toEqual([]);
  });

  describe('sweeps no living pod', () => {
    beforeEach(async () => {
      await world.until(p1.connect('c1', 'ada'));
      await world.until(p2.connect('c2', 'bob'));
    });

    it('when the store was away for longer than a lease', async () => {
      world.away();
      await world.pass(LEASE_MS + BEAT_MS);
      world.back();
      await world.pass(5000);
      expect(written(2)).toEqual([]);
      await allIsWell();
    });

    it('when the clock of the store has jumped', async () => {
      world.server.skewMs += 10_000;
      await world.pass(5000);
      expect(written(2)).toEqual([]);
      await allIsWell();
    });

    it('but the one that was cut off, which comes back', async () => {
      world.cut(p1);
      await world.pass(LEASE_MS + 2 * BEAT_MS);
      expect(written(2)).toEqual(['-c1']);
      world.mend(p1);
      await world.pass(BEAT_MS + 1000);
      expect(written(2)).toEqual(['-c1', '+c1']);
      await allIsWell();
    });
  });
});
