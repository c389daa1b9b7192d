/* From samples to verdicts: medians, the ratio of ours and theirs, and whether a bar was met. */
import { median } from './measure/statistics';
import type { Bar, Figures, Unit, Verdict } from './row';

export interface Measured {
  readonly median: number;
  readonly samples: readonly number[];
}

/** Side by name, then figure by name. */
export type Measures = Readonly<Record<string, Readonly<Record<string, Measured>>>>;

export interface Judgement {
  readonly label: string;
  readonly unit: Unit;
  readonly figure: string;
  readonly oursIs: string;
  readonly theirsIs?: string;
  readonly ours: number;
  readonly theirs?: number;
  /** As the bar compares: theirs ÷ ours, or ours ÷ theirs. */
  readonly ratio?: number;
  readonly bar?: string;
  readonly stretch?: string;
  readonly met?: boolean;
  readonly stretchMet?: boolean;
  /** What ours has to be at most, or at least, for the bar to be met. */
  readonly goal?: number;
}

export function measure(samples: readonly Figures[]): Record<string, Measured> {
  const names = new Set(samples.flatMap((figures) => Object.keys(figures)));
  return Object.fromEntries(
    [...names].map((name) => {
      const values = samples.flatMap((figures) => figures[name] ?? []);
      return [name, { median: median(values), samples: values }];
    }),
  );
}

/** More of these is better, so without a bar they are compared the other way round. */
const MORE_IS_BETTER: readonly Unit[] = ['per s', 'share'];

export function judge(verdict: Verdict, measures: Measures): Judgement {
  const { label, unit, figure, ours: oursIs, theirs: theirsIs, bar, stretch } = verdict;
  const ours = measures[oursIs]?.[figure]?.median ?? NaN;
  const theirs = theirsIs === undefined ? undefined : (measures[theirsIs]?.[figure]?.median ?? NaN);
  const kind = (bar ?? stretch)?.kind ?? verdict.compare;
  const upsideDown = kind === 'ratio' || (kind !== 'times' && MORE_IS_BETTER.includes(unit));
  const ratio = theirs === undefined ? undefined : upsideDown ? ours / theirs : theirs / ours;
  const holds = (one: Bar | undefined): boolean | undefined => one && isMet(one, ours, ratio ?? NaN);
  return {
    ...{ label, unit, figure, oursIs, theirsIs, ours, theirs, ratio },
    ...{ bar: bar && barText(bar, unit), stretch: stretch && barText(stretch, unit) },
    ...{ met: holds(bar), stretchMet: holds(stretch), goal: bar && goalOf(bar, theirs ?? NaN) },
  };
}

function isMet(bar: Bar, ours: number, ratio: number): boolean {
  switch (bar.kind) {
    case 'times':
      return ratio >= bar.least;
    case 'ratio':
      return ratio <= bar.most;
    case 'most':
      return ours <= bar.value;
    case 'least':
      return ours >= bar.value;
  }
}

function goalOf(bar: Bar, theirs: number): number {
  switch (bar.kind) {
    case 'times':
      return theirs / bar.least;
    case 'ratio':
      return theirs * bar.most;
    case 'most':
    case 'least':
      return bar.value;
  }
}

function barText(bar: Bar, unit: Unit): string {
  switch (bar.kind) {
    case 'times':
      return `≥ ${bar.least}×`;
    case 'ratio':
      return `≤ ${bar.most}×`;
    case 'most':
      return `≤ ${quantity(bar.value, unit)}`;
    case 'least':
      return `≥ ${quantity(bar.value, unit)}`;
  }
}

/** A number with its unit, with three digits that mean something. */
export function quantity(value: number, unit: Unit): string {
  if (Number.isNaN(value)) return '–';
  switch (unit) {
    case 'ms':
      return `${digits(value)} ms`;
    case 'µs':
      return `${digits(value)} µs`;
    case 'bytes':
      return value >= 10_240 ? `${digits(value / 1024)} KB` : `${digits(value)} B`;
    case 'share':
      return `${digits(value * 100)} %`;
    case 'per s':
      return `${digits(value)}/s`;
    case 'count':
      return digits(value);
  }
}

export function digits(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const places = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toLocaleString('en-US', { maximumFractionDigits: Math.min(places, 4) });
}
