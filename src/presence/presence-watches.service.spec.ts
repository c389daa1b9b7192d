import { MemoryRosterStore, RosterView, type Ticks } from '@rollcall/roster';
import { HOST, listening, rowOf, Writer } from '../../test/support/roster-store';
import { Directory, GRACE_MS, loadView, START_MS } from '../../test/support/roster-view';
import type { Apps } from '../auth/apps.service';
import type { Connection } from '../sockets/connection';
import { SocketServer } from '../sockets/socket-server';
import type { BroadcastSetting } from './broadcast-setting.service';
import { PresenceWatches } from './presence-watches.service';

describe('A watch of presence that goes on', () => {
  it('loses nothing to a cursor that is newer than what it was told last', async () => {
    const store = new MemoryRosterStore({ now: () => START_MS, graceMs: GRACE_MS, leaseMs: 6000 });
    const pod = new Writer(store, HOST, 'pod-1');
    const view = new RosterView(new Directory(), { graceMs: 0, stepsMin: 100, stepsMax: 100 });
    await store.follow(
      HOST,
      listening((entry) => void view.apply(entry)),
    );
    await loadView(view, store);
    const ticks = { follow: () => () => undefined };
    const broadcast = { onChange: () => undefined, isDisabled: () => false };
    const watches = new PresenceWatches(
      ticks as unknown as Ticks,
      new SocketServer(),
      broadcast as unknown as BroadcastSetting,
      { byId: () => undefined } as unknown as Apps,
    );
    const socket = { once: () => undefined, emit: () => true };
    const connection = { host: HOST, visitor: { app: { id: 'demo' } }, socket } as unknown as Connection;
    const moment = { view, atMs: START_MS };

    watches.watch(connection, new Set(['ada']), moment, undefined);
    await pod.row('t1', rowOf('ada'));
    const { cursor } = view;
    expect(watches.watch(connection, new Set(['ada', 'bob']), moment, cursor)).toMatchObject({
      changes: [{ _id: 'ada', status: 'online' }],
    });
    expect(watches.watch(connection, new Set(['ada']), moment, view.cursorAt(START_MS))).toMatchObject({ changes: [] });
  });
});
