import { inChannels, listening, HOST, rowOf, Writer } from '../../../test/support/roster-store';
import { Directory, GRACE_MS, loadView, START_MS } from '../../../test/support/roster-view';
import { cursorOf } from './cursor';
import { MemoryRosterStore } from './memory.store';
import { resumed } from './resumed';
import { RosterView } from './roster-view';
import type { Position } from './view-history';

describe('What has changed since a cursor', () => {
  let nowMs: number;
  let store: MemoryRosterStore;
  let pod: Writer;

  beforeEach(() => {
    nowMs = START_MS;
    store = new MemoryRosterStore({ now: () => nowMs, graceMs: GRACE_MS, leaseMs: 6000 });
    pod = new Writer(store, HOST, 'pod-1');
  });

  const open = async (): Promise<RosterView> => {
    const view = new RosterView(new Directory(), { graceMs: GRACE_MS, stepsMin: 1000, stepsMax: 1000 });
    await store.follow(
      HOST,
      listening((entry) => void view.apply(entry)),
    );
    return loadView(view, store);
  };

  /** Members of the room to someone who comes with a cursor, was shown these, and is told of the changes one by one. */
  class Reader {
    readonly members: Set<string>;
    readonly statuses = new Map<string, string>();
    cursor: string;

    constructor(members: Iterable<string>, cursor: string) {
      this.members = new Set(members);
      this.cursor = cursor;
    }

    look(view: RosterView): this {
      const { position, moment } = resumed(this.cursor, { view, atMs: nowMs });
      if (position === undefined) throw new Error('Everything is needed.');
      const { joined = [], left = [] } = view.changes.channel('authenticated', 'room', position, moment.atMs) ?? {};
      for (const userId of left) this.members.delete(userId);
      for (const userId of joined) this.members.add(userId);
      for (const { _id, status } of view.changes.rows(position, nowMs)) this.statuses.set(_id, status);
      this.cursor = view.cursorAt(nowMs);
      return this;
    }
  }

  it('shows who was listed as gone, and comes back within the grace', async () => {
    const view = await open();
    await pod.row('t1', rowOf('ada', inChannels('room')));
    await pod.row('t2', rowOf('bob', inChannels('room')));
    nowMs += 60_000;
    await pod.gone('t2');
    const reader = new Reader(['ada'], view.cursor).look(view);
    nowMs += 1000;
    await pod.row('t3', rowOf('bob', inChannels('room')));
    expect([...reader.look(view).members].sort()).toEqual(['ada', 'bob']);
    expect(view.changes.touched('authenticated', { revision: view.head.revision, atMs: Infinity }, nowMs)).toEqual(
      new Set(['room']),
    );
  });

  it('shows who came back within the grace to whom a pod without a memory had shown nobody', async () => {
    const view = await open();
    await pod.row('t1', rowOf('ada', inChannels('room')));
    await pod.row('t2', rowOf('bob', inChannels('room')));
    nowMs += 60_000;
    await pod.gone('t2');
    const young = await open();
    nowMs += 100;
    const shown = young.changes.picture('authenticated', 'room', nowMs).users;
    expect(shown).toEqual(['ada']);
    const reader = new Reader(shown, young.cursorAt(nowMs)).look(view);
    nowMs += 1000;
    await pod.row('t3', rowOf('bob', inChannels('room')));
    expect([...reader.look(view).members].sort()).toEqual(['ada', 'bob']);
  });

  it('goes on from what a pod has shown that has just begun to follow, at that pod', async () => {
    await pod.row('t1', rowOf('ada', inChannels('room')));
    const young = await open();
    nowMs += 100;
    const reader = new Reader(['ada'], young.cursorAt(nowMs));
    await pod.row('t2', rowOf('bob', inChannels('room')));
    await pod.gone('t1');
    expect([...reader.look(young).members].sort()).toEqual(['ada', 'bob']);
    nowMs += GRACE_MS;
    expect([...reader.look(young).members]).toEqual(['bob']);
    expect(young.cursorAt(nowMs).split('.')).toHaveLength(4);
  });

  it('tells of a departure that took effect longer ago than the index of presence goes back', async () => {
    const view = await open();
    await pod.row('t1', rowOf('bob'));
    nowMs += 60_000;
    await pod.gone('t1');
    const reader = new Reader([], view.cursorAt(nowMs));
    for (let n = 1; n <= 40; n += 1) {
      await pod.row('t2', rowOf(`user-${n}`));
      await pod.gone('t2');
    }
    nowMs += 15 * 60_000;
    for (let n = 1; n <= 40; n += 1) {
      await pod.row('t2', rowOf(`late-${n}`));
      await pod.gone('t2');
    }
    expect(reader.look(view).statuses.get('bob')).toBe('offline');
  });

  it('tells of a departure that took effect since a cursor that says nothing of the moment', async () => {
    const view = await open();
    await pod.row('t1', rowOf('bob'));
    nowMs += 60_000;
    await pod.gone('t1');
    const { cursor } = view;
    expect(view.presence.statusAt('bob', nowMs)).toBe('online');
    nowMs += GRACE_MS;
    expect(new Reader([], cursor).look(view).statuses.get('bob')).toBe('offline');
    await pod.row('t2', rowOf('bob'));
    expect(new Reader([], cursor).look(view).statuses.get('bob')).toBe('online');
  });

  it('is not told from a cursor that no pod has made: by a later revision than its own, nobody had vanished', async () => {
    const view = await open();
    await pod.row('t1', rowOf('ada'));
    const { head } = view;
    expect(view.positionOf(cursorOf(head, START_MS, head.revision + 1))).toBeUndefined();
    expect(view.positionOf(cursorOf(head, 0, 999_999_999_999_999))).toBeUndefined();
    expect(view.positionOf(cursorOf(head, START_MS, head.revision))).toBeDefined();
  });

  describe('costs as much as', () => {
    const MOST = 50;
    const all = { channel: undefined, presence: true };
    const cost = (view: RosterView, from: Position, asked: { channel: string | undefined; presence: boolean } = all) =>
      view.changes.cost(from, nowMs, asked, MOST);

    it('nothing, where nothing has happened', async () => {
      const view = await open();
      await pod.row('t1', rowOf('ada', inChannels('room')));
      expect(cost(view, { revision: view.head.revision, atMs: nowMs })).toBe(0);
    });

    it('its steps, however few revisions they have', async () => {
      const view = await open();
      const from = { revision: view.head.revision, atMs: nowMs };
      await pod.row('t1', rowOf('ada', inChannels(...Array.from({ length: 90 }, (_, n) => `room-${n}`))));
      expect(view.head.revision - from.revision).toBe(1);
      expect(cost(view, from)).toBeGreaterThanOrEqual(90);
      expect(cost(view, from, { channel: 'room-1', presence: false })).toBeLessThan(2);
    });

    it('all who have come to one channel since, or are gone from it when their grace is over', async () => {
      const view = await open();
      const room = { channel: 'room', presence: false };
      const came = { revision: view.head.revision, atMs: nowMs };
      for (let n = 0; n < 60; n += 1) await pod.row(`t${n}`, rowOf(`user-${n}`, inChannels('room')));
      expect(cost(view, came, room)).toBeGreaterThanOrEqual(60);
      nowMs += 60_000;
      for (let n = 0; n < 60; n += 1) await pod.gone(`t${n}`);
      const went = { revision: view.head.revision, atMs: nowMs };
      expect(cost(view, went, room)).toBeLessThan(10);
      nowMs += GRACE_MS;
      expect(cost(view, went, room)).toBeGreaterThanOrEqual(60);
      expect(cost(view, went, { channel: 'other', presence: false })).toBe(0);
    });

    it('those who are still seen in a channel, and all who came and went in the last moment', async () => {
      const view = await open();
      const pictureCost = (): number => view.changes.pictureCost('authenticated', 'room', nowMs);
      for (let n = 0; n < 60; n += 1) await pod.row(`t${n}`, rowOf(`user-${n}`, inChannels('room')));
      nowMs += 60_000;
      expect(pictureCost()).toBe(60);
      for (let n = 0; n < 60; n += 1) await pod.gone(`t${n}`);
      expect(pictureCost()).toBe(60);
      for (let n = 0; n < 40; n += 1) {
        await pod.row('t', rowOf('zoe', inChannels('room')));
        await pod.gone('t');
      }
      expect(pictureCost()).toBe(140);
      nowMs += GRACE_MS;
      expect(pictureCost()).toBe(0);
    });

    it('all users, from an earlier moment than is known of presence', async () => {
      const view = await open();
      for (let n = 0; n < 60; n += 1) await pod.row(`t${n}`, rowOf(`user-${n}`));
      const { revision } = view.head;
      expect(cost(view, { revision, atMs: 0, goneUpTo: revision })).toBeGreaterThanOrEqual(60);
      expect(cost(view, { revision, atMs: nowMs })).toBe(0);
    });

    it('those who have left since, and the graces that are over', async () => {
      const view = await open();
      for (let n = 0; n < 60; n += 1) await pod.row(`t${n}`, rowOf(`user-${n}`, inChannels('room')));
      nowMs += 60_000;
      for (let n = 0; n < 60; n += 1) await pod.gone(`t${n}`);
      const from = { revision: view.head.revision, atMs: nowMs };
      nowMs += GRACE_MS;
      expect(cost(view, from, { channel: undefined, presence: false })).toBeGreaterThanOrEqual(60);
      expect(cost(view, from, { channel: 'nobody', presence: true })).toBe(MOST);
    });
  });
});
