/*
 * The whole presence rule as one table, for the rule in TypeScript and for that in Lua. All times are in ms after the
 * user connected. A cell is what is shown, a `*` for the text where one is shown, and since when.
 */
import type { Status } from '@rollcall/contract';

/** When the status was chosen, with a text or without, and when those who left did; the grace is 3000 ms. */
export const CHOSEN_MS = 1000;
export const LEFT_MS = 5000;

/** Connected, active or idle, or gone, for less than the grace or for longer; and when the question comes. */
const SITUATIONS = [
  { tabs: 'active', left: false, askedMs: 7000 },
  { tabs: 'idle', left: false, askedMs: 7000 },
  { tabs: 'active', left: true, askedMs: 7000 },
  { tabs: 'active', left: true, askedMs: 10_000 },
] as const;

/** When the choice ends: `early` before a departure takes effect, `late` after it. */
const UNTIL_MS = { never: 0, running: 60_000, early: 6000, late: 9000 } as const;

type Timer = keyof typeof UNTIL_MS;
type Cells = readonly [active: string, idle: string, graceRuns: string, graceOver: string];

// prettier-ignore
const TABLE: readonly (readonly [chosen: Status, text: '' | 'note', timers: readonly Timer[], cells: Cells])[] = [
  ['online',  'note', ['never', 'running'], ['online* 1000',  'away* 1000',    'online* 1000',  'offline* 8000']],
  ['online',  'note', ['early'],            ['online 6000',   'away 6000',     'online 6000',   'offline 8000']],
  ['online',  'note', ['late'],             ['online* 1000',  'away* 1000',    'online* 1000',  'offline 9000']],
  ['online',  '',     ['never', 'running'], ['online 0',      'away 0',        'online 0',      'offline 8000']],
  ['online',  '',     ['early'],            ['online 0',      'away 0',        'online 0',      'offline 8000']],
  ['online',  '',     ['late'],             ['online 0',      'away 0',        'online 0',      'offline 8000']],
  ['away',    'note', ['never', 'running'], ['away* 1000',    'away* 1000',    'away* 1000',    'offline* 8000']],
  ['away',    'note', ['early'],            ['online 6000',   'away 6000',     'away 6000',     'offline 8000']],
  ['away',    'note', ['late'],             ['away* 1000',    'away* 1000',    'away* 1000',    'offline 9000']],
  ['away',    '',     ['never', 'running'], ['away 1000',     'away 0',        'away 1000',     'offline 8000']],
  ['away',    '',     ['early'],            ['online 6000',   'away 0',        'away 1000',     'offline 8000']],
  ['away',    '',     ['late'],             ['away 1000',     'away 0',        'away 1000',     'offline 8000']],
  ['busy',    'note', ['never', 'running'], ['busy* 1000',    'busy* 1000',    'busy* 1000',    'offline* 8000']],
  ['busy',    'note', ['early'],            ['online 6000',   'away 6000',     'busy 6000',     'offline 8000']],
  ['busy',    'note', ['late'],             ['busy* 1000',    'busy* 1000',    'busy* 1000',    'offline 9000']],
  ['busy',    '',     ['never', 'running'], ['busy 1000',     'busy 1000',     'busy 1000',     'offline 8000']],
  ['busy',    '',     ['early'],            ['online 6000',   'away 6000',     'busy 1000',     'offline 8000']],
  ['busy',    '',     ['late'],             ['busy 1000',     'busy 1000',     'busy 1000',     'offline 8000']],
  ['offline', 'note', ['never', 'running'], ['offline* 1000', 'offline* 1000', 'offline* 1000', 'offline* 1000']],
  ['offline', 'note', ['early'],            ['online 6000',   'away 6000',     'offline 6000',  'offline 6000']],
  ['offline', 'note', ['late'],             ['offline* 1000', 'offline* 1000', 'offline* 1000', 'offline 9000']],
  ['offline', '',     ['never', 'running'], ['offline 1000',  'offline 1000',  'offline 1000',  'offline 1000']],
  ['offline', '',     ['early'],            ['online 6000',   'away 6000',     'offline 1000',  'offline 1000']],
  ['offline', '',     ['late'],             ['offline 1000',  'offline 1000',  'offline 1000',  'offline 1000']],
];

export interface PresenceCase {
  readonly chosen: Status;
  readonly text: string;
  readonly timer: Timer;
  /** 0: the choice is not timed. */
  readonly untilMs: number;
  readonly tabs: 'active' | 'idle';
  readonly left: boolean;
  readonly askedMs: number;
  readonly cell: string;
}

export const PRESENCE_CASES: readonly PresenceCase[] = TABLE.flatMap(([chosen, text, timers, cells]) =>
  timers.flatMap((timer) =>
    SITUATIONS.map((situation, at) => ({
      ...{ chosen, text, timer, untilMs: UNTIL_MS[timer], cell: cells[at] ?? '' },
      ...situation,
    })),
  ),
);

/** What was shown, as a cell of the table; stamps count from the moment at which the user connected. */
export const cellOf = (
  { status, text, stampMs }: { readonly status: Status; readonly text: string; readonly stampMs: number },
  connectedMs: number,
): string => `${status}${text === '' ? '' : '*'} ${stampMs - connectedMs}`;
