/* Who is where, as each data centre sees it: a table for a terminal, and lines for everything else. */
import type { Seen, Sight } from './sight';

/** A row for each data centre that is asked, a column for each that it tells of. */
export function tableLines(sights: readonly Sight[], dcs: readonly string[]): string[] {
  const rows = [
    ['asked', ...dcs, 'total'],
    ...sights.map((sight) => [asked(sight), ...dcs.map((dc) => cell(sight, dc)), totalOf(sight)]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** The same of one data centre on one line. */
export function sightLine(sight: Sight, dcs: readonly string[]): string {
  if (sight.pod === undefined || sight.fault !== undefined) return asked(sight);
  const cells = dcs.map((dc) => `${dc}: ${cell(sight, dc)}`);
  return `${asked(sight)} sees ${[...cells, `total: ${totalOf(sight)}`].join(' | ')}`;
}

/** What makes a line worth printing again: not that time goes by. */
export const sightKey = (sight: Sight, dcs: readonly string[]): string => sightLine(sight, dcs).replace(/, \d+ s/g, '');

function asked({ dc, pod, fault }: Sight): string {
  if (pod === undefined) return `${dc}: no pod lives`;
  return fault === undefined ? pod : `${pod} ${fault}`;
}

function cell({ seen }: Sight, dc: string): string {
  const one = seen.get(dc);
  if (one === undefined) return '-';
  const state = stateText(one);
  if (one.figures === undefined) return state;
  const { users, anonymous } = one.figures;
  const anybody = anonymous > 0 ? `+${anonymous} anonymous` : '';
  const who = [users.join(' '), anybody].filter((text) => text !== '').join(' ') || 'nobody';
  return one.state === 'live' ? who : `${who} (${state})`;
}

const stateText = ({ state, ageS }: Seen): string => (ageS === undefined ? state : `${state}, ${ageS} s`);

const totalOf = ({ total }: Sight): string =>
  total === undefined ? '-' : `${total.authenticated} +${total.anonymous} anonymous`;

/** The beginning of a line, of at most so many characters. */
export const short = (line: string, width: number): string =>
  line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`;
