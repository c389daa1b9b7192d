import { AppError } from '@rollcall/contract';
import { type LogEntry, MemoryRosterStore, RosterView } from '@rollcall/roster';
import { HOST, inChannels, listening, rowOf, Writer } from '../../test/support/roster-store';
import { Directory, GRACE_MS, loadView, START_MS } from '../../test/support/roster-view';
import type { ChangesDto } from './changes.dto';
import { everything } from './changes-of-host';

/** Members and rows of presence in one answer. */
const LISTED_MAX = 50_000;

describe('Everything of a host', () => {
  let nowMs: number;
  let pod: Writer;
  let view: RosterView;
  let directory: Directory;

  beforeEach(async () => {
    nowMs = START_MS;
    directory = new Directory();
    const store = new MemoryRosterStore({ now: () => nowMs, graceMs: GRACE_MS, leaseMs: 6000 });
    pod = new Writer(store, HOST, 'pod-1');
    view = new RosterView(directory, { graceMs: GRACE_MS, stepsMin: 200_000, stepsMax: 200_000 });
    await store.follow(
      HOST,
      listening((entry: LogEntry) => void view.apply(entry)),
    );
    await loadView(view, store);
  });

  it('names the channels in which those alone are seen who may be back in a moment', async () => {
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

  describe('of very many members', () => {
    const rooms = Array.from({ length: 100 }, (_, n) => `room-${n}`);
    const ask = (presence: boolean, channel?: string): ChangesDto =>
      everything({ view, atMs: nowMs }, { channel, presence });
    const listed = ({ channels, presence }: ChangesDto): number =>
      presence.length + channels.reduce((sum, { users = [], anonymous }) => sum + users.length + anonymous, 0);

    beforeEach(async () => {
      const ids = Array.from({ length: 495 }, (_, n) => `user-${n}`);
      await pod.write({ rows: ids.map((id) => ({ connectionId: id, row: rowOf(id, inChannels(...rooms)) })) });
    });

    const refused = (act: () => unknown): AppError => {
      const made = [jest.spyOn(view.changes, 'picture'), jest.spyOn(view, 'member'), jest.spyOn(view.presence, 'rows')];
      let error: unknown;
      try {
        act();
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(AppError);
      // To find that it is too much costs nothing of what would be too much.
      expect(made.map((spy) => spy.mock.calls.length)).toEqual([0, 0, 0]);
      jest.restoreAllMocks();
      return error as AppError;
    };

    it('is told as long as members and presence are as many as one answer tells, and refused with one more', async () => {
      expect(listed(ask(true))).toBe(LISTED_MAX - 5);
      await pod.row('u1', rowOf('one', inChannels('a', 'b', 'c')));
      // A second tab of a user shows nobody more.
      await pod.row('u2', rowOf('one', inChannels('a', 'b', 'c')));
      await pod.row('v1', rowOf(null, { channels: [{ kind: 'anonymous', channel: 'a' }] }));
      expect(listed(ask(true))).toBe(LISTED_MAX);
      await pod.row('v2', rowOf(null, { channels: [{ kind: 'anonymous', channel: 'b' }] }));
      expect(refused(() => ask(true))).toMatchObject({ code: 'PAYLOAD_TOO_LARGE', field: 'channel' });
      expect(listed(ask(false))).toBe(LISTED_MAX + 1 - 496);
      await pod.gone('v2');
      await pod.row('w1', rowOf('two'));
      expect(refused(() => ask(true)).message).toBe(
        '50000 members of channels and rows of presence are the most that one answer tells. ' +
          `Name a channel, or read /v1/channels and its members page by page and come back with cursor=${view.cursor}.`,
      );
    });

    it('counts those who have vanished and are still shown, each once, and nobody who is offline', async () => {
      const { connections } = view;
      await pod.row('u1', rowOf('one', inChannels('a', 'b', 'c', 'd')));
      expect([view.changes.size(nowMs), view.changes.rowsAtMost(nowMs)]).toEqual([49_504, 496]);
      // Who leaves, and whose status would end by itself later, is one row as well.
      await pod.write({ users: [{ userId: 'one', status: 'busy', statusText: '', untilMs: nowMs + 60_000 }] });
      await pod.gone('user-0', 'user-1', 'u1');
      expect([view.changes.size(nowMs), view.changes.rowsAtMost(nowMs)]).toEqual([49_504, 496]);
      await pod.row('user-0', rowOf('user-0', inChannels(...rooms)));
      expect(listed(ask(true))).toBe(LISTED_MAX);
      await pod.row('v1', rowOf(null, { channels: [{ kind: 'anonymous', channel: 'a' }] }));
      refused(() => ask(true));
      nowMs += GRACE_MS;
      expect(view.connections).toBe(connections);
      expect(listed(ask(true))).toBe(494 * 101 + 1);
    });

    it('counts bots, which are shown whether they were ever connected or not, each once', async () => {
      const bots = ['user-0', 'gone', 'one', 'two', 'three'];
      await pod.row('t1', rowOf('gone'));
      await pod.gone('t1');
      for (const id of bots) directory.details.set(id, { bot: true });
      view.allProfilesChanged();
      expect([view.changes.size(nowMs), view.changes.rowsAtMost(nowMs)]).toEqual([49_500, 499]);
      expect(ask(true).presence).toHaveLength(499);
      directory.details.set('four', { bot: true });
      expect(listed(ask(true))).toBe(LISTED_MAX);
      directory.details.set('five', { bot: true });
      expect(refused(() => ask(true)).code).toBe('PAYLOAD_TOO_LARGE');
      expect(listed(ask(false))).toBe(49_500);
    });

    it('is told of one channel, unless that alone is too much', async () => {
      expect(listed(ask(true, 'room-7'))).toBe(2 * 495);
      const ids = Array.from({ length: LISTED_MAX - 495 }, (_, n) => `more-${n}`);
      await pod.write({ rows: ids.map((id) => ({ connectionId: id, row: rowOf(id, inChannels('room-7')) })) });
      expect(listed(ask(false, 'room-7'))).toBe(LISTED_MAX);
      expect(refused(() => ask(true, 'room-7')).message).toContain('Ask without presence, or read /v1/channels/');
      expect(listed(ask(false, 'room-8'))).toBe(495);
      await pod.row('w1', rowOf('w', inChannels('room-7')));
      expect(refused(() => ask(false, 'room-7')).code).toBe('PAYLOAD_TOO_LARGE');
    });
  });
});
