import { type RosterStore, SEEN_KEPT_MS } from '@rollcall/roster';
import { HOST, logOf, rowOf, type RosterStoreHarness, Writer } from '../support/roster-store';

/** Where nobody asked for it. */
const ELSEWHERE = 'b.example';

/** The part of the contract that is about when users were last seen. */
export function describeSeen(harness: () => RosterStoreHarness): void {
  let store: RosterStore;
  let pod: Writer;

  beforeEach(() => {
    store = harness().store;
    pod = new Writer(store, HOST, 'pod-1');
  });

  const seen = (userId: string, host = HOST): Promise<number | undefined> => store.lastSeen(host, userId);

  describe('when a user was last seen', () => {
    it('is the moment at which the last connection went, however often', async () => {
      await pod.row('c1', rowOf('ada'));
      const other = new Writer(store, HOST, 'pod-2');
      await other.row('c2', rowOf('ada'));
      expect(await seen('ada')).toBeUndefined();
      await pod.gone('c1');
      expect(await seen('ada')).toBeUndefined();
      await harness().advanceClock(5000);
      await pod.row('c1', rowOf('ada'));
      await other.gone('c2');
      await harness().advanceClock(5000);
      const { atMs } = await pod.gone('c1');
      expect(await seen('ada')).toBe(atMs);
      await harness().advanceClock(5000);
      await pod.row('c3', rowOf('ada'));
      const later = await pod.gone('c3');
      expect(await seen('ada')).toBe(later.atMs);
    });

    it('is not what somebody does who is not there', async () => {
      await pod.row('c1', rowOf('ada'));
      const { atMs } = await pod.gone('c1');
      await harness().advanceClock(5000);
      await pod.write({
        users: [
          { userId: 'ada', status: 'busy' },
          { userId: 'bob', status: 'busy' },
        ],
      });
      expect([await seen('ada'), await seen('bob'), await seen('nobody')]).toEqual([atMs, undefined, undefined]);
    });

    it('is known of who was connected to a pod that was swept', async () => {
      await pod.row('c1', rowOf('ada'));
      harness().leasesLast(-1);
      await store.beat(HOST, pod.life);
      await harness().advanceClock(60_000);
      const [lease] = await store.leases(HOST);
      await store.sweep(HOST, 'pod-1', lease?.score ?? 0, '0');
      expect(await seen('ada')).toBe((await store.now(HOST, 0)).atMs);
    });

    it('is remembered for each user whatever the name, and is in no entry', async () => {
      const userIds = ['__proto__', 'a "b"\\', '\ud83d', 'naïve'];
      await pod.write({ rows: userIds.map((userId) => ({ connectionId: userId, row: rowOf(userId) })) });
      const { atMs } = await pod.gone(...userIds);
      expect(await Promise.all(userIds.map((userId) => seen(userId)))).toEqual(userIds.map(() => atMs));
      expect(JSON.stringify(await logOf(store, HOST))).not.toMatch(/seen/i);
    });

    it('is not remembered where nobody asked for it', async () => {
      const there = new Writer(store, ELSEWHERE, 'pod-1');
      await there.row('c1', rowOf('ada'));
      await there.gone('c1');
      expect(await seen('ada', ELSEWHERE)).toBeUndefined();
    });

    it('is forgotten where it shall be, also after everybody has gone', async () => {
      await pod.write({
        rows: [
          { connectionId: 'c1', row: rowOf('ada') },
          { connectionId: 'c2', row: rowOf('bob') },
        ],
      });
      const { atMs } = await pod.gone('c1', 'c2');
      await store.close(HOST, pod.life);
      await store.forgetLastSeen('ada', (host) => host === ELSEWHERE);
      expect(await seen('ada')).toBe(atMs);
      await store.forgetLastSeen('ada', (host) => host === HOST);
      expect([await seen('ada'), await seen('bob')]).toEqual([undefined, atMs]);
    });

    it('is forgotten after 90 days, when somebody else leaves', async () => {
      await pod.row('c1', rowOf('ada'));
      await pod.gone('c1');
      for (const [ms, known] of [
        [SEEN_KEPT_MS, true],
        [1, false],
      ] as const) {
        await harness().advanceClock(ms);
        await pod.row('c2', rowOf('bob'));
        await pod.gone('c2');
        expect((await seen('ada')) !== undefined).toBe(known);
      }
    });
  });
}
