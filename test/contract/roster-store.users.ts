import { combine, type RosterStore, shownAt, type UserRecord } from '@rollcall/roster';
import {
  Heard,
  inChannels,
  rowOf,
  type RosterStoreHarness,
  type RosterStoreOptions,
  stored,
  Writer,
} from '../support/roster-store';

const HOST = 'a.example';
const MINUTE_MS = 60_000;

/** The half of the contract that is about users: their records, the presence rule and the passing of time. */
export function describeUsers(harness: () => RosterStoreHarness, options: RosterStoreOptions): void {
  const { offlineGraceMs, movesClock } = options;
  const itMovingTheClock = movesClock ? it : it.skip;
  let store: RosterStore;
  let pod: Writer;

  beforeEach(() => {
    store = harness().store;
    pod = new Writer(store, HOST, 'pod-1');
  });

  const advanceClock = (ms: number): void => {
    const advance = harness().advanceClock;
    if (advance === undefined) throw new Error('This store’s clock cannot be moved.');
    advance(ms);
  };

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
      await new Writer(store, HOST, 'pod-2').row('c1', rowOf('ada', { active: false }));
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

    it('keeps the claims after leaving, until they are forgotten', async () => {
      const claims = { email: 'ada@example.com', name: 'Ada' };
      await pod.row('c1', rowOf('ada', { claims }));
      await pod.row('c2', rowOf('ada'));
      await pod.gone('c1', 'c2');
      expect(await known('ada')).toMatchObject({ claims });
      await pod.write({ users: [{ userId: 'ada', status: 'busy', statusText: 'x' }] });
      await pod.write({ users: [{ userId: 'ada', forget: true }] });
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
      expect(shownAt(left, atMs)).toEqual({ status: 'online', stampMs: cameAtMs });
      expect(shownAt(left, atMs + offlineGraceMs - 1)).toEqual({ status: 'online', stampMs: cameAtMs });
      const departsAtMs = atMs + offlineGraceMs;
      expect(shownAt(left, departsAtMs)).toEqual({ status: 'offline', stampMs: departsAtMs });
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
      expect(shownAt(await known('ada'), atMs)).toEqual({ status: 'offline', stampMs: atMs });
    });

    itMovingTheClock('shows no change to a user who is back within the grace', async () => {
      const { atMs } = await pod.row('c1', rowOf('ada'));
      advanceClock(MINUTE_MS);
      await pod.gone('c1');
      advanceClock(offlineGraceMs - 1);
      await pod.row('c2', rowOf('ada'));
      expect(await known('ada')).toMatchObject({ connections: 1, stampMs: atMs });
      await pod.gone('c2');
      advanceClock(offlineGraceMs);
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
        (await store.head(HOST)).atMs,
      ];
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    });

    itMovingTheClock('goes on in answers while nothing happens', async () => {
      const before = await store.head(HOST);
      advanceClock(MINUTE_MS);
      const after = await store.head(HOST);
      expect(after.atMs - before.atMs).toBe(MINUTE_MS);
      expect(after.tag).toBe(before.tag);
    });

    itMovingTheClock('stands still while the clock is behind what was shown', async () => {
      const heard = await Heard.on(store, HOST);
      advanceClock(10_000);
      const { atMs: shownMs } = await store.head(HOST);
      advanceClock(-5000);
      const head = await pod.row('c1', rowOf('ada'));
      expect(head.atMs).toBe(shownMs);
      expect((await heard.upTo(head)).map(({ atMs }) => atMs)).toEqual([shownMs]);
      expect(await known('ada')).toMatchObject({ stampMs: shownMs });
      advanceClock(5001);
      expect((await store.head(HOST)).atMs).toBe(shownMs + 1);
      heard.close();
    });
  });

  describe('a user who left', () => {
    const leave = async (userId: string): Promise<void> => {
      await pod.row(`tab-of-${userId}`, rowOf(userId, { claims: { name: userId } }));
      await pod.gone(`tab-of-${userId}`);
    };

    itMovingTheClock('is known for 15 minutes and then forgotten, which listeners hear', async () => {
      await leave('ada');
      const heard = await Heard.on(store, HOST);
      advanceClock(15 * MINUTE_MS + offlineGraceMs);
      await heard.upTo(await pod.row('c1', rowOf(null)));
      expect(await record('ada')).toBeDefined();
      advanceClock(1);
      const entries = await heard.upTo(await pod.row('c2', rowOf(null)));
      expect(await record('ada')).toBeUndefined();
      expect(entries.map(({ users }) => users)).toEqual([[], [['ada', null]]]);
      heard.close();
    });

    itMovingTheClock('is kept for as long as a status or a text is chosen', async () => {
      for (const userId of ['ada', 'bob', 'cyd']) await leave(userId);
      await pod.write({
        users: [
          { userId: 'ada', status: 'busy' },
          { userId: 'bob', statusText: 'on leave' },
        ],
      });
      advanceClock(60 * MINUTE_MS);
      await pod.row('c1', rowOf(null));
      expect([...(await stored(store, HOST)).users.keys()].sort()).toEqual(['ada', 'bob']);
      await pod.write({
        users: [
          { userId: 'ada', status: 'online' },
          { userId: 'bob', statusText: '' },
        ],
      });
      advanceClock(60 * MINUTE_MS);
      await pod.row('c2', rowOf(null));
      expect((await stored(store, HOST)).users.size).toBe(0);
    });

    itMovingTheClock('is forgotten in time, also when one who left earlier came back and left again', async () => {
      await leave('ada');
      await leave('bob');
      advanceClock(14 * MINUTE_MS);
      await leave('ada');
      advanceClock(2 * MINUTE_MS);
      await pod.row('c1', rowOf(null));
      expect([...(await stored(store, HOST)).users.keys()]).toEqual(['ada']);
    });

    itMovingTheClock('and came back is not forgotten', async () => {
      await leave('ada');
      advanceClock(10 * MINUTE_MS);
      await pod.row('c1', rowOf('ada'));
      advanceClock(10 * MINUTE_MS);
      await pod.row('c2', rowOf(null));
      expect(await known('ada')).toMatchObject({ connections: 1, claims: { name: 'ada' } });
    });
  });
}
