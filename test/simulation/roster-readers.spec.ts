import { GRACE_MS } from '../support/simulated-server';
import { BEAT_MS, REREGISTER_MS, type SimulatedPod } from '../support/simulated-pod';
import { SimulatedWorld } from '../support/simulated-world';

describe('The pods’ side of the protocol, for who reads,', () => {
  let world: SimulatedWorld;
  let p1: SimulatedPod;
  let p2: SimulatedPod;

  beforeEach(async () => {
    world = new SimulatedWorld(1);
    p1 = world.pod();
    p2 = world.pod();
    await world.pass(100);
  });

  const shown = async (pod: SimulatedPod, ...ids: string[]): Promise<boolean[]> => {
    const { view } = await world.until(pod.read());
    return ids.map((id) => view.connection(id) !== undefined);
  };

  /** Everything is right, for whoever asks and whoever only watches. */
  const allIsWell = async (): Promise<void> => {
    world.isSettled();
    world.watchersSee();
    await world.allSee();
  };

  describe('after a failover that lost writes,', () => {
    let epoch: string;

    beforeEach(async () => {
      await world.until(p1.connect('c1', 'ada'));
      await world.until(p2.connect('c2', 'bob'));
      ({ epoch } = world.server.head);
      world.server.partReplica();
    });

    it('writes again what was lost, and says that something was', async () => {
      await world.until(p1.join('c1', 'hall'));
      world.fallBack();
      await world.pass(BEAT_MS + 500);
      expect(world.server.head.epoch).not.toBe(epoch);
      // Nobody has a picture from before, and so nobody knows which pods are still to register.
      await world.pass(REREGISTER_MS);
      await allIsWell();
    });

    it('shows nothing of it as being so, though the store is in the view’s own past', async () => {
      await world.until(p1.connect('c3', 'ada'));
      expect(await shown(p2, 'c3')).toEqual([true]);
      p1.kill();
      world.fallBack();
      const { staleMs } = await world.until(p2.read());
      expect(staleMs).toBeGreaterThan(0);
      await world.pass(REREGISTER_MS);
      expect(await shown(p2, 'c3')).toEqual([false]);
    });

    it.each(['as many', 'more'])('takes no changes of another history for its own, after %s', async (how) => {
      await world.until(p1.connect('c3', 'ada'));
      expect(await shown(p2, 'c3')).toEqual([true]);
      p1.kill();
      world.fallBack();
      const p3 = world.pod();
      await world.until(p3.connect('c4', 'cyd'));
      if (how === 'more') await world.until(p3.connect('c5', 'cyd'));
      await world.pass(5000);
      expect(world.server.head.epoch).not.toBe(epoch);
      expect(await shown(p2, 'c3', 'c4')).toEqual([false, true]);
    });

    it('takes back a status that a poller has seen', async () => {
      const poller = world.poller();
      await world.until(poller.poll(p2));
      await world.until(p1.choose('cyd', 'busy'));
      await world.until(p1.choose('bob', 'busy'));
      await world.until(poller.poll(p2));
      p1.kill();
      world.fallBack();
      await world.pass(1000);
      await world.until(poller.poll(p2));
    });

    it('takes out what a pod that is no longer on the host had taken out', async () => {
      await world.until(p1.disconnect('c1'));
      await world.until(p1.tidy());
      world.fallBack();
      await world.pass(BEAT_MS + 500);
      world.isSettled();
    });
  });

  describe('after FLUSHALL', () => {
    beforeEach(async () => {
      await world.until(p1.connect('c1', 'ada'));
      await world.until(p2.connect('c2', 'bob'));
      await world.allSee();
    });

    it('is right again within 5 s, also for who only watches', async () => {
      world.forget();
      await world.pass(5000);
      await allIsWell();
      world.lossIsProven();
    });

    it('keeps the old picture until all pods have registered, and reports no departure', async () => {
      const poller = world.poller();
      await world.until(poller.poll(p1));
      world.pause(p2);
      world.forget();
      await world.until(p1.join('c1', 'hall'));
      const { view, staleMs } = await world.until(p1.read());
      expect([view.connection('c2') !== undefined, staleMs > 0]).toEqual([true, true]);
      await world.until(poller.poll(p1));
      world.resume(p2);
      await world.pass(BEAT_MS + 500);
      expect(await shown(p1, 'c1', 'c2')).toEqual([true, true]);
      await world.until(poller.poll(p1));
    });

    it('tells a poller who is gone for good, though only a view remembers', async () => {
      const poller = world.poller();
      await world.until(p2.disconnect('c2'));
      await world.until(p2.tidy());
      await world.until(poller.poll(p2));
      p1.kill();
      world.forget();
      await world.pass(4000);
      await world.until(poller.poll(p2));
      world.lossIsProven();
    });
  });

  describe('keeps a view', () => {
    beforeEach(async () => {
      await world.until(p1.connect('c1', 'ada'));
      await world.until(p2.connect('c2', 'bob'));
      await world.allSee();
    });

    it('up within a beat when the last entry is lost and nobody asks', async () => {
      world.weather.publicationLost = 1;
      await world.until(p1.connect('c3', 'cyd'));
      world.weather.publicationLost = 0;
      await world.pass(BEAT_MS + 50);
      world.watchersSee();
    });

    it('when the log is lost, and loads it anew if it was behind', async () => {
      const { view } = p2;
      world.server.loseLog();
      expect((await world.until(p2.read())).view).toBe(view);
      world.weather.publicationLost = 1;
      await world.until(p1.connect('c3', 'cyd'));
      world.server.loseLog();
      const { view: loaded } = await world.until(p2.read());
      expect(loaded).not.toBe(view);
      await world.allSee();
    });

    it('from answering a second question with what was asked for a first', async () => {
      world.weather.publicationLost = 1;
      const first = p2.read();
      await world.pass(0.1);
      const second = p1.connect('c3', 'cyd').then(() => p2.read());
      await world.until(first);
      expect((await world.until(second)).view.connection('c3')).toBeDefined();
    });
  });

  describe('tells a poller', () => {
    it('of a departure when its grace is over, and of none that was taken back', async () => {
      const poller = world.poller();
      await world.until(p1.connect('c1', 'ada'));
      await world.until(p1.connect('c2', 'bob'));
      await world.until(Promise.all([p1.disconnect('c1'), p1.disconnect('c2')]));
      await world.pass(GRACE_MS - 200);
      await world.until(poller.poll(p2));
      await world.until(p2.connect('c3', 'bob'));
      await world.pass(300);
      await world.until(poller.poll(p2));
      const { view, atMs } = await world.until(p2.read(true));
      expect([view.presence.statusAt('ada', atMs), view.presence.statusAt('bob', atMs)]).toEqual(['offline', 'online']);
    });

    it('of every change, though the clock of the store goes back between two polls', async () => {
      const poller = world.poller();
      await world.until(p1.connect('c1', 'ada'));
      await world.until(poller.poll(p1));
      world.server.skewMs -= 1500;
      await world.until(p1.setActive('c1', false));
      await world.until(poller.poll(p2));
    });

    it('of every change, though it has polled a pod that could not reach the store', async () => {
      const poller = world.poller();
      await world.until(p1.connect('c1', 'ada'));
      await world.until(poller.poll(p2));
      world.cut(p2);
      await world.pass(1000);
      await world.until(p1.setActive('c1', false));
      await world.pass(1000);
      await world.until(poller.poll(p2));
      await world.until(poller.poll(p1));
    });
  });
});
