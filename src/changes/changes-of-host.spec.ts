import { type LogEntry, MemoryRosterStore, RosterView } from '@rollcall/roster';
import { HOST, inChannels, listening, rowOf, Writer } from '../../test/support/roster-store';
import { Directory, GRACE_MS, loadView, START_MS } from '../../test/support/roster-view';
import { everything } from './changes-of-host';

describe('Everything of a host', () => {
  it('names the channels in which those alone are seen who may be back in a moment', async () => {
    let nowMs = START_MS;
    const store = new MemoryRosterStore({ now: () => nowMs, graceMs: GRACE_MS, leaseMs: 6000 });
    const pod = new Writer(store, HOST, 'pod-1');
    const view = new RosterView(new Directory(), { graceMs: GRACE_MS, stepsMin: 100, stepsMax: 100 });
    await store.follow(
      HOST,
      listening((entry: LogEntry) => void view.apply(entry)),
    );
    await loadView(view, store);
    await pod.row('t1', rowOf('ada', inChannels('room')));
    nowMs += 60_000;
    await pod.gone('t1');

    const channels = (): unknown => everything({ view, atMs: nowMs }, { channel: undefined, presence: false }).channels;
    const there = [
      { channel: 'room', kind: 'authenticated', users: [expect.objectContaining({ id: 'ada' })], anonymous: 0 },
    ];
    expect(channels()).toEqual(there);
    nowMs += 1000;
    await pod.row('t2', rowOf('ada', inChannels('room')));
    expect(channels()).toEqual(there);
    await pod.gone('t2');
    nowMs += GRACE_MS;
    expect(channels()).toEqual([]);
  });
});
