import type { LogEntry, RosterStore, RowWrite } from '@rollcall/roster';
import {
  Heard,
  HOST,
  logOf,
  rowOf,
  type RosterStoreHarness,
  type Stored,
  stored,
  Writer,
} from '../support/roster-store';

/** What the log makes of the roster at the revision, beginning with nothing. */
function replayed(entries: readonly LogEntry[], revision: number): Pick<Stored, 'rows' | 'users'> {
  const rows: Stored['rows'] = new Map();
  const users: Stored['users'] = new Map();
  for (const entry of entries.filter(({ toRevision }) => toRevision <= revision)) {
    for (const [id, row] of entry.rows) {
      if (row === null) rows.delete(id);
      else rows.set(id, row);
    }
    for (const [id, record] of entry.users) {
      if (record === null) users.delete(id);
      else users.set(id, record);
    }
  }
  return { rows, users };
}

/** The part of the contract that is about reading: the log, and snapshots that are taken while others write. */
export function describeReading(harness: () => RosterStoreHarness): void {
  let store: RosterStore;
  let pod: Writer;

  beforeEach(() => {
    store = harness().store;
    pod = new Writer(store, HOST, 'pod-1');
  });

  describe('the log', () => {
    it('has the entries after a revision, as listeners hear them', async () => {
      const heard = await Heard.on(store, HOST);
      await pod.row('c1', rowOf('ada'));
      const middle = await pod.write({ users: [{ userId: 'ada', status: 'busy' }] });
      const last = await pod.gone('c1');
      const entries = await heard.upTo(last);
      expect(await store.entriesAfter(HOST, 0)).toEqual(entries);
      expect(await store.entriesAfter(HOST, middle.revision)).toEqual(entries.slice(2));
      expect(await store.entriesAfter(HOST, last.revision)).toEqual([]);
      expect(await store.entriesAfter('b.example', 0)).toEqual([]);
      heard.close();
    });

    it('has each of some hundred entries, in order', async () => {
      await pod.open();
      const ids = Array.from({ length: 450 }, (_, n) => `c${n}`);
      await Promise.all(ids.map((id) => pod.row(id, rowOf(null))));
      const entries = await logOf(store, HOST);
      expect(entries.flatMap(({ rows }) => rows.map(([id]) => id))).toEqual(ids);
      expect(entries.map(({ fromRevision }) => fromRevision)).toEqual(ids.map((_, n) => n));
    });

    it('goes back some thousand entries, and no further', async () => {
      await pod.open();
      for (let round = 0; round < 10; round += 1) {
        await Promise.all(Array.from({ length: 500 }, () => pod.row('c1', rowOf(null))));
      }
      const entries = await logOf(store, HOST);
      expect(entries.length).toBeGreaterThanOrEqual(4096);
      expect(entries.length).toBeLessThan(5000);
      expect(entries.at(-1)?.toRevision).toBe(5000);
    });
  });

  describe('the snapshot', () => {
    it('that is taken while others write is what the log says, at its revision', async () => {
      const pods = ['pod-1', 'pod-2'].map((instance) => new Writer(store, HOST, instance));
      const row = (id: string, n: number): RowWrite => ({
        connectionId: id,
        row: n % 4 === 3 ? null : rowOf(n % 7 === 0 ? null : `user-${n % 50}`, { active: n % 3 > 0 }),
      });
      const write = async (each: Writer, index: number): Promise<void> => {
        for (let round = 0; round < 24; round += 1) {
          const rows = Array.from({ length: 200 }, (_, n) =>
            row(`${index}-${(n * 7 + round * 61) % 2500}`, n + round + index),
          );
          await each.write({ rows, users: [{ userId: `user-${round}`, statusText: `text ${round}` }] });
        }
      };
      const snapshots: Stored[] = [];
      const read = async (done: { now: boolean }): Promise<void> => {
        while (!done.now) snapshots.push(await stored(store, HOST));
      };
      const done = { now: false };
      const reading = read(done);
      await Promise.all(pods.map(write));
      done.now = true;
      await reading;
      snapshots.push(await stored(store, HOST));
      const entries = await logOf(store, HOST);
      for (const { head, rows, users } of snapshots) {
        expect({ rows, users }).toEqual(replayed(entries, head.revision));
        const last = entries.find(({ toRevision }) => toRevision === head.revision);
        expect(head.tag).toBe(last?.tag ?? head.tag);
      }
      expect(snapshots.at(-1)?.head.revision).toBe(entries.at(-1)?.toRevision);
    });

    it('is of one epoch, also when one begins meanwhile', async () => {
      await pod.write({
        rows: Array.from({ length: 500 }, (_, n) => ({ connectionId: `c${n}`, row: rowOf(`user-${n}`) })),
      });
      const { epoch } = await store.head(HOST);
      const [snapshot] = await Promise.all([stored(store, HOST), store.renewEpoch(HOST, epoch)]);
      expect([snapshot.rows.size, snapshot.users.size]).toEqual([500, 500]);
      const now = await store.head(HOST);
      expect([epoch, now.epoch]).toContain(snapshot.head.epoch);
    });
  });
}
