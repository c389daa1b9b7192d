import { type Status, STATUSES } from '@rollcall/contract';
import { cellOf, CHOSEN_MS, LEFT_MS, PRESENCE_CASES } from '../../../test/support/presence-table';
import {
  advance,
  combine,
  countingErasure,
  isForgettable,
  isSameRecord,
  lastEffectMs,
  NEVER_CONNECTED,
  settled,
  type Shown,
  shownAt,
  type UserNext,
  type UserRecord,
} from './presence';

const GRACE_MS = 3000;
/** Long before the moment 0 at which the user leaves. */
const EARLIER_MS = -60_000;

const tabs = (connections: number, active: number, choice: Partial<UserNext> = {}): UserNext => ({
  connections,
  active,
  chosen: 'online',
  text: '',
  untilMs: 0,
  claims: null,
  erasedAtMs: 0,
  tenant: 0,
  ...choice,
});

const ACTIVE = tabs(1, 1);
const IDLE = tabs(1, 0);
const GONE = tabs(0, 0);

/** The record after the steps, each at its own time. */
const after = (...steps: readonly (readonly [atMs: number, next: UserNext])[]): UserRecord =>
  steps.reduce((record, [atMs, next]) => advance(record, next, atMs, GRACE_MS), NEVER_CONNECTED);

const shown = (status: Status, stampMs: number): Omit<Shown, 'text'> => ({ status, stampMs });

describe('The chosen status combined with the connections', () => {
  const table: readonly (readonly [chosen: Status, none: Status, idleOnly: Status, someActive: Status])[] = [
    ['online', 'offline', 'away', 'online'],
    ['away', 'offline', 'away', 'away'],
    ['busy', 'offline', 'busy', 'busy'],
    ['offline', 'offline', 'offline', 'offline'],
  ];

  it('has a row for each status that can be chosen', () => {
    expect(table.map(([chosen]) => chosen).sort()).toEqual([...STATUSES].sort());
  });

  it.each(table)('chosen %s: %s without a connection, %s when all are idle, %s when any is active', (...row) => {
    const [chosen, none, idleOnly, someActive] = row;
    expect(combine(chosen, 0, 0)).toBe(none);
    expect(combine(chosen, 1, 0)).toBe(idleOnly);
    expect(combine(chosen, 2, 0)).toBe(idleOnly);
    expect(combine(chosen, 1, 1)).toBe(someActive);
    expect(combine(chosen, 2, 1)).toBe(someActive);
    expect(combine(chosen, 2, 2)).toBe(someActive);
  });
});

describe('The stamp of a change', () => {
  const busy = { chosen: 'busy' } as const;
  const rows: readonly (readonly [name: string, before: UserNext, next: UserNext, expected: Omit<Shown, 'text'>])[] = [
    ['a second tab is no change', ACTIVE, tabs(2, 2), shown('online', 10)],
    ['closing one of two tabs is no change', tabs(2, 2), ACTIVE, shown('online', 10)],
    ['one of two tabs going idle is no change', tabs(2, 2), tabs(2, 1), shown('online', 10)],
    ['the last active tab going idle is a change', ACTIVE, IDLE, shown('away', 20)],
    ['closing the only active tab while an idle one stays is a change', tabs(2, 1), IDLE, shown('away', 20)],
    ['an idle tab becoming active is a change', IDLE, ACTIVE, shown('online', 20)],
    ['an idle tab beside a chosen busy is no change', tabs(1, 1, busy), tabs(1, 0, busy), shown('busy', 10)],
    ['choosing busy is a change', ACTIVE, tabs(1, 1, busy), shown('busy', 20)],
    ['choosing away while idle is no change', IDLE, tabs(1, 0, { chosen: 'away' }), shown('away', 10)],
    ['choosing offline is a change', ACTIVE, tabs(1, 1, { chosen: 'offline' }), shown('offline', 20)],
    ['a text is a change', ACTIVE, tabs(1, 1, { text: 'lunch' }), shown('online', 20)],
    ['clearing a text is a change', tabs(1, 1, { text: 'lunch' }), ACTIVE, shown('online', 20)],
    ['new claims are no change', ACTIVE, tabs(1, 1, { claims: { name: 'Ada' } }), shown('online', 10)],
    ['connecting is a change', GONE, ACTIVE, shown('online', 20)],
    ['choosing busy while gone is no change', GONE, tabs(0, 0, busy), shown('offline', 0)],
    ['a text while gone is a change', GONE, tabs(0, 0, { text: 'on leave' }), shown('offline', 20)],
  ];

  it.each(rows)('%s', (_name, before, next, expected) => {
    const record = after([10, before], [20, next]);
    expect(shownAt(record, 20)).toMatchObject(expected);
    expect(shownAt(record, 1_000_000)).toMatchObject(expected);
    expect(record).toMatchObject(next);
  });
});

