/*
 * What every adapter of `RosterStore` must do, said through the port alone. The users' half is in
 * `roster-store.users.ts`.
 */
import type { RosterStore } from '@rollcall/roster';
import {
  Heard,
  inChannels,
  rowOf,
  type RosterStoreHarness,
  type RosterStoreOptions,
  stored,
  Writer,
} from '../support/roster-store';
import { describeUsers } from './roster-store.users';

export type MakeRosterStore = () => Promise<RosterStoreHarness>;

const HOST = 'a.example';
const HARD_NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'a b', 'naïve|"é\\🙂', ':', '{x}', '0'];

export function describeRosterStore(name: string, makeStore: MakeRosterStore, options: RosterStoreOptions): void {
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
            pod: 'pod-1',
            userId: 'ada',
            claims: { name: 'Ada' },
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

    describe('a batch that is sent twice', () => {
      it('is applied once', async () => {
        const heard = await Heard.on(store, HOST);
        const batch = pod.batch({ rows: [{ connectionId: 'c1', row: rowOf('ada') }] });
        const first = await store.apply(HOST, batch);
        const second = await store.apply(HOST, batch);
        expect(second).toMatchObject({ epoch: first.epoch, revision: first.revision, tag: first.tag });
        expect((await stored(store, HOST)).users.get('ada')?.connections).toBe(1);
        const last = await pod.row('c2', rowOf(null));
        expect(await heard.upTo(last)).toHaveLength(2);
        heard.close();
      });

      it('does not undo what came after it', async () => {
        const early = pod.batch({ rows: [{ connectionId: 'c1', row: rowOf('ada') }] });
        await store.apply(HOST, early);
        const head = await pod.gone('c1');
        await store.apply(HOST, early);
        expect(await stored(store, HOST)).toMatchObject({ head: { revision: head.revision }, rows: new Map() });
      });

      it('is told from another pod’s batch of the same number, and from one of another host', async () => {
        await pod.row('c1', rowOf(null));
        await new Writer(store, HOST, 'pod-2').row('c2', rowOf(null));
        await new Writer(store, 'b.example', 'pod-1').row('c3', rowOf(null));
        expect([...(await stored(store, HOST)).rows.keys()].sort()).toEqual(['c1', 'c2']);
        expect([...(await stored(store, 'b.example')).rows.keys()]).toEqual(['c3']);
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

      it('is kept as given, also when another pod registers the connection again', async () => {
        const since = { revision: 3, atMs: 1234 };
        const channels = [{ kind: 'anonymous', channel: 'room', since: 7 }] as const;
        await pod.row('c1', rowOf(null, { since, channels }));
        await new Writer(store, HOST, 'pod-2').row('c1', rowOf(null, { since, channels }));
        expect((await stored(store, HOST)).rows.get('c1')).toMatchObject({ pod: 'pod-2', since, channels });
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
        expect([...snapshot.rows].map(({ connectionId }) => connectionId)).toEqual(['c1']);
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

      it('are listed while they have something stored, and not for having been asked about', async () => {
        await store.head('asked.example');
        await store.snapshot('asked.example');
        expect(await store.hosts()).toEqual([]);
        await pod.row('c1', rowOf(null));
        await new Writer(store, 'b.example', 'pod-1').write({ users: [{ userId: 'ada', status: 'busy' }] });
        expect([...(await store.hosts())].sort()).toEqual([HOST, 'b.example']);
        await pod.gone('c1');
        expect(await store.hosts()).toEqual(['b.example']);
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
      expect(await store.hosts()).toEqual([hard]);
      const { rows, users } = await stored(store, hard);
      expect([...rows.keys()]).toEqual([hard]);
      expect(rows.get(hard)).toMatchObject({ userId: hard, channels: [{ channel: hard }] });
      expect([...users]).toMatchObject([[hard, { connections: 1, text: hard }]]);
      expect((await heard.upTo(head)).map((entry) => entry.users.map(([id]) => id))).toEqual([[hard], [hard]]);
      await writer.gone(hard);
      expect((await stored(store, hard)).rows.size).toBe(0);
      heard.close();
    });

    describeUsers(() => harness, options);
  });
}
