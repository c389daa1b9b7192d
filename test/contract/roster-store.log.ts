import type { RosterStore } from '@rollcall/roster';
import { HOST, inChannels, logOf, MADE_UP_HOST, rowOf, type RosterStoreHarness, Writer } from '../support/roster-store';

/** Together a little less than a connection may have. */
const LONG_NAMES = Array.from({ length: 99 }, (_, n) => `${n}`.padEnd(160, '-'));

/** The part of the contract that is about how far back a log goes. */
export function describeLog(harness: () => RosterStoreHarness): void {
  let store: RosterStore;

  beforeEach(() => {
    store = harness().store;
  });

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
  });
}
