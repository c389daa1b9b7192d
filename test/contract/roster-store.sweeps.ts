import { type Lease, LEASE_MAX_MS, type LogEntry, type RosterStore, shownAt, type Swept } from '@rollcall/roster';
import { Heard, HOST, inChannels, rowOf, type RosterStoreHarness, stored, Writer } from '../support/roster-store';

const ids = (count: number): string[] => Array.from({ length: count }, (_, n) => `connection-${n}`);

/** The part of the contract that is about pods that have died. */
export function describeSweeps(harness: () => RosterStoreHarness): void {
  describe('a sweep', () => {
    let store: RosterStore;
    let pod: Writer;

    beforeEach(() => {
      store = harness().store;
      pod = new Writer(store, HOST, 'pod-1');
    });

    const lease = async (instance = 'pod-1'): Promise<Lease | undefined> =>
      (await store.leases(HOST)).find((each) => each.instance === instance);

    const score = async (): Promise<number> => (await lease())?.score ?? NaN;

    /** Registers so many connections, each user's two; then the pod is dead. */
    const dies = async (connections: string[]): Promise<void> => {
      for (let from = 0; from < connections.length; from += 500) {
        const some = connections.slice(from, from + 500);
        await pod.write({
          rows: some.map((connectionId, n) => ({
            connectionId,
            row: rowOf(`user-${(from + n) >> 1}`, { active: n % 2 === 0, ...inChannels('room') }),
          })),
        });
      }
      harness().leasesLast(-1);
      await store.beat(HOST, pod.life);
      harness().leasesLast(60_000);
    };

    /** Sweeps to the end, like a pod that has seen the score. */
    const sweepAll = async (seen: number): Promise<Swept[]> => {
      const answers = [await store.sweep(HOST, 'pod-1', seen, '0')];
      for (let last = answers[0]; last?.state === 'more'; last = answers.at(-1)) {
        answers.push(await store.sweep(HOST, 'pod-1', 0, last.cursor));
      }
      return answers;
    };

    const left = (entries: readonly LogEntry[]): string[] =>
      entries.flatMap(({ rows }) => rows.map(([connectionId, row]) => (row === null ? connectionId : '')));

    it('of a pod that has no lease is done', async () => {
      expect(await store.sweep(HOST, 'pod-1', 0, '0')).toMatchObject({ state: 'done' });
      expect((await store.head(HOST)).revision).toBe(0);
    });

    it('takes what was leased for longer than anybody may: the clock has been set back since', async () => {
      harness().leasesLast(2 * LEASE_MAX_MS);
      await pod.row('c1', rowOf('ada'));
      expect(await lease()).toMatchObject({ expired: true });
      expect(await store.sweep(HOST, 'pod-1', (await score()) - 1, '0')).toMatchObject({ state: 'alive' });
      expect((await sweepAll(await score())).at(-1)).toMatchObject({ state: 'done' });
      expect((await stored(store, HOST)).rows.size).toBe(0);
    });

    it('takes what has expired and stands as it was seen, and nothing else', async () => {
      await pod.row('c1', rowOf('ada'));
      const alive = { state: 'alive' };
      expect(await store.sweep(HOST, 'pod-1', await score(), '0')).toMatchObject(alive);
      expect(await store.sweep(HOST, 'pod-1', 0, '0')).toMatchObject(alive);
      harness().leasesLast(-1);
      await store.beat(HOST, pod.life);
      const seen = await score();
      expect(await store.sweep(HOST, 'pod-1', seen - 1, '0')).toMatchObject(alive);
      expect(await store.sweep(HOST, 'pod-1', 0, '0')).toMatchObject(alive);
      expect((await stored(store, HOST)).rows.size).toBe(1);
      expect(await store.sweep(HOST, 'pod-1', seen, '0')).toMatchObject({ state: 'done' });
      expect(await stored(store, HOST)).toMatchObject({ head: { revision: 2 }, rows: new Map() });
      expect(await store.leases(HOST)).toEqual([]);
    });

    it('leaves a pod alone that was renewed after it was looked at', async () => {
      await dies(['c1']);
      const seen = await score();
      await store.beat(HOST, pod.life);
      expect(await store.sweep(HOST, 'pod-1', seen, '0')).toMatchObject({ state: 'alive' });
      await pod.row('c2', rowOf(null));
    });

    it('lets a user leave at once, without a grace, and keeps those who are elsewhere', async () => {
      await new Writer(store, HOST, 'pod-2').row('elsewhere', rowOf('user-1'));
      await dies(ids(4));
      await harness().advanceClock(1000);
      await sweepAll(await score());
      const { head, rows, users } = await stored(store, HOST);
      expect([...rows.keys()]).toEqual(['elsewhere']);
      expect([...users]).toHaveLength(2);
      const gone = users.get('user-0');
      expect(gone && shownAt(gone, head.atMs)).toMatchObject({ status: 'offline', stampMs: head.atMs });
      expect(users.get('user-1')).toMatchObject({ connections: 1, active: 1 });
    });

    it('of 1,200 rows goes in chunks, and each leave is logged once', async () => {
      await dies(ids(1200));
      const heard = await Heard.on(store, HOST);
      const answers = await sweepAll(await score());
      expect(answers.length).toBeGreaterThanOrEqual(3);
      const { head, rows, users } = await stored(store, HOST);
      expect(rows.size).toBe(0);
      expect([...users.values()].every(({ connections, active }) => connections === 0 && active === 0)).toBe(true);
      expect(head.revision).toBe(2400);
      const entries = await heard.upTo(head);
      expect(left(entries).sort()).toEqual(ids(1200).sort());
      expect(Math.max(...entries.map((entry) => entry.rows.length))).toBeLessThan(700);
      expect(await store.leases(HOST)).toEqual([]);
      heard.close();
    });

    it('by three at the same time logs each leave once, too', async () => {
      await dies(ids(1200));
      const heard = await Heard.on(store, HOST);
      const seen = await score();
      await Promise.all([sweepAll(seen), sweepAll(seen), sweepAll(seen)]);
      const { head, rows } = await stored(store, HOST);
      expect(rows.size).toBe(0);
      expect(head.revision).toBe(2400);
      expect(left(await heard.upTo(head)).sort()).toEqual(ids(1200).sort());
      heard.close();
    });

    it('that was left off in the middle is finished by another, who finds the lease claimed', async () => {
      await dies(ids(1200));
      expect(await store.sweep(HOST, 'pod-1', await score(), '0')).toMatchObject({ state: 'more' });
      expect(await lease()).toMatchObject({ score: 0 });
      expect((await stored(store, HOST)).rows.size).toBeGreaterThan(0);
      await sweepAll(0);
      expect(await stored(store, HOST)).toMatchObject({ head: { revision: 2400 }, rows: new Map() });
      expect(await store.leases(HOST)).toEqual([]);
    });

    describe('has claimed a pod that was merely paused', () => {
      beforeEach(async () => {
        await dies(ids(1200));
        expect(await store.sweep(HOST, 'pod-1', await score(), '0')).toMatchObject({ state: 'more' });
      });

      it('and what it writes is refused, and its beat finds nothing', async () => {
        expect(await store.apply(HOST, pod.batch({ rows: [{ connectionId: 'c1', row: rowOf(null) }] }))).toEqual({
          state: 'gone',
        });
        expect(await store.beat(HOST, pod.life)).toMatchObject({ own: undefined, leases: [{ score: 0 }] });
      });

      it('and it cannot come back as what it was', async () => {
        const { instance, generation } = pod.life;
        const old = { state: 'old', generation: generation + 1 };
        expect(await store.open(HOST, { instance, generation }, undefined)).toEqual(old);
        expect(await store.open(HOST, { instance, generation: generation + 1 }, undefined)).toEqual(old);
      });

      it('and it comes back in its next life but one, finds what is left, and is swept no more', async () => {
        const { rows } = await stored(store, HOST);
        expect(await pod.open()).toMatchObject({ state: 'old' });
        const opened = await pod.open();
        if (opened.state !== 'open') throw new Error('It was refused.');
        expect(opened.rows.map(({ connectionId }) => connectionId).sort()).toEqual([...rows.keys()].sort());
        expect(await store.sweep(HOST, 'pod-1', 0, '0')).toMatchObject({ state: 'alive' });
        expect((await stored(store, HOST)).rows.size).toBe(rows.size);
        await pod.row('c1', rowOf(null));
      });
    });

    it('that is finished leaves nothing in the way of the pod', async () => {
      await dies(ids(3));
      await sweepAll(await score());
      expect(await store.sweep(HOST, 'pod-1', 0, '0')).toMatchObject({ state: 'done' });
      expect(await pod.open()).toMatchObject({ state: 'open', rows: [] });
      await pod.row('c1', rowOf('ada'));
      expect((await stored(store, HOST)).rows.get('c1')).toMatchObject({ pod: 'pod-1.2' });
    });

    it('of a pod without connections gives its lease back, and logs nothing', async () => {
      harness().leasesLast(-1);
      await pod.open();
      const before = await store.head(HOST);
      expect(await store.sweep(HOST, 'pod-1', await score(), '0')).toMatchObject({ state: 'done' });
      const { epoch, revision, tag } = await store.head(HOST);
      expect(before).toMatchObject({ epoch, revision, tag });
      expect(await store.leases(HOST)).toEqual([]);
    });
  });
}
