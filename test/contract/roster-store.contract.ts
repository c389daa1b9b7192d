/*
 * What every adapter of `RosterStore` must do, said through the port alone: writing, following and names here; users,
 * lives, sweeps, and what is read while others write in the files beside.
 */
import type { RosterStore } from '@rollcall/roster';
import { Heard, HOST, inChannels, rowOf, type RosterStoreHarness, stored, Writer } from '../support/roster-store';
import { describeLives } from './roster-store.lives';
import { describeLog } from './roster-store.log';
import { describeReading } from './roster-store.reading';
import { describeErasures } from './roster-store.erasures';
import { describeSeen } from './roster-store.seen';
import { describeSweeps } from './roster-store.sweeps';
import { describeTimedChoices } from './roster-store.timed';
import { describeUsers } from './roster-store.users';

export type MakeRosterStore = () => Promise<RosterStoreHarness>;

const HARD_NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'a b', 'naïve|"é\\🙂', ':', '{x}', '0'];

/** Half of a pair, as JavaScript allows it; UTF-8 makes both of these into one. */
const LONE_SURROGATES = ['\ud83d', '\ude42'];

export function describeRosterStore(name: string, makeStore: MakeRosterStore): void {
  describe(name, () => {
    let harness: RosterStoreHarness;
    let store: RosterStore;
    let pod: Writer;

    beforeEach(async () => {
      harness = await makeStore();
      store = harness.store;
      pod = new Writer(store, HOST, 'pod-1');
    });

    afterEach(() => harness.close());

    describe('an acknowledged write', () => {
      it('is in the head and in the snapshot', async () => {
        const head = await pod.row('c1', rowOf('ada', { claims: { name: 'Ada' }, ...inChannels('room') }));
        expect(await store.head(HOST)).toMatchObject({ epoch: head.epoch, revision: head.revision, tag: head.tag });
        const { head: at, rows } = await stored(store, HOST);
        expect(at).toMatchObject({ epoch: head.epoch, revision: head.revision, tag: head.tag });
        expect([...rows.values()]).toEqual([
          {
            connectionId: 'c1',
            pod: 'pod-1.1',
            userId: 'ada',
            active: true,
            since: { revision: head.revision, atMs: head.atMs },
            channels: [{ kind: 'authenticated', channel: 'room', since: head.revision }],
          },
        ]);
      });

      it('takes a row away again', async () => {
        await pod.row('c1', rowOf(null));
        await pod.gone('c1');
        expect((await stored(store, HOST)).rows).toEqual(new Map());
      });

      it('replaces the row that was there', async () => {
        await pod.row('c1', rowOf('ada', inChannels('room', 'hall')));
        await pod.row('c1', rowOf('ada', { active: false, ...inChannels('hall') }));
        const row = (await stored(store, HOST)).rows.get('c1');
        expect(row).toMatchObject({ active: false, channels: [{ channel: 'hall' }] });
      });

      it('makes a new tag each time', async () => {
        const heads = [await store.head(HOST), await pod.row('c1', rowOf(null)), await pod.gone('c1')];
        expect(new Set(heads.map(({ tag }) => tag)).size).toBe(3);
      });
    });

    describe('the revision', () => {
      it('grows by one for each row and each user of a batch', async () => {
        const before = await store.head(HOST);
        const head = await pod.write({
          rows: [
            { connectionId: 'c1', row: rowOf('ada') },
            { connectionId: 'c2', row: rowOf(null) },
            { connectionId: 'never-there', row: null },
          ],
          users: [
            { userId: 'ada', status: 'busy' },
            { userId: 'bob', statusText: 'hi' },
          ],
        });
        expect(head.revision - before.revision).toBe(5);
        expect(head.epoch).toBe(before.epoch);
      });

      it('numbers the rows of a batch in their order', async () => {
        const { revision } = await pod.write({
          rows: ['c1', 'c2', 'c3'].map((connectionId) => ({ connectionId, row: rowOf(null) })),
        });
        const { rows } = await stored(store, HOST);
        expect(['c1', 'c2', 'c3'].map((id) => rows.get(id)?.since.revision)).toEqual([
          revision - 2,
          revision - 1,
          revision,
        ]);
      });
    });

    describe('since', () => {
      it('is given to a new connection and to each new membership', async () => {
        const first = await pod.row('c1', rowOf('ada', inChannels('room')));
        const since = { revision: first.revision, atMs: first.atMs };
        const room = { kind: 'authenticated', channel: 'room', since: first.revision } as const;
        const second = await pod.row('c1', rowOf('ada', { since, channels: [room, ...inChannels('hall').channels] }));
        expect((await stored(store, HOST)).rows.get('c1')).toMatchObject({
          since,
          channels: [room, { kind: 'authenticated', channel: 'hall', since: second.revision }],
        });
      });

      it('is kept as given, also when the pod registers the connection in another life', async () => {
        const since = { revision: 3, atMs: 1234 };
        const channels = [{ kind: 'anonymous', channel: 'room', since: 7 }] as const;
        await pod.row('c1', rowOf(null, { since, channels }));
        await pod.open();
        await pod.row('c1', rowOf(null, { since, channels }));
        expect((await stored(store, HOST)).rows.get('c1')).toMatchObject({ pod: 'pod-1.2', since, channels });
      });
    });

    describe('a listener', () => {
      it('hears each entry once and in order, each following on the one before', async () => {
        await pod.row('before', rowOf(null));
        const start = await store.head(HOST);
        const heard = await Heard.on(store, HOST);
        await Promise.all(['c1', 'c2', 'c3'].map((id) => pod.row(id, rowOf('ada'))));
        const end = await pod.gone('c1', 'c2');
        const entries = await heard.upTo(end);
        expect(entries.map(({ rows }) => rows.map(([id]) => id))).toEqual([['c1'], ['c2'], ['c3'], ['c1', 'c2']]);
        let last: { revision: number; tag: string } = start;
        for (const entry of entries) {
          expect(entry).toMatchObject({ epoch: start.epoch, fromRevision: last.revision, previousTag: last.tag });
          last = { revision: entry.toRevision, tag: entry.tag };
        }
        expect(end).toMatchObject(last);
        heard.close();
      });

      it('hears states: the rows and records as the snapshot has them', async () => {
        const heard = await Heard.on(store, HOST);
        await pod.row('c1', rowOf('ada'));
        const head = await pod.write({
          rows: [
            { connectionId: 'c2', row: rowOf('ada', inChannels('room')) },
            { connectionId: 'c1', row: null },
          ],
          users: [{ userId: 'ada', statusText: 'hi' }],
        });
        const entry = (await heard.upTo(head)).at(-1);
        const { rows, users } = await stored(store, HOST);
        expect(entry?.rows).toEqual([
          ['c2', rows.get('c2')],
          ['c1', null],
        ]);
        expect(entry?.users).toEqual([['ada', users.get('ada')]]);
        expect(users.get('ada')).toMatchObject({ connections: 1, active: 1, text: 'hi' });
        heard.close();
      });

      it('hears no more once it has stopped, while others do', async () => {
        const stopped = await Heard.on(store, HOST);
        const other = await Heard.on(store, HOST);
        await stopped.upTo(await pod.row('c1', rowOf(null)));
        stopped.close();
        stopped.close();
        expect(await other.upTo(await pod.row('c2', rowOf(null)))).toHaveLength(2);
        expect(stopped.entries).toHaveLength(1);
        const again = await Heard.on(store, HOST);
        const head = await pod.row('c3', rowOf(null));
        expect(await again.upTo(head)).toHaveLength(1);
        expect(await other.upTo(head)).toHaveLength(3);
        other.close();
        again.close();
      });

      it('is not stopped by another that stops for the second time', async () => {
        const first = await Heard.on(store, HOST);
        first.close();
        const second = await Heard.on(store, HOST);
        first.close();
        expect(await second.upTo(await pod.row('c1', rowOf(null)))).toHaveLength(1);
        second.close();
      });

      it('hears nothing of another host', async () => {
        const heard = await Heard.on(store, 'b.example');
        await pod.row('c1', rowOf(null));
        const head = await new Writer(store, 'b.example', 'pod-1').row('c2', rowOf(null));
        expect((await heard.upTo(head)).flatMap(({ rows }) => rows.map(([id]) => id))).toEqual(['c2']);
        heard.close();
      });
    });

    describe('the snapshot', () => {
      it('does not change any more when the roster does', async () => {
        await pod.row('c1', rowOf('ada'));
        const snapshot = await store.snapshot(HOST);
        await pod.write({ rows: [{ connectionId: 'c1', row: null }], users: [{ userId: 'ada', status: 'busy' }] });
        expect([...snapshot.rows.keys()]).toEqual(['c1']);
        expect([...snapshot.users]).toMatchObject([['ada', { connections: 1, chosen: 'online' }]]);
      });
    });

    describe('hosts', () => {
      it('are independent of each other', async () => {
        const other = new Writer(store, 'b.example', 'pod-1');
        await pod.row('c1', rowOf('ada'));
        await other.row('c1', rowOf('ada', { active: false }));
        await other.write({ users: [{ userId: 'ada', status: 'busy' }] });
        await pod.gone('c1');
        const here = await stored(store, HOST);
        const there = await stored(store, 'b.example');
        expect(here.rows.size).toBe(0);
        expect(here.users.get('ada')).toMatchObject({ connections: 0, chosen: 'online' });
        expect(there.rows.get('c1')).toMatchObject({ active: false });
        expect(there.users.get('ada')).toMatchObject({ connections: 1, active: 0, chosen: 'busy' });
        expect(here.head.epoch).not.toBe(there.head.epoch);
      });

      it('are listed as soon as a pod has registered there', async () => {
        await pod.open();
        await new Writer(store, 'b.example', 'pod-1').open();
        expect(await store.hosts()).toEqual(expect.arrayContaining([HOST, 'b.example']));
      });

      it('begin with revision 0 and no loss', async () => {
        const { head, rows, users } = await stored(store, 'new.example');
        expect(head).toMatchObject({ epochAtMs: 0, revision: 0 });
        expect(rows.size + users.size).toBe(0);
      });
    });

    it.each(HARD_NAMES)('takes %p for a host, a user, a channel and a connection', async (hard) => {
      const heard = await Heard.on(store, hard);
      const writer = new Writer(store, hard, 'pod-1');
      await writer.row(hard, rowOf(hard, inChannels(hard)));
      const head = await writer.write({ users: [{ userId: hard, statusText: hard }] });
      expect(await store.hosts()).toContain(hard);
      const { rows, users } = await stored(store, hard);
      expect([...rows.keys()]).toEqual([hard]);
      expect(rows.get(hard)).toMatchObject({ userId: hard, channels: [{ channel: hard }] });
      expect([...users]).toMatchObject([[hard, { connections: 1, text: hard }]]);
      expect((await heard.upTo(head)).map((entry) => entry.users.map(([id]) => id))).toEqual([[hard], [hard]]);
      await writer.gone(hard);
      expect((await stored(store, hard)).rows.size).toBe(0);
      heard.close();
    });

    it('keeps lone surrogates apart in the names of users, channels and connections, and in texts and claims', async () => {
      const heard = await Heard.on(store, HOST);
      const rows = LONE_SURROGATES.map((half) => ({
        connectionId: half,
        row: rowOf(half, { claims: { name: half }, ...inChannels(half) }),
      }));
      const head = await pod.write({
        rows,
        users: LONE_SURROGATES.map((half) => ({ userId: half, statusText: half })),
      });
      const { rows: found, users } = await stored(store, HOST);
      for (const half of LONE_SURROGATES) {
        expect(found.get(half)).toMatchObject({ connectionId: half, userId: half, channels: [{ channel: half }] });
        expect(users.get(half)).toMatchObject({ connections: 1, text: half, claims: { name: half } });
      }
      const [entry] = await heard.upTo(head);
      expect(new Map(entry?.rows)).toEqual(found);
      expect(new Map(entry?.users)).toEqual(users);
      heard.close();
    });

    it('takes a batch of 500 rows in three channels each and 500 choices, and takes it back', async () => {
      const ids = Array.from({ length: 500 }, (_, n) => `connection-${n}`);
      const users = ids.map((id) => ({ userId: `other-${id}`, status: 'busy' as const, statusText: 'x' }));
      const row = (id: string) => rowOf(id, { claims: { name: id }, ...inChannels('room', `of-${id}`, 'hall') });
      await pod.write({ rows: ids.map((id) => ({ connectionId: id, row: row(id) })), users });
      // Each row passes to another user: three times 500 users in one batch.
      await pod.write({ rows: ids.map((id) => ({ connectionId: id, row: row(`next-${id}`) })), users });
      const full = await stored(store, HOST);
      expect([full.rows.size, full.users.size, full.head.revision]).toEqual([500, 1500, 2000]);
      expect(full.rows.get('connection-7')).toMatchObject({ userId: 'next-connection-7', channels: { length: 3 } });
      expect([...full.users.values()].filter(({ connections }) => connections === 1)).toHaveLength(500);
      await pod.gone(...ids);
      const empty = await stored(store, HOST);
      expect(empty.rows.size).toBe(0);
      expect([...empty.users.values()].every(({ connections, active }) => connections + active === 0)).toBe(true);
    });

    const given = (): RosterStoreHarness => harness;
    describeLives(given);
    describeSweeps(given);
    describeReading(given);
    describeUsers(given);
    describeTimedChoices(given);
    describeLog(given);
    describeErasures(given);
    describeSeen(given);
  });
}