describe('A departure', () => {
  const left = after([EARLIER_MS, ACTIVE], [0, GONE]);

  it.each<readonly [atMs: number, status: Status, sinceMs: number]>([
    [0, 'online', EARLIER_MS],
    [2900, 'online', EARLIER_MS],
    [2999, 'online', EARLIER_MS],
    [3000, 'offline', 3000],
    [60_000, 'offline', 3000],
  ])('at 0 ms shows the user, at %i ms, as %s since %i ms', (atMs, status, sinceMs) => {
    expect(shownAt(left, atMs)).toMatchObject(shown(status, sinceMs));
  });

  it('takes effect at once when there is no grace', () => {
    const record = advance(after([EARLIER_MS, ACTIVE]), GONE, 0, 0);
    expect(shownAt(record, 0)).toMatchObject(shown('offline', 0));
  });

  it('shows what was shown before, not the tabs as they last were', () => {
    const busyThenGone = after([EARLIER_MS, tabs(1, 1, { chosen: 'busy' })], [0, tabs(0, 0, { chosen: 'busy' })]);
    expect(shownAt(busyThenGone, 1000)).toMatchObject(shown('busy', EARLIER_MS));
    const idleThenGone = after([EARLIER_MS, IDLE], [0, GONE]);
    expect(shownAt(idleThenGone, 1000)).toMatchObject(shown('away', EARLIER_MS));
  });

  it('never was when the user is back as before within the grace', () => {
    const back = after([EARLIER_MS, ACTIVE], [0, GONE], [2000, ACTIVE]);
    for (const atMs of [2000, 3000, 60_000]) expect(shownAt(back, atMs)).toMatchObject(shown('online', EARLIER_MS));
  });

  it('is one change to away, stamped with the return, when the user is back idle within the grace', () => {
    const back = after([EARLIER_MS, ACTIVE], [0, GONE], [2000, IDLE]);
    for (const atMs of [2000, 3000, 60_000]) expect(shownAt(back, atMs)).toMatchObject(shown('away', 2000));
  });

  it.each([3000, 3001])('is followed by a second change when the user is back at %i ms', (atMs) => {
    expect(shownAt(after([EARLIER_MS, ACTIVE], [0, GONE], [atMs, ACTIVE]), atMs)).toMatchObject(shown('online', atMs));
  });

  it('counts the grace from the last departure', () => {
    const record = after([EARLIER_MS, ACTIVE], [0, GONE], [2000, ACTIVE], [2500, GONE]);
    expect(shownAt(record, 5499)).toMatchObject(shown('online', EARLIER_MS));
    expect(shownAt(record, 5500)).toMatchObject(shown('offline', 5500));
  });

  it('keeps the chosen status for the next connection', () => {
    const busy = { chosen: 'busy' } as const;
    const record = after([EARLIER_MS, tabs(1, 1, busy)], [0, tabs(0, 0, busy)], [9000, tabs(1, 1, busy)]);
    expect(shownAt(record, 9000)).toMatchObject(shown('busy', 9000));
  });

  it('is put off neither by a status nor by a text that is set meanwhile', () => {
    const choice = { chosen: 'busy', text: 'back soon' } as const;
    const record = after([EARLIER_MS, ACTIVE], [0, GONE], [1000, tabs(0, 0, choice)]);
    expect(shownAt(record, 1000)).toMatchObject(shown('online', 1000));
    expect(shownAt(record, 2999)).toMatchObject(shown('online', 1000));
    expect(shownAt(record, 3000)).toMatchObject(shown('offline', 3000));
  });

  it('together with a new text shows the text at once and the departure after the grace', () => {
    const record = after([EARLIER_MS, ACTIVE], [0, tabs(0, 0, { text: 'bye' })]);
    expect(shownAt(record, 0)).toMatchObject(shown('online', 0));
    expect(shownAt(record, 3000)).toMatchObject(shown('offline', 3000));
  });
});

