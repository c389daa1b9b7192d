import { type Status, STATUSES } from '@rollcall/contract';
import {
  advance,
  combine,
  isForgettable,
  NEVER_CONNECTED,
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
  claims: null,
  ...choice,
});

const ACTIVE = tabs(1, 1);
const IDLE = tabs(1, 0);
const GONE = tabs(0, 0);

/** The record after the steps, each at its own time. */
const after = (...steps: readonly (readonly [atMs: number, next: UserNext])[]): UserRecord =>
  steps.reduce((record, [atMs, next]) => advance(record, next, atMs, GRACE_MS), NEVER_CONNECTED);

const shown = (status: Status, stampMs: number): Shown => ({ status, stampMs });

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
  const rows: readonly (readonly [name: string, before: UserNext, next: UserNext, expected: Shown])[] = [
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
    expect(shownAt(record, 20)).toEqual(expected);
    expect(shownAt(record, 1_000_000)).toEqual(expected);
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
    expect(shownAt(left, atMs)).toEqual(shown(status, sinceMs));
  });

  it('takes effect at once when there is no grace', () => {
    const record = advance(after([EARLIER_MS, ACTIVE]), GONE, 0, 0);
    expect(shownAt(record, 0)).toEqual(shown('offline', 0));
  });

  it('shows what was shown before, not the tabs as they last were', () => {
    const busyThenGone = after([EARLIER_MS, tabs(1, 1, { chosen: 'busy' })], [0, tabs(0, 0, { chosen: 'busy' })]);
    expect(shownAt(busyThenGone, 1000)).toEqual(shown('busy', EARLIER_MS));
    const idleThenGone = after([EARLIER_MS, IDLE], [0, GONE]);
    expect(shownAt(idleThenGone, 1000)).toEqual(shown('away', EARLIER_MS));
  });

  it('never was when the user is back as before within the grace', () => {
    const back = after([EARLIER_MS, ACTIVE], [0, GONE], [2000, ACTIVE]);
    for (const atMs of [2000, 3000, 60_000]) expect(shownAt(back, atMs)).toEqual(shown('online', EARLIER_MS));
  });

  it('is one change to away, stamped with the return, when the user is back idle within the grace', () => {
    const back = after([EARLIER_MS, ACTIVE], [0, GONE], [2000, IDLE]);
    for (const atMs of [2000, 3000, 60_000]) expect(shownAt(back, atMs)).toEqual(shown('away', 2000));
  });

  it.each([3000, 3001])('is followed by a second change when the user is back at %i ms', (atMs) => {
    expect(shownAt(after([EARLIER_MS, ACTIVE], [0, GONE], [atMs, ACTIVE]), atMs)).toEqual(shown('online', atMs));
  });

  it('counts the grace from the last departure', () => {
    const record = after([EARLIER_MS, ACTIVE], [0, GONE], [2000, ACTIVE], [2500, GONE]);
    expect(shownAt(record, 5499)).toEqual(shown('online', EARLIER_MS));
    expect(shownAt(record, 5500)).toEqual(shown('offline', 5500));
  });

  it('keeps the chosen status for the next connection', () => {
    const busy = { chosen: 'busy' } as const;
    const record = after([EARLIER_MS, tabs(1, 1, busy)], [0, tabs(0, 0, busy)], [9000, tabs(1, 1, busy)]);
    expect(shownAt(record, 9000)).toEqual(shown('busy', 9000));
  });

  it('is put off neither by a status nor by a text that is set meanwhile', () => {
    const choice = { chosen: 'busy', text: 'back soon' } as const;
    const record = after([EARLIER_MS, ACTIVE], [0, GONE], [1000, tabs(0, 0, choice)]);
    expect(shownAt(record, 1000)).toEqual(shown('online', 1000));
    expect(shownAt(record, 2999)).toEqual(shown('online', 1000));
    expect(shownAt(record, 3000)).toEqual(shown('offline', 3000));
  });

  it('together with a new text shows the text at once and the departure after the grace', () => {
    const record = after([EARLIER_MS, ACTIVE], [0, tabs(0, 0, { text: 'bye' })]);
    expect(shownAt(record, 0)).toEqual(shown('online', 0));
    expect(shownAt(record, 3000)).toEqual(shown('offline', 3000));
  });
});

describe('A chosen offline', () => {
  const hidden = { chosen: 'offline' } as const;

  it('waits for no grace while connected, and the departure is no change any more', () => {
    const record = after([EARLIER_MS, ACTIVE], [0, tabs(1, 1, hidden)], [10, tabs(0, 0, hidden)]);
    expect(shownAt(record, 10)).toEqual(shown('offline', 0));
    expect(shownAt(record, 60_000)).toEqual(shown('offline', 0));
  });

  it('waits for no grace in the step in which the user leaves', () => {
    expect(shownAt(after([EARLIER_MS, ACTIVE], [0, tabs(0, 0, hidden)]), 0)).toEqual(shown('offline', 0));
  });

  it('ends a grace that has begun', () => {
    const record = after([EARLIER_MS, ACTIVE], [0, GONE], [1000, tabs(0, 0, hidden)]);
    expect(shownAt(record, 1000)).toEqual(shown('offline', 1000));
    expect(shownAt(record, 3000)).toEqual(shown('offline', 1000));
  });

  it('is not shown to have come back when another status is chosen while gone', () => {
    const record = after([EARLIER_MS, ACTIVE], [0, GONE], [1000, tabs(0, 0, hidden)], [1500, GONE]);
    expect(shownAt(record, 1500)).toEqual(shown('offline', 1000));
  });

  it('survives a reload unseen', () => {
    const record = after([EARLIER_MS, tabs(1, 1, hidden)], [0, tabs(0, 0, hidden)], [5000, tabs(1, 1, hidden)]);
    expect(shownAt(record, 5000).status).toBe('offline');
    expect(shownAt(record, 5000).stampMs).toBeLessThanOrEqual(0);
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
    ['with claims alone may be forgotten', { ...left, claims: { name: 'Ada' } }, 1_000_000, true],
  ])('%s', (_name, record, olderThanMs, forgettable) => {
    expect(isForgettable(record, olderThanMs)).toBe(forgettable);
  });
});
