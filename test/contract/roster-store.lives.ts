import { type Batch, REVISION_LEAP, type RosterStore } from '@rollcall/roster';
import { Heard, HOST, inChannels, rowOf, type RosterStoreHarness, stored, Writer } from '../support/roster-store';

/** The part of the contract that is about pods: their lives, batches and leases, and the epochs of a roster. */
export function describeLives(harness: () => RosterStoreHarness): void {
  let store: RosterStore;
  let pod: Writer;

  beforeEach(() => {
    store = harness().store;
    pod = new Writer(store, HOST, 'pod-1');
  });

  /** Takes all that a dead pod left, as another pod would. */
  const claim = async (instance: string): Promise<void> => {
    const lease = (await store.leases(HOST)).find((each) => each.instance === instance);
    expect(await store.sweep(HOST, instance, lease?.score ?? NaN, '0')).toMatchObject({ state: 'done' });
  };

  describe('a pod that registers', () => {
    it('learns the epoch, and has no rows', async () => {
      const opened = await pod.open();
      expect(opened).toEqual({ state: 'open', epoch: (await store.head(HOST)).epoch, rows: [] });
    });

    it('anew finds the rows of its former life, and nobody else’s, and they are still in the roster', async () => {
      await pod.row('c1', rowOf('ada', inChannels('room')));
      await pod.row('c2', rowOf(null));
      await new Writer(store, HOST, 'pod-2').row('c3', rowOf(null));
      const { rows, head } = await stored(store, HOST);
      const opened = await pod.open();
      if (opened.state !== 'open') throw new Error('It was refused.');
      expect([...opened.rows].sort((a, b) => a.since.revision - b.since.revision)).toEqual([
        rows.get('c1'),
        rows.get('c2'),
      ]);
      expect(await stored(store, HOST)).toMatchObject({ head: { revision: head.revision, tag: head.tag }, rows });
    });

    it('more than once finds more than one scan’s worth of rows', async () => {
      const ids = Array.from({ length: 1500 }, (_, n) => `connection-${n}`);
      for (const from of [0, 500, 1000]) {
        await pod.write({
          rows: ids.slice(from, from + 500).map((connectionId) => ({ connectionId, row: rowOf(null) })),
        });
      }
      const opened = await pod.open();
      if (opened.state !== 'open') throw new Error('It was refused.');
      expect(opened.rows.map(({ connectionId }) => connectionId).sort()).toEqual(ids.toSorted());
    });

    it('may say the same again: nobody has swept it', async () => {
      await pod.open();
      expect(await store.open(HOST, pod.life, undefined)).toMatchObject({ state: 'open' });
    });

    it('is told when it is known by a later generation', async () => {
      await pod.open();
      await pod.open();
      expect(await store.open(HOST, { instance: 'pod-1', generation: 1 }, undefined)).toEqual({
        state: 'old',
        generation: 2,
      });
      await pod.row('c1', rowOf(null));
    });
  });

  describe('a batch', () => {
    const gone = { state: 'gone' };
    let batch: Batch;

    beforeEach(async () => {
      await pod.open();
      batch = pod.batch({ rows: [{ connectionId: 'c1', row: rowOf('ada') }] });
    });

    it('of a pod that never registered is refused', async () => {
      const stranger = new Writer(store, HOST, 'pod-2');
      expect(await store.apply(HOST, stranger.batch({ rows: batch.rows }))).toEqual(gone);
      expect(await store.apply('b.example', batch)).toEqual(gone);
      expect((await stored(store, HOST)).rows.size).toBe(0);
    });

    it('of another life is refused', async () => {
      await pod.open();
      expect(await store.apply(HOST, batch)).toEqual(gone);
      expect(await store.apply(HOST, { ...batch, generation: 3 })).toEqual(gone);
      expect((await stored(store, HOST)).head.revision).toBe(0);
    });

    it('after one that is missing is refused, as is one before the first', async () => {
      const { epoch } = await store.head(HOST);
      expect(await store.apply(HOST, { ...batch, sequence: 2 })).toEqual({ state: 'gap', epoch });
      expect(await store.apply(HOST, { ...batch, sequence: 0 })).toEqual({ state: 'gap', epoch });
      expect(await store.apply(HOST, batch)).toMatchObject({ state: 'ok', head: { revision: 1 } });
      expect(await store.apply(HOST, { ...batch, sequence: 3 })).toEqual({ state: 'gap', epoch });
      expect((await stored(store, HOST)).head.revision).toBe(1);
    });

    it('that is sent twice is applied once', async () => {
      const heard = await Heard.on(store, HOST);
      const first = await store.apply(HOST, batch);
      expect(await store.apply(HOST, batch)).toMatchObject(first);
      expect((await stored(store, HOST)).users.get('ada')?.connections).toBe(1);
      expect(await heard.upTo(await pod.row('c2', rowOf(null)))).toHaveLength(2);
      heard.close();
    });

    it('that is sent twice is answered with its own head, whoever has written since', async () => {
      const first = await store.apply(HOST, batch);
      await new Writer(store, HOST, 'pod-2').row('c2', rowOf(null));
      await harness().advanceClock(1000);
      const second = await store.apply(HOST, batch);
      if (first.state !== 'ok' || second.state !== 'ok') throw new Error('It was refused.');
      expect(second.head).toEqual(first.head);
    });

    it('that comes late does not undo what came after it', async () => {
      await store.apply(HOST, batch);
      const head = await pod.gone('c1');
      expect(await store.apply(HOST, batch)).toMatchObject({ state: 'ok' });
      expect(await stored(store, HOST)).toMatchObject({ head: { revision: head.revision }, rows: new Map() });
    });

    it('is told from another pod’s of the same number, and from one of another host', async () => {
      await store.apply(HOST, batch);
      await new Writer(store, HOST, 'pod-2').row('c2', rowOf(null));
      await new Writer(store, 'b.example', 'pod-1').row('c3', rowOf(null));
      expect([...(await stored(store, HOST)).rows.keys()].sort()).toEqual(['c1', 'c2']);
      expect([...(await stored(store, 'b.example')).rows.keys()]).toEqual(['c3']);
    });
  });

  describe('a lease', () => {
    const lease = async (): Promise<unknown> => (await store.leases(HOST))[0];

    it('is given, and seen by others, in a beat too', async () => {
      await pod.open();
      const other = new Writer(store, HOST, 'pod-2');
      await other.open();
      const leases = await store.leases(HOST);
      expect([...leases].sort((a, b) => (a.instance < b.instance ? -1 : 1))).toMatchObject([
        { instance: 'pod-1', expired: false },
        { instance: 'pod-2', expired: false },
      ]);
      expect((await store.beat(HOST, other.life)).leases.map(({ instance }) => instance).sort()).toEqual([
        'pod-1',
        'pod-2',
      ]);
      expect(await store.leases('b.example')).toEqual([]);
    });

    it.each(['a batch', 'a beat'])('that has expired is renewed by %s: the pod was merely late', async (how) => {
      harness().leasesLast(-1);
      await pod.row('c1', rowOf(null));
      expect(await lease()).toMatchObject({ expired: true });
      harness().leasesLast(60_000);
      if (how === 'a batch') await pod.row('c2', rowOf(null));
      else expect((await store.beat(HOST, pod.life)).leases).toMatchObject([{ expired: false }]);
      expect(await lease()).toMatchObject({ expired: false });
    });

    it('is not renewed by the beat of another life', async () => {
      harness().leasesLast(-1);
      await pod.open();
      harness().leasesLast(60_000);
      for (const generation of [0, 2]) {
        const { own, leases } = await store.beat(HOST, { instance: 'pod-1', generation });
        expect([own, leases]).toMatchObject([undefined, [{ expired: true }]]);
      }
    });

    it('is given back at the end, unless there are rows left', async () => {
      await pod.row('c1', rowOf(null));
      await store.close(HOST, pod.life);
      expect(await lease()).toMatchObject({ instance: 'pod-1' });
      await pod.gone('c1');
      await store.close(HOST, { ...pod.life, generation: 0 });
      expect(await lease()).toMatchObject({ instance: 'pod-1' });
      await store.close(HOST, pod.life);
      await store.close(HOST, pod.life);
      expect(await store.leases(HOST)).toEqual([]);
      expect((await store.beat(HOST, pod.life)).own).toBeUndefined();
      expect(await store.apply(HOST, pod.batch({ rows: [{ connectionId: 'c1', row: null }] }))).toEqual({
        state: 'gone',
      });
      expect(await pod.open()).toMatchObject({ state: 'open', rows: [] });
    });
  });

  describe('a beat', () => {
    it('tells what the store has of the pod, and where the roster is', async () => {
      await pod.open();
      expect((await store.beat(HOST, pod.life)).own).toEqual({ generation: 1, sequence: 0, rows: 0 });
      await pod.row('c1', rowOf(null));
      await pod.row('c2', rowOf(null));
      const { epoch, revision, tag } = await pod.gone('c1');
      await new Writer(store, HOST, 'pod-2').open();
      const beat = await store.beat(HOST, pod.life);
      expect(beat.own).toEqual({ generation: 1, sequence: 3, rows: 1 });
      expect(beat.head).toMatchObject({ epoch, revision, tag });
    });

    it('of a pod that was swept finds nothing', async () => {
      harness().leasesLast(-1);
      await pod.row('c1', rowOf(null));
      await claim('pod-1');
      expect((await store.beat(HOST, pod.life)).own).toBeUndefined();
    });
  });

  describe('an epoch', () => {
    it('ends once for each who has seen it, and revisions go on', async () => {
      const { epoch, revision, tag } = await pod.row('c1', rowOf('ada'));
      await store.renewEpoch(HOST, epoch);
      const next = await store.head(HOST);
      expect(next.epoch).not.toBe(epoch);
      expect(next.tag).not.toBe(tag);
      expect(next.revision).toBe(revision);
      await store.renewEpoch(HOST, epoch);
      await Promise.all([1, 2, 3].map(() => store.renewEpoch(HOST, epoch)));
      expect(await store.head(HOST)).toEqual(next);
      expect(await pod.row('c2', rowOf(null))).toMatchObject({ epoch: next.epoch, revision: revision + 1 });
      const { rows, users } = await stored(store, HOST);
      expect([rows.size, users.get('ada')?.connections]).toEqual([2, 1]);
    });

    it('that was renewed began with a loss, and its log is empty', async () => {
      const before = await pod.row('c1', rowOf('ada'));
      expect(before.epochAtMs).toBe(0);
      await harness().advanceClock(1000);
      await store.renewEpoch(HOST, before.epoch);
      expect((await store.head(HOST)).epochAtMs).toBe(before.atMs + 1000);
      expect(await store.entriesAfter(HOST, 0)).toEqual([]);
      const heard = await Heard.on(store, HOST);
      const after = await pod.row('c2', rowOf(null));
      const entries = await heard.upTo(after);
      expect(entries).toMatchObject([{ epoch: after.epoch, fromRevision: before.revision }]);
      expect(await store.entriesAfter(HOST, 0)).toEqual(entries);
      heard.close();
    });

    it('is the first for somebody who knew none', async () => {
      await pod.open();
      expect((await store.head(HOST)).epochAtMs).toBe(0);
    });

    it('began with a loss if somebody knew an earlier one, from its beginning on', async () => {
      const { atMs } = await store.now(HOST, 0);
      await harness().advanceClock(1000);
      await pod.open({ epoch: 'earlier', revision: 0 });
      const { epoch, epochAtMs } = await store.head(HOST);
      expect(epochAtMs).toBe(atMs);
      await harness().advanceClock(1000);
      await new Writer(store, HOST, 'pod-2').open({ epoch: 'earlier', revision: 0 });
      await new Writer(store, HOST, 'pod-3').open({ epoch, revision: 0 });
      await new Writer(store, HOST, 'pod-4').open();
      expect((await store.head(HOST)).epochAtMs).toBe(atMs);
      expect((await store.snapshot(HOST)).head.epochAtMs).toBe(atMs);
      expect((await pod.row('c1', rowOf(null))).epochAtMs).toBe(atMs);
    });

    it('gives revisions beyond those that were given before it', async () => {
      await pod.row('c1', rowOf('ada'));
      const heard = await Heard.on(store, HOST);
      await new Writer(store, HOST, 'pod-2').open({ epoch: 'earlier', revision: 5000 });
      const { revision } = await store.head(HOST);
      expect(revision).toBe(5000 + REVISION_LEAP);
      // Another pod that has seen more, or less, finds what it needs.
      await new Writer(store, HOST, 'pod-3').open({ epoch: 'earlier', revision: 7000 });
      await new Writer(store, HOST, 'pod-4').open({ epoch: 'earlier', revision: 0 });
      expect((await store.head(HOST)).revision).toBe(revision);
      const entries = await heard.upTo(await pod.row('c2', rowOf('bob', inChannels('room'))));
      expect(entries.at(-1)).toMatchObject({ fromRevision: revision, toRevision: revision + 1 });
      expect((await stored(store, HOST)).rows.get('c2')).toMatchObject({
        since: { revision: revision + 1 },
        channels: [{ since: revision + 1 }],
      });
      heard.close();
    });

    it('is still without a loss for somebody who knows it', async () => {
      await pod.open();
      await new Writer(store, HOST, 'pod-2').open(await store.head(HOST));
      expect((await store.head(HOST)).epochAtMs).toBe(0);
    });
  });
}
