import { MemoryRosterStore, RosterView, type TickListener, type Ticks } from '@rollcall/roster';
import { HOST, listening, rowOf, Writer } from '../../test/support/roster-store';
import { Directory, GRACE_MS, loadView, START_MS } from '../../test/support/roster-view';
import type { Apps } from '../auth/apps.service';
import type { Connection } from '../sockets/connection';
import { SocketServer } from '../sockets/socket-server';
import type { BroadcastSetting } from './broadcast-setting.service';
import { PresenceWatches } from './presence-watches.service';

/** A host, a pod that writes to it, and a pod that watches it. */
async function watched() {
  const store = new MemoryRosterStore({ now: () => START_MS, graceMs: GRACE_MS, leaseMs: 6000 });
  const pod = new Writer(store, HOST, 'pod-1');
  const directory = new Directory();
  const view = new RosterView(directory, { graceMs: 0, stepsMin: 1000, stepsMax: 1000 });
  await store.follow(
    HOST,
    listening((entry) => void view.apply(entry)),
  );
  await loadView(view, store);
  const listeners = new Set<TickListener>();
  const follow = (_host: string, listener: TickListener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const broadcast = { onChange: () => undefined, isDisabled: () => false, mayHaveBeenDisabled: () => false };
  const watches = new PresenceWatches(
    { follow } as unknown as Ticks,
    new SocketServer(),
    broadcast as unknown as BroadcastSetting,
    { byId: () => undefined } as unknown as Apps,
  );
  const moment = { view, atMs: START_MS };
  const tick = (): string[] => [...listeners].map((listener) => listener({ ...moment }));
  return { pod, view, directory, watches, moment, tick, listeners };
}

/** A connection, and what it is told: the users' ids with their statuses. */
function tab() {
  const heard: string[][] = [];
  const socket = {
    once: () => undefined,
    emit: (_event: string, { users }: { users: { _id: string; status: string }[] }) =>
      heard.push(users.map(({ _id, status }) => `${_id} ${status}`)),
  };
  const state = { isReading: true };
  const connection = { host: HOST, visitor: { app: { id: 'demo' } }, socket, takesMore: () => state.isReading };
  return { connection: connection as unknown as Connection, heard, state };
}

describe('A watch of presence that goes on', () => {
  it('loses nothing to a cursor that is newer than what it was told last', async () => {
    const { pod, view, watches, moment } = await watched();
    const { connection } = tab();

    watches.watch(connection, new Set(['ada']), moment, undefined);
    await pod.row('t1', rowOf('ada'));
    const { cursor } = view;
    expect(watches.watch(connection, new Set(['ada', 'bob']), moment, cursor)).toMatchObject({
      changes: [{ _id: 'ada', status: 'online' }],
    });
    expect(watches.watch(connection, new Set(['ada']), moment, view.cursorAt(START_MS))).toMatchObject({ changes: [] });
  });

  it('is told what is untold of the others before it is answered, so that the cursor is good for all', async () => {
    const { pod, view, watches, moment } = await watched();
    const { connection, heard } = tab();

    watches.watch(connection, new Set(['ada']), moment, undefined);
    await pod.row('t1', rowOf('ada'));
    expect(watches.watch(connection, new Set(['bob']), moment, undefined)).toEqual({
      users: [],
      cursor: view.cursorAt(START_MS),
    });
    expect(heard).toEqual([['ada online']]);
  });

  it('is shown no earlier moment than it has been shown, though another pod’s guess of the time was ahead', async () => {
    const { pod, view, watches, moment } = await watched();
    const { connection, heard } = tab();

    await pod.row('t1', rowOf('ada'));
    const online = view.cursorAt(START_MS);
    await pod.gone('t1');
    const goneMs = START_MS + GRACE_MS;
    expect(watches.watch(connection, new Set(['ada']), { ...moment, atMs: goneMs - 5 }, online)).toMatchObject({
      changes: [],
    });
    const { cursor } = watches.watch(
      connection,
      new Set(['ada']),
      { ...moment, atMs: goneMs - 5 },
      view.cursorAt(goneMs),
    );
    expect(cursor).toBe(view.cursorAt(goneMs));
    const before = heard.length;
    watches.watch(connection, new Set(['bob']), { ...moment, atMs: goneMs - 5 }, undefined);
    expect(heard.slice(before)).toEqual([]);
  });
});

describe('A watch of presence of everybody', () => {
  it('is made from as many as it shows, bots that were never connected among them', async () => {
    const { pod, view, directory, watches, moment } = await watched();
    await pod.row('t1', rowOf('ada'));
    for (let n = 0; n < 30; n += 1) directory.details.set(`bot-${n}`, { bot: true });
    view.allProfilesChanged();
    const { connection } = tab();
    expect(watches.rows(connection, undefined, moment, undefined)).toBe(31);
    const { users = [] } = watches.watch(connection, undefined, moment, undefined) as { users?: unknown[] };
    expect(users).toHaveLength(31);
  });
});

describe('A cursor that is ahead', () => {
  it('leads no further ahead than pods may be apart, however often it comes', async () => {
    const { view, watches, moment } = await watched();
    const { connection } = tab();
    const cursors = [9, 18, 27].map(
      (seconds) => watches.watch(connection, new Set(['ada']), moment, view.cursorAt(START_MS + seconds * 1000)).cursor,
    );
    expect(cursors).toEqual([9, 9, 9].map((seconds) => view.cursorAt(START_MS + seconds * 1000)));
  });
});

describe('A watch of presence that ends for some users', () => {
  it('does nothing about users who are not watched', async () => {
    const { pod, view, watches, moment, tick } = await watched();
    const { connection, heard } = tab();
    watches.watch(connection, new Set(['ada']), moment, undefined);
    await pod.row('t1', rowOf('ada'));
    const [changed, listed] = [jest.spyOn(view.changes, 'rows'), jest.spyOn(view.presence, 'rows')];
    watches.unwatch(connection, new Set(['bob', 'cyd']));
    expect(changed).not.toHaveBeenCalled();
    expect(listed).not.toHaveBeenCalled();
    expect(heard).toEqual([]);
    expect(tick()).toEqual(['done']);
    expect(heard).toEqual([['ada online']]);
  });

  it('is told with the next tick what is new of the others, and nothing of these', async () => {
    const { pod, watches, moment, tick } = await watched();
    const [some, bobs] = [tab(), tab()];
    const ids = new Set(['ada', 'bob']);
    watches.watch(some.connection, ids, moment, undefined);
    watches.watch(bobs.connection, new Set(['bob']), moment, undefined);
    await pod.row('t1', rowOf('ada'));
    await pod.row('t2', rowOf('bob'));
    watches.unwatch(some.connection, new Set(['bob', 'eve']));
    expect([...ids]).toEqual(['ada', 'bob']);
    expect(some.heard).toEqual([]);
    tick();
    await pod.row('t1', rowOf('ada', { active: false }));
    await pod.row('t2', rowOf('bob', { active: false }));
    tick();
    expect(some.heard).toEqual([['ada online'], ['ada away']]);
    expect(bobs.heard).toEqual([['bob online'], ['bob away']]);
  });

  it('is over when none is left, and can begin anew', async () => {
    const { pod, watches, moment, tick, listeners } = await watched();
    const { connection, heard } = tab();
    watches.watch(connection, new Set(['ada', 'bob']), moment, undefined);
    watches.unwatch(connection, new Set(['ada']));
    expect(listeners.size).toBe(1);
    watches.unwatch(connection, new Set(['bob']));
    expect(listeners.size).toBe(0);
    await pod.row('t1', rowOf('ada'));
    expect(watches.watch(connection, new Set(['ada']), moment, undefined)).toMatchObject({
      users: [{ _id: 'ada', status: 'online' }],
    });
    tick();
    expect(heard).toEqual([]);
  });

  it('cannot end for some of everybody', async () => {
    const { watches, moment } = await watched();
    const { connection } = tab();
    watches.watch(connection, undefined, moment, undefined);
    expect(() => watches.unwatch(connection, new Set(['ada']))).toThrow('ids cannot be taken out of everybody.');
  });
});

describe('Watchers of presence who do not read', () => {
  it('cost no difference at a tick, wherever each of them has stopped, and have the truth when they read again', async () => {
    const { pod, view, watches, moment, tick } = await watched();
    const quick = tab();
    watches.watch(quick.connection, undefined, moment, undefined);
    const slow = Array.from({ length: 30 }, (_, n) => ({ id: `user-${n}`, ...tab() }));
    for (const { id, connection, state } of slow) {
      watches.watch(connection, new Set([id]), moment, undefined);
      state.isReading = false;
      await pod.row(`tab-of-${id}`, rowOf(id));
      expect(tick()).toEqual(['again']);
    }
    const changed = jest.spyOn(view.changes, 'rows');
    await pod.row('t1', rowOf('ada'));
    expect(tick()).toEqual(['again']);
    expect(changed).toHaveBeenCalledTimes(1);
    expect(quick.heard.at(-1)).toEqual(['ada online']);

    changed.mockClear();
    for (const { state } of slow) state.isReading = true;
    expect(tick()).toEqual(['done']);
    expect(changed.mock.calls.length).toBeLessThan(10);
    for (const { id, heard } of slow) expect(heard).toEqual([[`${id} online`]]);
    expect(quick.heard.at(-1)).toEqual(['ada online']);
  });
});
