import { ERASURE_COUNTS_MS, ERASURE_KEPT_MS, type RosterStore, shownAt, type UserRecord } from '@rollcall/roster';
import { HOST, inChannels, logOf, rowOf, type RosterStoreHarness, stored, Writer } from '../support/roster-store';

const CLAIMS = { name: 'Ada Private' };

/** The part of the contract that is about erased users: what is said of them late, and of who comes back. */
export function describeErasures(harness: () => RosterStoreHarness): void {
  let store: RosterStore;
  let pod: Writer;
  /** The first erasure, and a later one. */
  let erasedAtMs: number;
  let laterMs: number;

  beforeEach(async () => {
    store = harness().store;
    pod = new Writer(store, HOST, 'pod-1');
    erasedAtMs = (await store.now(HOST, 0)).atMs;
    laterMs = erasedAtMs + 1;
  });

  const advanceClock = (ms: number): Promise<void> => harness().advanceClock(ms);
  const known = async (): Promise<UserRecord | undefined> => (await stored(store, HOST)).users.get('ada');
  const erase = (ms = erasedAtMs) => pod.write({ users: [{ userId: 'ada', erasedAtMs: ms, erases: true }] });
  const NOTHING = { claims: null, chosen: 'online', text: '', untilMs: 0 };

  describe('an erased user', () => {
    it('is shown no longer, without a grace, and nothing is left of them but that', async () => {
      await pod.row('c1', rowOf('ada', { claims: CLAIMS }));
      await pod.write({ users: [{ userId: 'ada', status: 'busy', statusText: 'at home' }] });
      await pod.gone('c1');
      const { atMs } = await erase();
      const record = await known();
      expect(record).toMatchObject({ ...NOTHING, erasedAtMs, connections: 0 });
      expect(record && shownAt(record, atMs)).toEqual({ status: 'offline', text: '', stampMs: atMs });
      expect(await store.lastSeen(HOST, 'ada')).toBeUndefined();
      expect(JSON.stringify(await logOf(store, HOST))).not.toMatch(/Private|at home/);
    });

    it('of whom something is said late is not there: the connection is an anonymous one, the choice is none', async () => {
      await erase();
      await pod.write({
        rows: [{ connectionId: 'c1', row: rowOf('ada', { claims: CLAIMS, ...inChannels('room') }) }],
        users: [{ userId: 'ada', status: 'busy', statusText: 'at home' }],
      });
      expect(await known()).toMatchObject({ ...NOTHING, connections: 0, active: 0 });
      const row = (await stored(store, HOST)).rows.get('c1');
      expect(row).toMatchObject({ userId: null, channels: [{ channel: 'room' }] });
      await pod.row('c1', rowOf('ada', { claims: CLAIMS, active: false }));
      await pod.gone('c1');
      expect(await known()).toMatchObject({ ...NOTHING, connections: 0, active: 0 });
      expect((await stored(store, HOST)).rows.size).toBe(0);
      expect(await store.lastSeen(HOST, 'ada')).toBeUndefined();
      expect(JSON.stringify(await logOf(store, HOST))).not.toMatch(/Private|at home/);
    });

    it('who was there until then is nobody with the next that is said of the connection', async () => {
      await pod.row('c1', rowOf('ada', { claims: CLAIMS }));
      await erase();
      expect(await known()).toMatchObject({ ...NOTHING, connections: 1, active: 1 });
      await pod.row('c1', rowOf('ada', { claims: CLAIMS, active: false }));
      expect(await known()).toMatchObject({ ...NOTHING, connections: 0, active: 0 });
      await pod.gone('c1');
      expect(await known()).toMatchObject({ ...NOTHING, connections: 0, active: 0 });
    });

    it('who is still connected when that is said is shown no longer when it is said again', async () => {
      await pod.row('c1', rowOf('ada', { claims: CLAIMS }));
      await erase();
      await pod.gone('c1');
      const { atMs } = await erase();
      const record = await known();
      expect(record && shownAt(record, atMs)).toMatchObject({ status: 'offline', stampMs: atMs });
    });

    it('who is still connected when that is said is not seen when they are closed and it is said again', async () => {
      await pod.row('c1', rowOf('ada', { claims: CLAIMS }));
      await erase();
      await pod.write({
        rows: [{ connectionId: 'c1', row: null }],
        users: [{ userId: 'ada', erasedAtMs, erases: true }],
      });
      expect(await store.lastSeen(HOST, 'ada')).toBeUndefined();
    });

    it('takes nothing from who has come back, however late and often that is said', async () => {
      await erase();
      await pod.row('c1', rowOf('ada', { claims: { name: 'Ada Back' }, erasedAtMs }));
      await pod.write({ users: [{ userId: 'ada', status: 'busy', statusText: 'back', erasedAtMs }] });
      await pod.row('late', rowOf('ada', { claims: CLAIMS }));
      await erase();
      await erase(erasedAtMs - 1);
      const back = { claims: { name: 'Ada Back' }, chosen: 'busy', text: 'back', connections: 1 };
      expect(await known()).toMatchObject(back);
      const { atMs } = await pod.gone('c1');
      await erase();
      expect(await known()).toMatchObject({ ...back, connections: 0 });
      expect(await store.lastSeen(HOST, 'ada')).toBe(atMs);
    });

    it.each([
      ['a connection', { rows: [{ connectionId: 'c2', row: rowOf('ada') }] }],
      ['a choice', { users: [{ userId: 'ada', statusText: '' }] }],
    ] as const)('has nothing any more where who has come back is first heard of by %s', async (_, changes) => {
      await pod.row('c1', rowOf('ada', { claims: CLAIMS }));
      await pod.write({ users: [{ userId: 'ada', status: 'busy', statusText: 'at home' }] });
      const rows = 'rows' in changes ? changes.rows.map((each) => ({ ...each, row: { ...each.row, erasedAtMs } })) : [];
      const users = 'users' in changes ? changes.users.map((each) => ({ ...each, erasedAtMs })) : [];
      await pod.write({ rows, users });
      expect(await known()).toMatchObject({ ...NOTHING, erasedAtMs });
      expect(JSON.stringify(await logOf(store, HOST))).not.toMatch(/Private|at home/);
    });

    it('may be erased again, as somebody else', async () => {
      await erase();
      await pod.row('c1', rowOf('ada', { claims: CLAIMS, erasedAtMs }));
      await pod.gone('c1');
      await erase(laterMs);
      expect(await known()).toMatchObject({ ...NOTHING, erasedAtMs: laterMs });
      await pod.row('c2', rowOf('ada', { claims: CLAIMS, erasedAtMs }));
      expect(await known()).toMatchObject({ ...NOTHING, connections: 0 });
    });

    it('is somebody else than a user of the same id of another tenant', async () => {
      await pod.row('c1', rowOf('ada', { claims: CLAIMS, tenant: 1 }));
      await pod.gone('c1');
      await pod.write({ users: [{ userId: 'ada', erasedAtMs, tenant: 1 }] });
      await pod.row('c2', rowOf('ada', { claims: { name: 'Ada of Two' }, tenant: 2 }));
      await pod.write({ users: [{ userId: 'ada', status: 'busy', tenant: 2 }] });
      await pod.row('late', rowOf('ada', { claims: CLAIMS, tenant: 1 }));
      await pod.write({ users: [{ userId: 'ada', statusText: 'at home', tenant: 1 }] });
      await pod.write({ users: [{ userId: 'ada', erasedAtMs, tenant: 1 }] });
      const here = { claims: { name: 'Ada of Two' }, chosen: 'busy', text: '', connections: 1 };
      expect(await known()).toMatchObject({ ...here, erasedAtMs, tenant: 1 });
      const beforeMs = erasedAtMs - 1;
      await pod.write({ users: [{ userId: 'ada', erasedAtMs: beforeMs, tenant: 2 }] });
      expect(await known()).toMatchObject({ ...NOTHING, erasedAtMs: beforeMs, tenant: 2 });
    });

    it('is forgotten after a minute, with the next that happens, where nobody is there', async () => {
      await erase();
      await advanceClock(ERASURE_KEPT_MS - 1);
      await pod.row('c1', rowOf('bob'));
      expect(await known()).toMatchObject({ erasedAtMs });
      await advanceClock(2);
      await pod.gone('c1');
      expect(await known()).toBeUndefined();
    });

    it('counts for a quarter of an hour where somebody is there: what is said then is believed', async () => {
      await erase();
      await pod.row('c1', rowOf('ada', { erasedAtMs }));
      const say = (statusText: string) => pod.write({ users: [{ userId: 'ada', statusText }] });
      await advanceClock(ERASURE_COUNTS_MS - 1);
      await say('late');
      expect(await known()).toMatchObject({ text: '', erasedAtMs });
      await advanceClock(2);
      await say('later');
      expect(await known()).toMatchObject({ text: 'later', erasedAtMs: 0 });
      await pod.write({ users: [{ userId: 'ada', status: 'busy', erasedAtMs }] });
      await erase();
      expect(await known()).toMatchObject({ text: 'later', chosen: 'busy', erasedAtMs: 0 });
    });

    it('has a text of any kind, with an end and without', async () => {
      const statusText = 'a "quoted",0] 7,8 \\';
      for (const untilMs of [0, erasedAtMs + ERASURE_COUNTS_MS]) {
        await pod.write({ users: [{ userId: 'ada', statusText, untilMs, erasedAtMs }] });
        expect(await known()).toMatchObject({ text: statusText, untilMs, erasedAtMs });
        await pod.write({ users: [{ userId: 'ada', status: 'away', statusText, untilMs, erasedAtMs }] });
        expect(await known()).toMatchObject({ text: statusText, chosen: 'away', untilMs, erasedAtMs });
      }
    });
  });
}
