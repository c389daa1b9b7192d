import { MemoryRosterStore } from '@rollcall/roster';
import { Heard, rowOf, stored, Writer } from '../support/roster-store';
import { describeRosterStore } from './roster-store.contract';

const MINUTE_MS = 60_000;
const offlineGraceMs = 3000;
const START_MS = Date.UTC(2026, 10, 20);

const movable = (): { store: MemoryRosterStore; advanceClock: (ms: number) => void } => {
  let nowMs = START_MS;
  return {
    store: new MemoryRosterStore({ now: () => nowMs, offlineGraceMs }),
    advanceClock: (ms) => {
      nowMs += ms;
    },
  };
};

describeRosterStore('The memory store', () => Promise.resolve({ ...movable(), close: () => Promise.resolve() }), {
  offlineGraceMs,
  movesClock: true,
});

describe('The memory store, beyond the contract,', () => {
  it('tells its listeners of a write before it acknowledges it', async () => {
    const { store } = movable();
    const heard = await Heard.on(store, 'a.example');
    const acknowledged = new Writer(store, 'a.example', 'pod-1').row('c1', rowOf(null));
    expect(heard.entries).toHaveLength(1);
    await acknowledged;
  });

  it('forgets users of a quiet host when it is trimmed, and tells its listeners', async () => {
    const { store, advanceClock } = movable();
    const pod = new Writer(store, 'a.example', 'pod-1');
    await pod.row('c1', rowOf('ada'));
    const left = await pod.gone('c1');
    const heard = await Heard.on(store, 'a.example');
    advanceClock(15 * MINUTE_MS + offlineGraceMs);
    store.trim();
    expect((await stored(store, 'a.example')).users.size).toBe(1);
    advanceClock(1);
    store.trim();
    expect(heard.entries).toMatchObject([{ previousTag: left.tag, rows: [], users: [['ada', null]] }]);
    expect(await store.head('a.example')).toMatchObject({ epoch: left.epoch, tag: heard.entries[0]?.tag });
    expect(await store.hosts()).toEqual([]);
  });

  it('lets a host go when nothing is stored and nobody listens', async () => {
    const { store } = movable();
    const asked = await store.head('a.example');
    const heard = await Heard.on(store, 'a.example');
    store.trim();
    expect((await store.head('a.example')).epoch).toBe(asked.epoch);
    heard.close();
    store.trim();
    expect((await store.head('a.example')).epoch).not.toBe(asked.epoch);
  });

  it('forgets at most 100 users with one batch, and the rest with the next', async () => {
    const { store, advanceClock } = movable();
    const pod = new Writer(store, 'a.example', 'pod-1');
    const ids = Array.from({ length: 150 }, (_, n) => `user-${n}`);
    await pod.write({ rows: ids.map((id) => ({ connectionId: id, row: rowOf(id) })) });
    await pod.gone(...ids);
    advanceClock(20 * MINUTE_MS);
    await pod.gone('nobody');
    expect((await stored(store, 'a.example')).users.size).toBe(50);
    await pod.gone('nobody');
    expect((await stored(store, 'a.example')).users.size).toBe(0);
  });
});
