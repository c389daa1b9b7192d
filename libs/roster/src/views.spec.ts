import { rowOf, Writer } from '../../../test/support/roster-store';
import { Directory, parsed, START_MS } from '../../../test/support/roster-view';
import { MemoryRosterStore } from './memory.store';
import type { LogEntry, Snapshot } from './roster.store';
import { Views } from './views';

const HOST = 'a.example';

/** A memory store that counts who follows and loads, loses entries, and lets a test step in while a view loads. */
class WatchedStore extends MemoryRosterStore {
  loads = 0;
  following = 0;
  losing = false;
  whileLoading: () => Promise<unknown> = () => Promise.resolve();

  override async follow(host: string, listener: (entry: LogEntry) => void): Promise<() => void> {
    this.following += 1;
    const stop = await super.follow(host, (entry) => {
      if (!this.losing) listener(entry);
    });
    return () => {
      this.following -= 1;
      stop();
    };
  }

  override async snapshot(host: string): Promise<Snapshot> {
    this.loads += 1;
    const meanwhile = this.whileLoading;
    this.whileLoading = () => Promise.resolve();
    const snapshot = await super.snapshot(host);
    await meanwhile();
    return snapshot;
  }
}

describe('The views of a pod', () => {
  let store: WatchedStore;
  let pod: Writer;
  let views: Views;
  let directory: Directory;
  let nowMs: number;

  beforeEach(() => {
    nowMs = START_MS;
    store = new WatchedStore({ now: () => nowMs, offlineGraceMs: 3000 });
    pod = new Writer(store, HOST, 'pod-1');
    directory = new Directory();
    views = new Views(store, () => directory);
  });

  const connections = async (host = HOST): Promise<number> => {
    const { view } = await views.read(host);
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

  it('are as old as the store’s time says, also when nothing happens', async () => {
    await pod.row('c1', rowOf('ada'));
    nowMs += 5000;
    expect((await views.read(HOST)).atMs).toBe(START_MS + 5000);
  });

  it('load again when the last entry was lost on the way', async () => {
    await connections();
    store.losing = true;
    await pod.row('c1', rowOf('ada'));
    store.losing = false;
    expect(await connections()).toBe(1);
    expect([store.loads, store.following]).toEqual([2, 1]);
  });

  it('load again when an entry follows on one that was lost', async () => {
    await connections();
    store.losing = true;
    await pod.row('c1', rowOf('ada'));
    store.losing = false;
    await pod.row('c2', rowOf('ada'));
    expect(await connections()).toBe(2);
    expect(store.loads).toBe(2);
  });

  it('load again when an entry without a revision of its own was lost', async () => {
    await pod.row('c1', rowOf('ada'));
    await pod.gone('c1');
    await connections();
    nowMs += 20 * 60_000;
    store.losing = true;
    store.trim();
    store.losing = false;
    await pod.row('c2', rowOf('bob'));
    expect(await connections()).toBe(1);
    expect(store.loads).toBe(2);
    expect((await views.read(HOST)).view.presence.record('ada')).toBeUndefined();
  });

  it('load again when the refused entry has no revision of its own either', async () => {
    await pod.row('c1', rowOf('ada'));
    await pod.gone('c1');
    nowMs += 60_000;
    await pod.row('c2', rowOf('bob'));
    await pod.gone('c2');
    await connections();
    nowMs += 15 * 60_000;
    store.losing = true;
    store.trim();
    store.losing = false;
    nowMs += 60_000;
    store.trim();
    const { presence } = (await views.read(HOST)).view;
    expect([presence.record('ada'), presence.record('bob')]).toEqual([undefined, undefined]);
    expect(store.loads).toBe(2);
  });

  it('leave nothing behind when loading fails, and try again for the next question', async () => {
    const error = new Error('The store is away.');
    store.whileLoading = () => Promise.reject(error);
    await expect(connections()).rejects.toBe(error);
    expect(store.following).toBe(0);
    expect(await connections()).toBe(0);
    expect(store.following).toBe(1);
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
