/* The table on the terminal. */
import { digits, type Judgement, quantity } from '../judge';
import type { Machine } from '../measure/machine';
import type { RowResult } from '../run';

const COLUMNS = ['', 'ours', 'theirs', 'ratio', 'bar', 'stretch', ''] as const;

export function machineText({ cpu, cores, memoryGb, kernel, node, redis, loadBefore }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryGb} GB, ${kernel}, Node ${node}, Redis ${redis}, load before ${loadBefore.toFixed(2)}`;
}

/** One row of the table, with a line for each verdict. */
export function rowText(result: RowResult): string {
  const { id, what, state, reason, judgements, repeats, seconds } = result;
  const title = `${id}: ${what}`;
  if (state !== 'measured') return `${title}\n  ${state}: ${reason ?? ''}\n`;
  const lines = [[...COLUMNS], ...judgements.map(cells)];
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  const table = lines.map((line) =>
    `  ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  );
  return `${title}  (${repeats} repeats, ${seconds.toFixed(0)} s)\n${table.join('\n')}\n`;
}

function cells(judgement: Judgement): string[] {
  const { label, unit, ours, theirs, oursIs, theirsIs, ratio, bar = '', stretch = '' } = judgement;
  return [
    label,
    `${quantity(ours, unit)} (${oursIs})`,
    theirs === undefined ? '' : `${quantity(theirs, unit)} (${theirsIs ?? ''})`,
    ratio === undefined ? '' : `${digits(ratio)}×`,
    bar,
    stretch,
    verdictText(judgement),
  ];
}

export function verdictText({ met, stretchMet }: Pick<Judgement, 'met' | 'stretchMet'>): string {
  if (stretchMet === true) return met === undefined ? 'met the stretch' : 'met, the stretch too';
  if (met === undefined) return stretchMet === undefined ? '' : 'missed the stretch';
  return met ? 'met' : 'MISSED';
}