describe('A chosen offline', () => {
  const hidden = { chosen: 'offline' } as const;

  it('waits for no grace while connected, and the departure is no change any more', () => {
    const record = after([EARLIER_MS, ACTIVE], [0, tabs(1, 1, hidden)], [10, tabs(0, 0, hidden)]);
    expect(shownAt(record, 10)).toMatchObject(shown('offline', 0));
    expect(shownAt(record, 60_000)).toMatchObject(shown('offline', 0));
  });

  it('waits for no grace in the step in which the user leaves', () => {
    expect(shownAt(after([EARLIER_MS, ACTIVE], [0, tabs(0, 0, hidden)]), 0)).toMatchObject(shown('offline', 0));
  });

  it('ends a grace that has begun', () => {
    const record = after([EARLIER_MS, ACTIVE], [0, GONE], [1000, tabs(0, 0, hidden)]);
    expect(shownAt(record, 1000)).toMatchObject(shown('offline', 1000));
    expect(shownAt(record, 3000)).toMatchObject(shown('offline', 1000));
  });

  it('is not shown to have come back when another status is chosen while gone', () => {
    const record = after([EARLIER_MS, ACTIVE], [0, GONE], [1000, tabs(0, 0, hidden)], [1500, GONE]);
    expect(shownAt(record, 1500)).toMatchObject(shown('offline', 1000));
  });

  it('survives a reload unseen', () => {
    const record = after([EARLIER_MS, tabs(1, 1, hidden)], [0, tabs(0, 0, hidden)], [5000, tabs(1, 1, hidden)]);
    expect(shownAt(record, 5000).status).toBe('offline');
    expect(shownAt(record, 5000).stampMs).toBeLessThanOrEqual(0);
  });
});

describe('The whole rule', () => {
  const CONNECTED_MS = 1_000_000;

  it.each(PRESENCE_CASES)(
    'with $chosen "$text" chosen, ending $timer, $tabs tabs, left: $left, shows at $askedMs ms $cell',
    ({ chosen, text, untilMs, tabs: how, left, askedMs, cell }) => {
      const tab = how === 'active' ? ACTIVE : IDLE;
      const choice = { chosen, text, untilMs: untilMs === 0 ? 0 : CONNECTED_MS + untilMs };
      const leaving = [CONNECTED_MS + LEFT_MS, { ...GONE, ...choice }] as const;
      const record = after(
        [CONNECTED_MS, tab],
        [CONNECTED_MS + CHOSEN_MS, { ...tab, ...choice }],
        ...(left ? [leaving] : []),
      );
      const atMs = CONNECTED_MS + askedMs;
      expect(cellOf(shownAt(record, atMs), CONNECTED_MS)).toBe(cell);
      expect(cellOf(shownAt(settled(record, atMs), atMs), CONNECTED_MS)).toBe(cell);
    },
  );
});

