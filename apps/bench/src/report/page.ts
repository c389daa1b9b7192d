/* `bench/report.html`: one file that needs nothing else. */
import { digits, type Judgement, quantity } from '../judge';
import type { RowResult } from '../run';
import { escaped } from './markup';
import { plot, type PlotSide } from './plot';
import type { Report } from './report';
import { STYLE } from './style';
import { machineText, verdictText } from './terminal';

export function reportPage(report: Report): string {
  const { takenAt, machine, scale, results } = report;
  const quick = scale.quick
    ? `<p class="warning">A quick run: ${scale.connections} connections and short samples. The bars are meant for a full one.</p>`
    : '';
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rollcall: what it costs</title>
<style>${STYLE}</style>
<main>
<h1>Rollcall: what it costs, and what the others would</h1>
<p class="machine">${escaped(machineText(machine))}.<br>Taken ${escaped(takenAt)}, medians of up to ${scale.repeats} interleaved repeats.</p>
${quick}
${summary(results)}
${results.map(section).join('\n')}
</main>
</html>
`;
}

function summary(results: readonly RowResult[]): string {
  const lines = results.flatMap(({ id, what, state, reason, judgements }) => {
    const name = `<a href="#${escaped(id)}">${escaped(what)}</a>`;
    const judged = judgements.filter(({ bar, stretch }) => bar !== undefined || stretch !== undefined);
    if (state !== 'measured') {
      return [`<tr class="none"><td>${name}</td><td colspan="7">${escaped(`${state}: ${reason ?? ''}`)}</td></tr>`];
    }
    return judged.map(
      (judgement, n) => `<tr>${n === 0 ? `<td rowspan="${judged.length}">${name}</td>` : ''}${cells(judgement)}</tr>`,
    );
  });
  const head = ['what', '', 'ours', 'theirs', 'ratio', 'bar', 'stretch', ''].map((title) => `<th>${title}</th>`);
  return `<table><thead><tr>${head.join('')}</tr></thead><tbody>${lines.join('\n')}</tbody></table>`;
}

function cells(judgement: Judgement): string {
  const { label, unit, ours, theirs, theirsIs, ratio, bar = '', stretch = '' } = judgement;
  const beside = theirs === undefined ? '' : `${quantity(theirs, unit)} <small>${escaped(theirsIs ?? '')}</small>`;
  const values = [
    escaped(label),
    quantity(ours, unit),
    beside,
    ratio === undefined ? '' : `${digits(ratio)}×`,
    bar,
    stretch,
  ];
  return `${values.map((value) => `<td>${value}</td>`).join('')}<td class="${verdictClass(judgement)}">${verdictText(judgement)}</td>`;
}

function verdictClass({ met, stretchMet }: Judgement): string {
  if (stretchMet === true) return 'stretch';
  return met === undefined ? '' : met ? 'met' : 'missed';
}

function section(result: RowResult): string {
  const { id, what, notes, state, reason, judgements } = result;
  const remarks = notes.map((note) => `<p class="note">${escaped(note)}</p>`).join('');
  const body =
    state === 'measured'
      ? judgements.map((judgement) => figure(judgement, result)).join('')
      : `<p class="none">${escaped(`${state}: ${reason ?? ''}`)}</p>`;
  return `<section id="${escaped(id)}"><h2>${escaped(what)}</h2>${remarks}${body}</section>`;
}

function figure(judgement: Judgement, { measures }: RowResult): string {
  const { label, figure: name, oursIs, theirsIs, ratio, bar } = judgement;
  const sides = [oursIs, theirsIs].flatMap((side): PlotSide[] => {
    const measured = side === undefined ? undefined : measures[side]?.[name];
    return side === undefined || measured === undefined ? [] : [{ name: side, measured, isOurs: side === oursIs }];
  });
  const verdict = `<span class="${verdictClass(judgement)}">${verdictText(judgement)}</span>`;
  const compared = ratio === undefined ? '' : ` ${digits(ratio)}×`;
  const wanted = bar === undefined ? '' : ` (${bar})`;
  return `<figure><figcaption><b>${escaped(label)}</b>${compared}${escaped(wanted)} ${verdict}</figcaption>${plot(judgement, sides)}</figure>`;
}
