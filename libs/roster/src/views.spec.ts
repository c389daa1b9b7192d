import { AppError } from '@rollcall/contract';
import { HOST, rowOf, Writer } from '../../../test/support/roster-store';
import { Directory, parsed } from '../../../test/support/roster-view';
import { WatchedStore } from '../../../test/support/roster-watched.store';
import { Views } from './views';

const REREGISTER_MS = 4000;
const STALE_MAX_MS = 30_000;

describe('The views of a pod', () => {
  let store: WatchedStore;
  let pod: Writer;
  let views: Views;
  let directory: Directory;
  /** Whether the store has what this pod itself has. */
  let isWritten: boolean;
  /** This pod's own clock, which nothing moves but the test. */
  let clockMs: number;

  beforeEach(() => {
    clockMs = 0;
    isWritten = true;
    store = new WatchedStore();
    pod = new Writer(store, HOST, 'pod-1');
    directory = new Directory();
    views = newViews();
  });

  const newViews = (): Views =>
    new Views({
      store,
      own: store,
      profilesOf: () => directory,
      isWritten: () => Promise.resolve(isWritten),
      timing: { now: () => clockMs, wait: () => new Promise((resolve) => setImmediate(resolve)) },
      times: { reregisterMs: REREGISTER_MS, staleMaxMs: STALE_MAX_MS },
    });

  afterEach(() => {
    views.dropIdle();
    views.dropIdle();
  });

  const connections = async (host = HOST): Promise<number> => {
    const { view, staleMs } = await views.read(host);
    expect(staleMs).toBe(0);
    return view.totals.userConnections;
  };

  it('have every acknowledged write, and load once', async () => {
    for (let count = 1; count <= 3; count += 1) {
      await pod.row(`c${count}`, rowOf('ada'));
      expect(await connections()).toBe(count);
    }
    expect([store.loads, store.following]).toEqual([1, 1]);
  });

  it('load once for all who ask at the same time', async () => {
    await pod.row('c1', rowOf('ada'));
    expect(await Promise.all([connections(), connections(), connections()])).toEqual([1, 1, 1]);
    expect([store.loads, store.following]).toEqual([1, 1]);
  });

  it('miss nothing that is written while they load', async () => {
    await pod.row('c1', rowOf('ada'));
    store.whileLoading = () => pod.row('c2', rowOf('ada'));
    expect(await connections()).toBe(2);
    expect(store.loads).toBe(1);
  });

  it('are as old as the store’s time says, also when nothing happens, where presence is asked for', async () => {
    const { atMs } = await pod.row('c1', rowOf('ada'));
    store.clock.nowMs += 5000;
    expect((await views.readPresence(HOST)).atMs).toBe(atMs + 5000);
  });

  it('show a time that no later change undercuts, on whichever pod', async () => {
    await pod.row('c1', rowOf('ada'));
    store.clock.nowMs += 5000;
    const { atMs } = await views.readPresence(HOST);
    store.clock.nowMs -= 2000;
    expect((await pod.row('c2', rowOf('ada'))).atMs).toBe(atMs);
  });

  it('keep the time that was shown also when the store has lost it', async () => {
    await pod.row('c1', rowOf('ada'));
    store.clock.nowMs += 5000;
    const { atMs } = await views.readPresence(HOST);
    store.clock.nowMs -= 5000;
    store.loseEverything();
    await pod.open({ epoch: 'before', revision: 0 });
    await pod.row('c1', rowOf('ada'));
    clockMs += REREGISTER_MS;
    await views.readPresence(HOST);
    expect((await views.readPresence(HOST)).atMs).toBeGreaterThanOrEqual(atMs);
  });

  describe('read the log, and do not load again,', () => {
    it.each([1, 3])('when the last %i entries were lost on the way', async (lost) => {
      await connections();
      store.losing = true;
      for (let n = 1; n <= lost; n += 1) await pod.row(`c${n}`, rowOf('ada'));
      store.losing = false;
      expect(await connections()).toBe(lost);
      expect([store.loads, store.following]).toEqual([1, 1]);
    });

    it('when an entry follows on one that was lost', async () => {
      await connections();
      store.losing = true;
      await pod.row('c1', rowOf('ada'));
      store.losing = false;
      await pod.row('c2', rowOf('ada'));
      expect(await connections()).toBe(2);
      expect(store.loads).toBe(1);
    });

    it('when a beat says that something was missed', async () => {
      await connections();
      store.losing = true;
      const head = await pod.row('c1', rowOf('ada'));
      views.hint(HOST, head);
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      expect(views.current(HOST)?.totals.userConnections).toBe(1);
    });
  });

  it('neither load nor read the log when the connection was interrupted and nothing was missed', async () => {
    await pod.row('c1', rowOf('ada'));
    await connections();
    store.interrupt();
    expect(await connections()).toBe(1);
    expect([store.loads, store.logReads]).toEqual([1, 0]);
  });

  it('listen anew when nothing is heard of what the log has', async () => {
    await connections();
    store.deafen();
    for (let count = 1; count <= 3; count += 1) {
      await pod.row(`c${count}`, rowOf('ada'));
      expect(await connections()).toBe(count);
    }
    await pod.row('c4', rowOf('ada'));
    expect(views.current(HOST)?.totals.userConnections).toBe(4);
    expect([store.loads, store.following]).toEqual([1, 1]);
  });

  it('load again when the log does not go back far enough', async () => {
    await connections();
    store.losing = true;
    await pod.row('c1', rowOf('ada'));
    store.losing = false;
    store.logless = true;
    expect(await connections()).toBe(1);
    expect(store.loads).toBe(2);
  });

  it('try again for the next question when loading fails', async () => {
    const error = new Error('A script is wrong.');
    store.whileLoading = () => Promise.reject(error);
    await expect(connections()).rejects.toBe(error);
    await pod.row('c1', rowOf('ada'));
    expect(await connections()).toBe(1);
    expect(store.following).toBe(1);
  });

  describe('when the store is away', () => {
    it('show the last picture with its age, at its own time, and none that is too old', async () => {
      await pod.row('c1', rowOf('ada'));
      const { atMs } = await views.readPresence(HOST);
      store.away = true;
      clockMs += 1000;
      expect(await views.readPresence(HOST)).toMatchObject({ staleMs: 1000, atMs });
      clockMs += STALE_MAX_MS - 1000;
      const { view, staleMs } = await views.read(HOST);
      expect([view.totals.userConnections, staleMs]).toEqual([1, STALE_MAX_MS]);
      clockMs += 1;
      await expect(views.read(HOST)).rejects.toThrow(AppError);
      store.away = false;
      expect(await connections()).toBe(1);
    });

    it('have a picture as old as the last word of the store, which a beat or a look of their own is, too', async () => {
      await pod.row('c1', rowOf('ada'));
      await connections();
      clockMs += STALE_MAX_MS;
      views.hint(HOST, await store.head(HOST));
      store.away = true;
      clockMs += 1000;
      expect((await views.read(HOST)).staleMs).toBe(1000);

      store.away = false;
      clockMs += STALE_MAX_MS;
      views.keepUp();
      await new Promise((resolve) => setImmediate(resolve));
      store.away = true;
      expect((await views.read(HOST)).staleMs).toBeLessThan(1000);
      expect(store.loads).toBe(1);
    });

    it('have the last picture for who has done something, however old it is, if there ever was one', async () => {
      store.away = true;
      expect(await views.latest(HOST, 'readPresence')).toBeUndefined();
      store.away = false;
      await pod.row('c1', rowOf('ada'));
      expect((await views.latest(HOST, 'readPresence'))?.view.totals.userConnections).toBe(1);
      store.away = true;
      clockMs += 2 * STALE_MAX_MS;
      await expect(views.read(HOST)).rejects.toThrow(AppError);
      expect((await views.latest(HOST, 'readPresence'))?.view.totals.userConnections).toBe(1);
    });

    it('have nothing to show of a host that nobody has asked about before', async () => {
      store.away = true;
      await expect(views.read(HOST)).rejects.toThrow(AppError);
      store.away = false;
      expect(await connections()).toBe(0);
    });
  });

  describe('when the store has lost everything', () => {
    const isOld = async (): Promise<[connections: number, stale: boolean]> => {
      const { view, staleMs } = await views.read(HOST);
      return [view.totals.userConnections, staleMs > 0];
    };

    beforeEach(async () => {
      await pod.row('c1', rowOf('ada'));
      await new Writer(store, HOST, 'pod-2').row('c2', rowOf('bob'));
      expect(await connections()).toBe(2);
      store.loseEverything();
    });

    it('keep the old picture, and say so, until all pods have had the time to write what they own', async () => {
      expect(await isOld()).toEqual([2, true]);
      clockMs += 100;
      await pod.open({ epoch: 'before', revision: 0 });
      await pod.row('c1', rowOf('ada'));
      expect(await isOld()).toEqual([2, true]);
      await new Writer(store, HOST, 'pod-2').row('c2', rowOf('bob'));
      expect(await isOld()).toEqual([2, true]);
      clockMs += 300;
      await views.read(HOST);
      expect(await isOld()).toEqual([2, false]);
    });

    it('keep the old picture until this very pod has written what it owns, however late', async () => {
      isWritten = false;
      await pod.open({ epoch: 'before', revision: 0 });
      expect(await isOld()).toEqual([2, true]);
      clockMs += 5 * REREGISTER_MS;
      expect(await isOld()).toEqual([2, true]);
      await pod.row('c1', rowOf('ada'));
      isWritten = true;
      await views.read(HOST);
      expect(await isOld()).toEqual([1, false]);
    });

    it('do not wait for a pod that has died with it', async () => {
      await pod.open({ epoch: 'before', revision: 0 });
      await pod.row('c1', rowOf('ada'));
      expect(await isOld()).toEqual([2, true]);
      clockMs += REREGISTER_MS;
      await views.read(HOST);
      expect(await isOld()).toEqual([1, false]);
    });

    it('know that the new epoch began with a loss', async () => {
      await views.read(HOST);
      await pod.open({ epoch: 'before', revision: 0 });
      clockMs += REREGISTER_MS;
      await views.read(HOST);
      const { view } = await views.read(HOST);
      expect(view.head.epochAtMs).toBeGreaterThan(0);
    });

    it('have no picture from before if they are new, and say that theirs may lack somebody', async () => {
      views.close();
      views = newViews();
      await pod.open({ epoch: 'before', revision: 0 });
      await pod.row('c1', rowOf('ada'));
      expect(await isOld()).toEqual([1, true]);
      await new Writer(store, HOST, 'pod-2').row('c2', rowOf('bob'));
      expect(await isOld()).toEqual([2, true]);
      clockMs += REREGISTER_MS;
      expect(await isOld()).toEqual([2, false]);
    });

    it('do not wait where nobody was connected', async () => {
      expect(await connections('b.example')).toBe(0);
      store.loseEverything();
      await views.read('b.example');
      expect(await connections('b.example')).toBe(0);
    });
  });

  it('are old for the whole time that pods have where no lease was ever gone: some may have yet to notice', async () => {
    await pod.row('c1', rowOf('ada'));
    expect(await connections()).toBe(1);
    await store.renewEpoch(HOST, (await store.head(HOST)).epoch);
    const isOld = async (): Promise<boolean> => (await views.read(HOST)).staleMs > 0;
    expect(await isOld()).toBe(true);
    clockMs += REREGISTER_MS - 1;
    expect(await isOld()).toBe(true);
    clockMs += 1;
    await views.read(HOST);
    expect(await isOld()).toBe(false);
  });

  it('learn from a pod that the epoch, which they know already, began with a loss', async () => {
    await connections();
    expect((await views.read(HOST)).view.head.epochAtMs).toBe(0);
    await pod.open({ epoch: 'earlier', revision: 0 });
    expect((await views.read(HOST)).view.head.epochAtMs).toBeGreaterThan(0);
    expect(store.loads).toBe(1);
  });

  it('tell the store when it has gone back, so that nobody takes the two histories for one', async () => {
    await pod.row('c1', rowOf('ada'));
    await connections();
    const { epoch } = await store.head(HOST);
    store.goBack();
    await views.read(HOST);
    expect((await store.head(HOST)).epoch).not.toBe(epoch);
  });

  it('are dropped when nobody has asked for a whole round', async () => {
    await connections();
    views.dropIdle();
    expect(store.following).toBe(1);
    await connections();
    views.dropIdle();
    expect(store.following).toBe(1);
    views.dropIdle();
    expect(store.following).toBe(0);
    await pod.row('c1', rowOf('ada'));
    expect(await connections()).toBe(1);
    expect(store.loads).toBe(2);
  });

  it('stay while somebody waits for them, however many hosts are asked about', async () => {
    await pod.row('c1', rowOf('ada'));
    const hosts = Array.from({ length: 1500 }, (_, n) => `host-${n}.example`);
    const readings = await Promise.all([...hosts, HOST].map((host) => views.read(host)));
    expect(readings.at(-1)?.view.connections).toBe(1);
    expect(hosts.filter((host) => views.current(host) === undefined)).toEqual([]);
    // They go when more are asked about: nobody is on them.
    await views.read('one-more.example');
    expect(hosts.filter((host) => views.current(host) !== undefined)).toEqual([]);
    expect(views.current(HOST)).toBeDefined();
  });

  it('tell hosts apart', async () => {
    await pod.row('c1', rowOf('ada'));
    expect([await connections(), await connections('b.example')]).toEqual([1, 0]);
    expect(store.loads).toBe(2);
  });

  it('show a changed profile on the hosts that it concerns', async () => {
    const emails = async (): Promise<unknown[]> =>
      Promise.all([HOST, 'b.example'].map(async (host) => parsed((await views.read(host)).view.usersJson())));
    await pod.row('c1', rowOf('ada'));
    await new Writer(store, 'b.example', 'pod-1').row('c1', rowOf('ada'));
    const [before] = await emails();
    directory.details.set('ada', { email: 'ada@example.com' });
    views.profileChanged('ada', (host) => host === HOST);
    expect(await emails()).toEqual([[{ id: 'ada', email: 'ada@example.com' }], before]);
  });
});
