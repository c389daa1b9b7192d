/*
 * A plot of one figure: a line for each side, a dot for each sample, the median as a bar, and what the bar of the table
 * asks of ours as a dashed line. The axis is logarithmic where values lie far apart.
 */
import { type Judgement, type Measured, quantity } from '../judge';
import { escaped } from './markup';

export interface PlotSide {
  readonly name: string;
  readonly measured: Measured;
  readonly isOurs: boolean;
}

const WIDTH = 720;
const LEFT = 190;
const RIGHT = 110;
const LINE = 28;
const TOP = 22;

/** Values that differ by more are shown on a logarithmic axis. */
const FAR_APART = 8;

/** Whether the axis is logarithmic, which a reader must be told. */
export function isLogarithmic(values: readonly number[]): boolean {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least > 0 && most / least >= FAR_APART;
}

export function plot({ label, unit, goal }: Judgement, sides: readonly PlotSide[]): string {
  const values = sides
    .flatMap(({ measured }) => measured.samples)
    .concat(goal ?? [])
    .filter((value) => Number.isFinite(value));
  const x = axis(values);
  const height = TOP + sides.length * LINE + 6;
  const lines = sides.map(({ name, measured, isOurs }, n) => {
    const y = TOP + n * LINE + LINE / 2;
    const end = x(measured.median);
    const dots = measured.samples.map((value) => `<circle cx="${at(x(value))}" cy="${y}" r="3"/>`);
    return [
      `<g class="${isOurs ? 'ours' : 'theirs'}">`,
      `<text class="name" x="${LEFT - 10}" y="${y + 4}">${escaped(name)}</text>`,
      `<rect x="${LEFT}" y="${y - 8}" width="${at(Math.max(1, end - LEFT))}" height="16" rx="2"/>`,
      ...dots,
      `<text class="value" x="${at(Math.max(end, ...measured.samples.map(x)) + 8)}" y="${y + 4}">${escaped(quantity(measured.median, unit))}</text>`,
      '</g>',
    ].join('');
  });
  const mark =
    goal === undefined || !Number.isFinite(goal)
      ? ''
      : `<g class="goal"><line x1="${at(x(goal))}" x2="${at(x(goal))}" y1="${TOP - 4}" y2="${height}"/><text x="${at(x(goal))}" y="${TOP - 8}">bar ${escaped(quantity(goal, unit))}</text></g>`;
  const scale = isLogarithmic(values) ? `<text class="scale" x="${WIDTH}" y="${TOP - 8}">logarithmic scale</text>` : '';
  const title = `${label}: ${sides.map(({ name, measured }) => `${name} ${quantity(measured.median, unit)}`).join(', ')}`;
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">${lines.join('')}${mark}${scale}</svg>`;
}

/** Where on the plot a value stands. */
export function axis(values: readonly number[]): (value: number) => number {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = WIDTH - LEFT - RIGHT;
  if (values.length === 0 || most <= 0) return () => LEFT;
  if (!isLogarithmic(values)) return (value) => LEFT + (room * value) / most;
  // Half of a decade below the least, so that its bar can be seen.
  const from = Math.log10(least) - 0.5;
  const span = Math.log10(most) - from;
  return (value) => LEFT + (room * (Math.log10(value) - from)) / span;
}

const at = (pixels: number): string => pixels.toFixed(1);
