import { type LogEntry, MemoryRosterStore, type Moment, RosterView } from '@rollcall/roster';
import { HOST, listening, rowOf, Writer } from '../../test/support/roster-store';
import { Directory, GRACE_MS, loadView, START_MS } from '../../test/support/roster-view';
import type { ChangesDto } from './changes.dto';
import { KeptBodies, textOf } from './kept-bodies';

describe('What callers were told', () => {
  const query = { cursor: undefined, channel: undefined, presence: true, waitMs: 0 };
  const made = (): ChangesDto => ({ cursor: 'c', full: true, channels: [], presence: [] });
  const madeOf = (left: number) => (): ChangesDto => ({
    ...made(),
    channels: [
      {
        channel: 'room',
        kind: 'authenticated',
        left: Array.from({ length: left }, (_, n) => `user-${n}`),
        anonymous: 0,
      },
    ],
  });
  let kept: KeptBodies;
  let moment: Moment;

  const momentOfView = async (): Promise<Moment> => {
    const store = new MemoryRosterStore({ now: () => START_MS, graceMs: GRACE_MS, leaseMs: 6000 });
    const view = new RosterView(new Directory(), { graceMs: GRACE_MS, stepsMin: 100, stepsMax: 100 });
    return { view: await loadView(view, store), atMs: START_MS };
  };

  beforeEach(async () => {
    moment = await momentOfView();
    kept = new KeptBodies(100);
  });

  it('is written once, however many it is sent to', () => {
    const body = made();
    expect(textOf(body)).toBe(textOf(body));
    expect(JSON.parse(textOf(body).toString())).toEqual(body);
    expect(textOf(made())).not.toBe(textOf(body));
  });

  it('is for those who come from the same place, and ask about the same', () => {
    const from = { revision: 1, atMs: START_MS };
    const first = kept.of(moment, query, from, made);
    expect(kept.of(moment, query, { ...from }, made)).toBe(first);
    for (const other of [{ ...from, revision: 2 }, { ...from, atMs: Infinity }, { ...from, goneUpTo: 0 }, undefined]) {
      expect(kept.of(moment, query, other, made)).not.toBe(first);
    }
    expect(kept.of(moment, { ...query, channel: 'room' }, from, made)).not.toBe(first);
    expect(kept.of(moment, { ...query, presence: false }, from, made)).not.toBe(first);
    expect(kept.of(moment, query, from, made)).toBe(first);
  });

  it('is not for an earlier moment, nor kept for long among many', () => {
    const first = kept.of(moment, query, undefined, made);
    expect(kept.of({ ...moment, atMs: START_MS + 1 }, query, undefined, made)).toBe(first);
    expect(kept.of({ ...moment, atMs: START_MS - 1 }, query, undefined, made)).not.toBe(first);
    const room = kept.of(moment, { ...query, channel: 'room' }, undefined, made);
    for (let n = 0; n < 8; n += 1) kept.of(moment, { ...query, channel: `room-${n}` }, undefined, made);
    expect(kept.of(moment, { ...query, channel: 'room' }, undefined, made)).not.toBe(room);
  });

  it('is not kept for a head that is over, nor counts any more', async () => {
    const entries: LogEntry[] = [];
    const store = new MemoryRosterStore({ now: () => START_MS, graceMs: GRACE_MS, leaseMs: 6000 });
    const pod = new Writer(store, HOST, 'pod-1');
    const view = new RosterView(new Directory());
    await loadView(view, store);
    await store.follow(
      HOST,
      listening((entry: LogEntry) => void entries.push(entry)),
    );
    const other = kept.of(moment, query, undefined, made);
    for (let n = 0; n < 20; n += 1) {
      kept.of({ view, atMs: START_MS }, query, undefined, madeOf(40));
      await pod.row('t1', rowOf(`user-${n}`));
      for (const entry of entries.splice(0)) view.apply(entry);
    }
    // 20 of 40 would be more than is kept of all.
    expect(kept.of(moment, query, undefined, made)).toBe(other);
  });

  it('is kept for as much as all hosts may take together, and the oldest go first', async () => {
    const first = kept.of(moment, query, undefined, madeOf(30));
    kept.of(await momentOfView(), query, undefined, madeOf(30));
    expect(kept.of(moment, query, undefined, madeOf(30))).toBe(first);
    kept.of(await momentOfView(), query, undefined, madeOf(60));
    expect(kept.of(moment, query, undefined, madeOf(30))).not.toBe(first);
  });

  it('is not kept for long among those of many other hosts, either', async () => {
    kept = new KeptBodies(5);
    const first = kept.of(moment, query, undefined, made);
    for (let n = 0; n < 4; n += 1) kept.of(await momentOfView(), query, undefined, made);
    expect(kept.of(moment, query, undefined, made)).toBe(first);
    kept.of(await momentOfView(), query, undefined, made);
    expect(kept.of(moment, query, undefined, made)).not.toBe(first);
  });
});
