import { combine, type RosterStore, shownAt, type UserRecord } from '@rollcall/roster';
import {
  Heard,
  HOST,
  inChannels,
  OFFLINE_GRACE_MS,
  rowOf,
  type RosterStoreHarness,
  stored,
  Writer,
} from '../support/roster-store';

const MINUTE_MS = 60_000;

/** The half of the contract that is about users: their records, the presence rule and the passing of time. */
export function describeUsers(harness: () => RosterStoreHarness): void {
  let store: RosterStore;
  let pod: Writer;

  beforeEach(() => {
    store = harness().store;
    pod = new Writer(store, HOST, 'pod-1');
  });

  const nowMs = async (): Promise<number> => (await store.now(HOST, 0)).atMs;

  const advanceClock = (ms: number): Promise<void> => harness().advanceClock(ms);

  const record = async (userId: string): Promise<UserRecord | undefined> =>
    (await stored(store, HOST)).users.get(userId);

  const known = async (userId: string): Promise<UserRecord> => {
    const found = await record(userId);
    if (found === undefined) throw new Error(`Nothing is stored of ${userId}.`);
    return found;
  };

  describe('a user', () => {
    it('with two connections is one record, and the first of them stamps it', async () => {
      const first = await pod.row('c1', rowOf('ada', inChannels('room')));
      await new Writer(store, HOST, 'pod-2').row('c2', rowOf('ada', { active: false, ...inChannels('room') }));
      expect(await known('ada')).toMatchObject({ connections: 2, active: 1, stampMs: first.atMs });
      await pod.gone('c1');
      const { connections, active, chosen } = await known('ada');
      expect([connections, active, combine(chosen, connections, active)]).toEqual([1, 0, 'away']);
    });

    it('is not counted twice when a row is written again', async () => {
      await pod.row('c1', rowOf('ada'));
      await pod.row('c1', rowOf('ada', { active: false }));
      await pod.open();
      await pod.row('c1', rowOf('ada', { active: false }));
      expect(await known('ada')).toMatchObject({ connections: 1, active: 0 });
    });

    it('is not counted by a row that is taken away twice', async () => {
      await pod.row('c1', rowOf('ada'));
      await pod.gone('c1');
      await pod.gone('c1');
      expect(await known('ada')).toMatchObject({ connections: 0, active: 0 });
    });

    it('moves with the connection when the row names another user', async () => {
      await pod.row('c1', rowOf('ada'));
      await pod.row('c1', rowOf('bob', { claims: { name: 'Bob' } }));
      expect(await known('ada')).toMatchObject({ connections: 0, active: 0 });
      expect(await known('bob')).toMatchObject({ connections: 1, active: 1, claims: { name: 'Bob' } });
    });

    it('keeps what was chosen where a write says nothing', async () => {
      await pod.row('c1', rowOf('ada'));
      await pod.write({ users: [{ userId: 'ada', status: 'busy' }] });
      await pod.write({ users: [{ userId: 'ada', statusText: 'lunch' }] });
      await pod.gone('c1');
      expect(await known('ada')).toMatchObject({ chosen: 'busy', text: 'lunch' });
      await pod.write({ users: [{ userId: 'ada', statusText: '' }] });
      expect(await known('ada')).toMatchObject({ chosen: 'busy', text: '' });
    });

    it('may choose without ever having been connected', async () => {
      await pod.write({ users: [{ userId: 'ada', status: 'away', statusText: 'later' }] });
      expect(await known('ada')).toMatchObject({ connections: 0, chosen: 'away', text: 'later', claims: null });
    });

    it('keeps the claims after leaving, until the user is erased', async () => {
      const claims = { email: 'ada@example.com', name: 'Ada' };
      await pod.row('c1', rowOf('ada', { claims }));
      await pod.row('c2', rowOf('ada'));
      await pod.gone('c1', 'c2');
      expect(await known('ada')).toMatchObject({ claims });
      await pod.write({ users: [{ userId: 'ada', status: 'busy', statusText: 'x' }] });
      await pod.write({ users: [{ userId: 'ada', erasedAtMs: await nowMs() }] });
      const forgotten = await record('ada');
      expect(forgotten ?? { claims: null, chosen: 'online', text: '' }).toMatchObject({
        claims: null,
        chosen: 'online',
        text: '',
      });
    });

    it('has the claims of the newest connection that brought any', async () => {
      await pod.row('c1', rowOf('ada', { claims: { name: 'Ada' } }));
      await pod.row('c2', rowOf('ada', { claims: { name: 'Ada L.' } }));
      await pod.row('c1', rowOf('ada', { claims: { name: 'Ada' }, active: false }));
      expect(await known('ada')).toMatchObject({ claims: { name: 'Ada L.' } });
    });
  });

  describe('the presence rule', () => {
    it('lets a departure take effect after the grace', async () => {
      const { atMs: cameAtMs } = await pod.row('c1', rowOf('ada'));
      const { atMs } = await pod.gone('c1');
      const left = await known('ada');
      expect(shownAt(left, atMs)).toMatchObject({ status: 'online', stampMs: cameAtMs });
      expect(shownAt(left, atMs + OFFLINE_GRACE_MS - 1)).toMatchObject({ status: 'online', stampMs: cameAtMs });
      const departsAtMs = atMs + OFFLINE_GRACE_MS;
      expect(shownAt(left, departsAtMs)).toMatchObject({ status: 'offline', stampMs: departsAtMs });
    });

    it('takes a batch as one step, so that changing tabs in it is no departure', async () => {
      const { atMs } = await pod.row('c1', rowOf('ada'));
      await pod.write({
        rows: [
          { connectionId: 'c1', row: null },
          { connectionId: 'c2', row: rowOf('ada') },
        ],
      });
      expect(await known('ada')).toMatchObject({ connections: 1, stampMs: atMs, previousStampMs: atMs });
    });

    it('lets a chosen offline wait for no grace', async () => {
      await pod.row('c1', rowOf('ada'));
      const { atMs } = await pod.write({
        rows: [{ connectionId: 'c1', row: null }],
        users: [{ userId: 'ada', status: 'offline' }],
      });
      expect(shownAt(await known('ada'), atMs)).toMatchObject({ status: 'offline', stampMs: atMs });
    });

    it('shows no change to a user who is back within the grace', async () => {
      const { atMs } = await pod.row('c1', rowOf('ada'));
      await advanceClock(MINUTE_MS);
      await pod.gone('c1');
      await advanceClock(OFFLINE_GRACE_MS - 1);
      await pod.row('c2', rowOf('ada'));
      expect(await known('ada')).toMatchObject({ connections: 1, stampMs: atMs });
      await pod.gone('c2');
      await advanceClock(OFFLINE_GRACE_MS);
      const back = await pod.row('c3', rowOf('ada'));
      expect(await known('ada')).toMatchObject({ connections: 1, stampMs: back.atMs });
    });
  });

  describe('time', () => {
    it('never goes backwards from one answer to the next', async () => {
      const times = [
        (await store.head(HOST)).atMs,
        (await pod.row('c1', rowOf(null))).atMs,
        (await store.snapshot(HOST)).head.atMs,
        (await store.now(HOST, 0)).atMs,
        (await store.beat(HOST, pod.life)).head.atMs,
        (await store.head(HOST)).atMs,
      ];
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    });

    it('goes on in answers about presence while nothing happens', async () => {
      const before = await store.now(HOST, 0);
      await advanceClock(MINUTE_MS);
      const after = await store.now(HOST, 0);
      expect(after.atMs - before.atMs).toBe(MINUTE_MS);
      expect(after.tag).toBe(before.tag);
    });

    it('stands still until it has caught up with what was shown, which may have come from elsewhere', async () => {
      const heard = await Heard.on(store, HOST);
      const shownMs = (await store.now(HOST, 0)).atMs + 10_000;
      expect((await store.now(HOST, shownMs)).atMs).toBe(shownMs);
      const head = await pod.row('c1', rowOf('ada'));
      expect(head.atMs).toBe(shownMs);
      expect((await heard.upTo(head)).map(({ atMs }) => atMs)).toEqual([shownMs]);
      expect(await known('ada')).toMatchObject({ stampMs: shownMs });
      heard.close();
    });

    it('stands still while the clock is behind it, and leases go on', async () => {
      const { turnBackClock } = harness();
      if (turnBackClock === undefined) return;
      await advanceClock(10_000);
      const { atMs: shownMs } = await store.now(HOST, 0);
      turnBackClock(5000);
      harness().leasesLast(-1);
      expect((await pod.row('c1', rowOf('ada'))).atMs).toBe(shownMs);
      expect(await store.leases(HOST)).toMatchObject([{ instance: 'pod-1', expired: true }]);
      await advanceClock(5001);
      expect((await store.now(HOST, 0)).atMs).toBe(shownMs + 1);
    });
  });

  describe('a user who left', () => {
    const leave = async (userId: string): Promise<void> => {
      await pod.row(`tab-of-${userId}`, rowOf(userId, { claims: { name: userId } }));
      await pod.gone(`tab-of-${userId}`);
    };

    it('is known for 15 minutes and then forgotten, which listeners hear', async () => {
      await leave('ada');
      const heard = await Heard.on(store, HOST);
      await advanceClock(15 * MINUTE_MS + OFFLINE_GRACE_MS);
      await heard.upTo(await pod.row('c1', rowOf(null)));
      expect(await record('ada')).toBeDefined();
      await advanceClock(1);
      const entries = await heard.upTo(await pod.row('c2', rowOf(null)));
      expect(await record('ada')).toBeUndefined();
      expect(entries.map(({ users }) => users)).toEqual([[], [['ada', null]]]);
      heard.close();
    });

    it('is kept for as long as a status or a text is chosen', async () => {
      for (const userId of ['ada', 'bob', 'cyd']) await leave(userId);
      await pod.write({
        users: [
          { userId: 'ada', status: 'busy' },
          { userId: 'bob', statusText: 'on leave' },
        ],
      });
      await advanceClock(60 * MINUTE_MS);
      await pod.row('c1', rowOf(null));
      expect([...(await stored(store, HOST)).users.keys()].sort()).toEqual(['ada', 'bob']);
      await pod.write({
        users: [
          { userId: 'ada', status: 'online' },
          { userId: 'bob', statusText: '' },
        ],
      });
      await advanceClock(60 * MINUTE_MS);
      await pod.row('c2', rowOf(null));
      expect((await stored(store, HOST)).users.size).toBe(0);
    });

    it('is forgotten in time, also when one who left earlier came back and left again', async () => {
      await leave('ada');
      await leave('bob');
      await advanceClock(14 * MINUTE_MS);
      await leave('ada');
      await advanceClock(2 * MINUTE_MS);
      await pod.row('c1', rowOf(null));
      expect([...(await stored(store, HOST)).users.keys()]).toEqual(['ada']);
    });

    it('and came back is not forgotten', async () => {
      await leave('ada');
      await advanceClock(10 * MINUTE_MS);
      await pod.row('c1', rowOf('ada'));
      await advanceClock(10 * MINUTE_MS);
      await pod.row('c2', rowOf(null));
      expect(await known('ada')).toMatchObject({ connections: 1, claims: { name: 'ada' } });
    });

    it('long ago is forgotten with the batch that takes the choice back, whoever has left since', async () => {
      await leave('ada');
      await pod.write({ users: [{ userId: 'ada', status: 'busy' }] });
      await advanceClock(20 * MINUTE_MS);
      await leave('bob');
      const heard = await Heard.on(store, HOST);
      const head = await pod.write({ users: [{ userId: 'ada', status: 'online' }] });
      const [entry] = await heard.upTo(head);
      expect(entry?.users).toMatchObject([
        ['ada', { chosen: 'online', connections: 0 }],
        ['ada', null],
      ]);
      expect([...(await stored(store, HOST)).users.keys()]).toEqual(['bob']);
      heard.close();
    });

    it('is forgotten at most a hundred with one batch, the first first, and the rest with the next', async () => {
      const ids = Array.from({ length: 150 }, (_, n) => `user-${n}`);
      await pod.write({ rows: ids.map((id) => ({ connectionId: id, row: rowOf(id) })) });
      for (const some of [ids.slice(0, 75), ids.slice(75)]) {
        await pod.gone(...some);
        await advanceClock(1000);
      }
      await advanceClock(20 * MINUTE_MS);
      await pod.gone('nobody');
      const left = (await stored(store, HOST)).users;
      expect(left.size).toBe(50);
      expect(ids.slice(0, 75).some((id) => left.has(id))).toBe(false);
      await pod.gone('nobody');
      expect((await stored(store, HOST)).users.size).toBe(0);
    });
  });

  describe('a choice that is remembered from before a loss', () => {
    const restore = { status: 'busy', statusText: 'lunch', restore: true } as const;

    it('counts where nothing has been chosen', async () => {
      await pod.row('c1', rowOf('ada'));
      await pod.write({ users: [{ userId: 'ada', ...restore }] });
      expect(await known('ada')).toMatchObject({ chosen: 'busy', text: 'lunch' });
    });

    it.each([{ status: 'away' }, { statusText: 'later' }] as const)('gives way to %p', async (chosen) => {
      await pod.write({ users: [{ userId: 'ada', ...chosen }] });
      const before = await known('ada');
      const { revision } = await store.head(HOST);
      const head = await pod.write({ users: [{ userId: 'ada', ...restore }] });
      expect(head.revision).toBe(revision + 1);
      expect(await known('ada')).toEqual(before);
    });

    it('gives way to one in the same batch, and what is chosen later wins', async () => {
      await pod.write({
        users: [
          { userId: 'ada', status: 'away' },
          { userId: 'ada', ...restore },
          { userId: 'bob', ...restore },
          { userId: 'bob', statusText: 'later' },
        ],
      });
      expect(await known('ada')).toMatchObject({ chosen: 'away', text: '' });
      expect(await known('bob')).toMatchObject({ chosen: 'busy', text: 'later' });
    });

    it('does nothing to who is erased afterwards, nor where it is from before that', async () => {
      const erasedAtMs = await nowMs();
      await pod.write({ users: [{ userId: 'ada', ...restore }] });
      await pod.write({ users: [{ userId: 'ada', erasedAtMs }] });
      expect(await known('ada')).toMatchObject({ chosen: 'online', text: '', claims: null });
      await pod.write({ users: [{ userId: 'ada', ...restore }] });
      expect(await known('ada')).toMatchObject({ chosen: 'online', text: '' });
      await pod.write({ users: [{ userId: 'ada', erasedAtMs, ...restore }] });
      expect(await known('ada')).toMatchObject({ chosen: 'busy', text: 'lunch' });
    });
  });
}
