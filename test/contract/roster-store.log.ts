import type { RosterStore, Views } from '@rollcall/roster';
import { viewsOf } from '../support/redis-views';
import {
  Heard,
  HOST,
  inChannels,
  logOf,
  MADE_UP_HOST,
  rowOf,
  type RosterStoreHarness,
  Writer,
} from '../support/roster-store';

/** Together a little less than a connection may have. */
const LONG_NAMES = Array.from({ length: 99 }, (_, n) => `${n}`.padEnd(160, '-'));

const ELSEWHERE = 'b.example';

const noop = (): void => undefined;

/** The part of the contract that is about how far back a log goes. */
export function describeLog(harness: () => RosterStoreHarness): void {
  let store: RosterStore;

  beforeEach(() => {
    store = harness().store;
  });

  const nowMs = async (): Promise<number> => (await store.now(HOST, 0)).atMs;

  describe('the log', () => {
    it('goes back far, and on hosts that clients make up as little as 64 large entries', async () => {
      for (const host of [HOST, MADE_UP_HOST]) {
        const pod = new Writer(store, host, 'pod-1');
        for (let entries = 0; entries < 200; entries += 1) await pod.row('c1', rowOf('ada', inChannels(...LONG_NAMES)));
      }
      expect(await logOf(store, HOST)).toHaveLength(200);
      const short = await logOf(store, MADE_UP_HOST);
      expect(short.length).toBeGreaterThanOrEqual(64);
      expect(short.length).toBeLessThan(75);
      expect(short.at(-1)?.toRevision).toBe((await store.head(MADE_UP_HOST)).revision);
    });

    it('is forgotten up to the entry in which a user is erased, on one host, and goes on from there', async () => {
      const pod = new Writer(store, HOST, 'pod-1');
      const elsewhere = new Writer(store, ELSEWHERE, 'pod-1');
      const heard = await Heard.on(store, HOST);
      await pod.row('c1', rowOf('ada', { claims: { email: 'ada@example.com' } }));
      await elsewhere.row('c1', rowOf('ada'));
      await elsewhere.gone('c1');
      await pod.row('c2', rowOf('bob'));
      await pod.write({ users: [{ userId: 'eve', erasedAtMs: await nowMs() }] });
      const last = await pod.gone('c1');
      const entries = await heard.upTo(last);
      heard.close();
      expect(await logOf(store, HOST)).toEqual(entries.slice(-2));
      expect(await logOf(store, ELSEWHERE)).toHaveLength(2);
      expect([...(await store.snapshot(HOST)).rows.keys()]).toEqual(['c2']);
    });

    it('that was forgotten leaves views right that had yet to read it, and those that had not', async () => {
      const pod = new Writer(store, HOST, 'pod-1');
      await pod.row('c1', rowOf('ada'));
      const hearing = viewsOf(store);
      // Whose entries do not arrive, so that they read the log.
      const reading = viewsOf(
        Object.assign(Object.create(store) as RosterStore, { follow: () => Promise.resolve(noop) }),
      );
      const connections = async (views: Views): Promise<number> => (await views.readRoster(HOST)).view.connections;
      for (const [erased, entriesMissed] of [0, 1, 4].entries()) {
        const before = [await connections(hearing), await connections(reading)];
        const [heard, read] = [hearing.current(HOST), reading.current(HOST)];
        const cursor = heard?.head;
        for (let n = 0; n < entriesMissed; n += 1) await pod.row(`c${entriesMissed}-${n}`, rowOf('ada'));
        await pod.write({ users: [{ userId: 'eve', erasedAtMs: (await nowMs()) + erased }] });
        const after = before.map((count) => count + entriesMissed);
        expect([await connections(hearing), await connections(reading)]).toEqual(after);
        // Only who has missed something begins anew, and with that what it can tell of the past.
        expect(reading.current(HOST) === read).toBe(entriesMissed === 0);
        expect(cursor && hearing.current(HOST)?.passed(cursor)).toBe(true);
        expect(heard).toBe(hearing.current(HOST));
      }
      hearing.close();
      reading.close();
    });
  });
}