describe('A timed choice', () => {
  const busy = { chosen: 'busy', text: 'meeting', untilMs: 5000 } as const;
  const inMeeting = after([EARLIER_MS, ACTIVE], [0, tabs(1, 1, busy)]);
  const all = ({ status, text, stampMs }: Shown): unknown[] => [status, text, stampMs];

  it.each([
    [0, ['busy', 'meeting', 0]],
    [4999, ['busy', 'meeting', 0]],
    [5000, ['online', '', 5000]],
    [1_000_000, ['online', '', 5000]],
  ])('at %i ms is shown as %p', (atMs, expected) => {
    expect(all(shownAt(inMeeting, atMs))).toEqual(expected);
  });

  it('is settled as if somebody had taken it back at its end', () => {
    const takenBack = advance({ ...inMeeting, untilMs: 0 }, ACTIVE, 5000, GRACE_MS);
    expect(settled(inMeeting, 5000)).toEqual(takenBack);
    expect(settled(inMeeting, 9000)).toEqual(takenBack);
    expect(settled(inMeeting, 4999)).toBe(inMeeting);
  });

  it('is over for what comes after it, too: a text that comes then does not bring the status back', () => {
    const later = settled(inMeeting, 6000);
    const record = advance(inMeeting, { ...later, text: 'hello' }, 6000, GRACE_MS);
    expect(all(shownAt(record, 6000))).toEqual(['online', 'hello', 6000]);
  });

  it('that ended unseen is no change of what happens afterwards', () => {
    const idle = advance(inMeeting, tabs(1, 0), 8000, GRACE_MS);
    expect(all(shownAt(idle, 8000))).toEqual(['away', '', 8000]);
    const second = advance(inMeeting, tabs(2, 2), 8000, GRACE_MS);
    expect(all(shownAt(second, 8000))).toEqual(['online', '', 5000]);
  });

  it('that is over when it is written chooses nothing', () => {
    const record = advance(inMeeting, tabs(1, 1, { ...busy, chosen: 'away', untilMs: 4000 }), 4000, GRACE_MS);
    expect(record).toMatchObject({ chosen: 'online', text: '', untilMs: 0, stampMs: 4000 });
  });

  it('of nothing has no end', () => {
    expect(advance(inMeeting, tabs(1, 1, { untilMs: 9000 }), 1000, GRACE_MS)).toMatchObject({ untilMs: 0 });
  });

  it('is another one with another end, which is no change of what is shown', () => {
    const longer = advance(inMeeting, tabs(1, 1, { ...busy, untilMs: 9000 }), 1000, GRACE_MS);
    expect(isSameRecord(inMeeting, longer)).toBe(false);
    expect(all(shownAt(longer, 8999))).toEqual(['busy', 'meeting', 0]);
    expect(all(shownAt(longer, 9000))).toEqual(['online', '', 9000]);
  });

  it('that ends with the departure is one change with it', () => {
    const left = advance(inMeeting, tabs(0, 0, { ...busy, untilMs: 5000 }), 2000, GRACE_MS);
    expect(all(shownAt(left, 4999))).toEqual(['busy', 'meeting', 0]);
    expect(all(shownAt(left, 5000))).toEqual(['offline', '', 5000]);
    expect(lastEffectMs(left)).toBe(5000);
  });
});

describe('An erasure', () => {
  const left = after([EARLIER_MS, tabs(1, 1, { text: 'at home' })], [0, tabs(0, 0, { text: 'at home' })]);

  it('waits for no grace that has begun', () => {
    const erased = advance(left, tabs(0, 0, { erasedAtMs: 1 }), 1000, GRACE_MS);
    expect(shownAt(erased, 1000)).toEqual({ status: 'offline', text: '', stampMs: 1000 });
  });

  it('that was known before takes nobody away again', () => {
    const erased = advance(left, tabs(1, 1, { erasedAtMs: 1 }), 1000, GRACE_MS);
    const gone = advance(erased, tabs(0, 0, { erasedAtMs: 1 }), 2000, GRACE_MS);
    expect(shownAt(gone, 2000)).toEqual({ status: 'online', text: '', stampMs: 1000 });
  });

  it('counts for a quarter of an hour', () => {
    expect([900_001, 900_002].map((atMs) => countingErasure(1, atMs))).toEqual([1, 0]);
  });
});

describe('A record', () => {
  const left = after([EARLIER_MS, ACTIVE], [0, GONE]);

  it.each<readonly [name: string, record: UserRecord, olderThanMs: number, forgettable: boolean]>([
    ['of a user who left before the limit may be forgotten', left, 3001, true],
    ['of a user who left at the limit is kept', left, 3000, false],
    ['of a connected user is kept', after([0, ACTIVE]), 1_000_000, false],
    ['with a chosen status is kept', { ...left, chosen: 'busy' }, 1_000_000, false],
    ['with a text is kept', { ...left, text: 'on leave' }, 1_000_000, false],
    ['with a choice that still runs is kept', { ...left, chosen: 'busy', untilMs: 1_000_001 }, 1_000_000, false],
    ['with a choice that was over by then may be forgotten', { ...left, chosen: 'busy', untilMs: 5000 }, 5000, true],
    ['with a text that went at the limit is kept', { ...left, text: 'on leave', untilMs: 5000 }, 5000, false],
    ['with a text that went before the limit may be forgotten', { ...left, text: 'x', untilMs: 5000 }, 5001, true],
    ['of who was erased a minute before the limit may be forgotten', { ...left, erasedAtMs: 843_999 }, 4000, true],
    ['of who was erased later than that is kept', { ...left, erasedAtMs: 844_000 }, 4000, false],
    ['with claims alone may be forgotten', { ...left, claims: { name: 'Ada' } }, 1_000_000, true],
  ])('%s', (_name, record, olderThanMs, forgettable) => {
    expect(isForgettable(record, olderThanMs)).toBe(forgettable);
  });
});
