import { type HostRules, MemoryRosterStore, SEEN_KEPT_MS } from '@rollcall/roster';
import {
  Heard,
  HOST,
  isMadeUp,
  OFFLINE_GRACE_MS,
  remembersSeen,
  rowOf,
  type RosterStoreHarness,
  Writer,
} from '../support/roster-store';
import { describeRosterStore } from './roster-store.contract';

const START_MS = Date.UTC(2026, 10, 20);

function movable(rules: HostRules = {}): RosterStoreHarness & { readonly store: MemoryRosterStore } {
  let nowMs = START_MS;
  const options = { now: () => nowMs, graceMs: OFFLINE_GRACE_MS, leaseMs: 60_000, remembersSeen, ...rules };
  return {
    store: new MemoryRosterStore(options),
    leasesLast: (ms) => {
      options.leaseMs = ms;
    },
    advanceClock: (ms) => {
      nowMs += ms;
      return Promise.resolve();
    },
    turnBackClock: (ms) => {
      nowMs -= ms;
    },
    close: () => Promise.resolve(),
  };
}

describeRosterStore('The memory store', () => Promise.resolve(movable({ isMadeUp })));

describe('The memory store, beyond the contract,', () => {
  it('tells its listeners of a write before it acknowledges it', async () => {
    const { store } = movable();
    const pod = new Writer(store, HOST, 'pod-1');
    await pod.open();
    const heard = await Heard.on(store, HOST);
    const acknowledged = store.apply(HOST, pod.batch({ rows: [{ connectionId: 'c1', row: rowOf(null) }] }));
    expect(heard.entries).toHaveLength(1);
    await acknowledged;
  });

  it('lets a host go when nothing is stored and nobody listens', async () => {
    const { store } = movable();
    const asked = await store.head(HOST);
    const heard = await Heard.on(store, HOST);
    store.trim();
    expect((await store.head(HOST)).epoch).toBe(asked.epoch);
    heard.close();
    store.trim();
    expect((await store.head(HOST)).epoch).not.toBe(asked.epoch);
  });

  it('keeps a host for as long as it remembers when its users were last seen', async () => {
    const { store, advanceClock } = movable();
    const pod = new Writer(store, HOST, 'pod-1');
    await pod.row('c1', rowOf('ada'));
    const { atMs } = await pod.gone('c1');
    await store.close(HOST, pod.life);
    await advanceClock(SEEN_KEPT_MS);
    store.trim();
    expect(await store.lastSeen(HOST, 'ada')).toBe(atMs);
    await advanceClock(1);
    store.trim();
    expect(await store.hosts()).toEqual([]);
  });

  it('keeps what users have chosen, but where even that is forgotten with the last one', async () => {
    const { store, advanceClock } = movable({ isMadeUp: (host) => host === HOST });
    for (const host of [HOST, 'named.example']) {
      const pod = new Writer(store, host, 'pod-1');
      await pod.write({ users: [{ userId: 'ada', statusText: 'on a boat' }] });
      await store.forgetLastSeen('ada', () => true);
      await store.close(host, pod.life);
    }
    await advanceClock(15 * 60_000);
    store.trim();
    expect(await store.hosts()).toEqual([HOST, 'named.example']);
    await advanceClock(1);
    store.trim();
    expect(await store.hosts()).toEqual(['named.example']);
  });

  it('keeps a host while a pod is registered there, or something is remembered of its users', async () => {
    const { store, advanceClock } = movable();
    const pod = new Writer(store, HOST, 'pod-1');
    await pod.row('c1', rowOf('ada'));
    const { epoch } = await pod.gone('c1');
    await store.forgetLastSeen('ada', () => true);
    store.trim();
    await store.close(HOST, pod.life);
    store.trim();
    expect((await store.head(HOST)).epoch).toBe(epoch);
    await advanceClock(15 * 60_000 + OFFLINE_GRACE_MS + 1);
    store.trim();
    expect(await store.hosts()).toEqual([]);
  });
});
