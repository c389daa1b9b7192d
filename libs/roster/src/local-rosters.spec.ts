import { ObservedStore } from '../../../test/support/roster-observed.store';
import { HOST, rowOf, Writer } from '../../../test/support/roster-store';
import { LocalRosters } from './local-rosters';
import { StoreUnavailable } from './roster.store';

const BEAT_MS = 2000;
const LEASE_MS = 6000;

describe('The beats of a pod', () => {
  it('sweep a dead pod also while the list of hosts cannot be read', async () => {
    let clockMs = 0;
    const store = new ObservedStore({ now: () => clockMs, graceMs: 3000, leaseMs: LEASE_MS });
    const rosters = new LocalRosters({
      instance: 'pod-1',
      store,
      timing: { now: () => clockMs, wait: () => new Promise((resolve) => setImmediate(resolve)) },
      beatMs: BEAT_MS,
      defer: (flush) => setImmediate(flush),
      choiceOf: () => undefined,
      onHead: () => undefined,
      report: (error) => {
        throw error;
      },
    });
    await rosters.of(HOST).connect('c1', { id: 'ada', claims: null });
    await new Writer(store, HOST, 'pod-2').row('c2', rowOf('bob'));
    jest.spyOn(store, 'hosts').mockRejectedValue(new StoreUnavailable('That server is away.'));

    for (let passedMs = 0; passedMs <= LEASE_MS + 3 * BEAT_MS; passedMs += BEAT_MS) {
      await rosters.beat();
      clockMs += BEAT_MS;
    }

    expect([...(await store.snapshot(HOST)).rows.keys()]).toEqual(['c1']);
  });
});
