/* The table for `docs/performance.md`. */
import { digits, type Judgement, quantity } from '../judge';
import type { Report } from './report';
import { machineText, verdictText } from './terminal';

const HEAD = ['row', 'figure', 'Rollcall', 'against', 'ratio', 'bar', 'stretch', ''];

export function markdown({ takenAt, machine, scale, results }: Report): string {
  const rows = results.flatMap(({ id, state, reason, judgements }) =>
    state === 'measured'
      ? judgements.map((judgement) => [`\`${id}\``, ...cells(judgement)])
      : [[`\`${id}\``, `${state}: ${reason ?? ''}`, '', '', '', '', '', '']],
  );
  const line = (of: readonly string[]): string => `| ${of.join(' | ')} |`;
  const taken = `${takenAt.slice(0, 10)}, ${machineText(machine)}; ${scale.repeats} repeats${scale.quick ? ', quick' : ''}.`;
  return [taken, '', line(HEAD), line(HEAD.map(() => '---')), ...rows.map(line), ''].join('\n');
}

function cells(judgement: Judgement): string[] {
  const { label, unit, ours, theirs, oursIs, theirsIs, ratio, bar = '', stretch = '' } = judgement;
  return [
    label,
    oursIs === 'Rollcall' ? quantity(ours, unit) : `${quantity(ours, unit)} (${oursIs})`,
    theirs === undefined ? '' : `${quantity(theirs, unit)} (${theirsIs ?? ''})`,
    ratio === undefined ? '' : `${digits(ratio)}×`,
    bar,
    stretch,
    verdictText(judgement),
  ];
}
