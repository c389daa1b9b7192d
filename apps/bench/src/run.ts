/* Runs rows: samples their sides in turn, again and again, and judges. A row that fails does not end the others. */
import { type Judgement, judge, measure, type Measures } from './judge';
import { within } from './processes/patience';
import { Processes } from './processes/processes';
import type { Figures, Row, RowGroup, Scale } from './row';

/** No sample of a row takes longer, on the slowest machine that is worth measuring on. */
const SAMPLE_WITHIN_MS = 300_000;

const TIME_IS_UP = 'The time was up. Run it with --only.';

export interface RowResult {
  readonly id: string;
  readonly what: string;
  readonly notes: readonly string[];
  readonly state: 'measured' | 'not available' | 'failed' | 'left out';
  /** Why there are no figures. */
  readonly reason?: string;
  readonly repeats: number;
  readonly seconds: number;
  readonly measures: Measures;
  readonly judgements: readonly Judgement[];
}

export interface Run {
  readonly scale: Scale;
  readonly only?: readonly string[];
  /** No row begins, and no repeat, when so much time has passed since the start of this process. */
  readonly untilMs: number;
  /** What is still under way then is given up. */
  readonly endsMs: number;
  readonly onRow: (row: Row) => void;
  readonly onResult: (result: RowResult) => void;
}

export async function runGroups(groups: readonly RowGroup[], run: Run): Promise<RowResult[]> {
  const results: RowResult[] = [];
  for (const group of groups) {
    const processes = new Processes();
    try {
      for (const row of group(run.scale, processes)) {
        if (run.only !== undefined && !run.only.includes(row.id)) continue;
        run.onRow(row);
        const result = await runRow(row, run);
        results.push(result);
        run.onResult(result);
      }
    } finally {
      await processes.end();
    }
  }
  return results;
}

async function runRow(row: Row, run: Run): Promise<RowResult> {
  const began = performance.now();
  const { id, what, notes = [] } = row;
  const samples = new Map(row.sides.map(({ name }) => [name, [] as Figures[]]));
  let repeats = 0;
  const result = (state: RowResult['state'], reason?: string): RowResult => {
    const measures = Object.fromEntries([...samples].map(([name, figures]) => [name, measure(figures)]));
    const judgements = state === 'measured' ? row.verdicts.map((verdict) => judge(verdict, measures)) : [];
    const seconds = (performance.now() - began) / 1000;
    return { id, what, notes, state, reason, repeats, seconds, measures, judgements };
  };
  if (row.unavailable !== undefined) return result('not available', row.unavailable);
  try {
    for (; repeats < run.scale.repeats && performance.now() < run.untilMs; repeats += 1) {
      for (const side of inTurn(row.sides, repeats)) {
        const restMs = Math.max(0, run.endsMs - performance.now());
        const figures = await within(`A sample of ${side.name}`, Math.min(SAMPLE_WITHIN_MS, restMs), side.sample());
        samples.get(side.name)?.push(figures);
      }
    }
  } catch (error) {
    const isLate = performance.now() >= run.endsMs;
    if (isLate) return repeats === 0 ? result('left out', TIME_IS_UP) : result('measured');
    return result('failed', error instanceof Error ? error.message : String(error));
  }
  return repeats === 0 ? result('left out', TIME_IS_UP) : result('measured');
}

/** Another side begins each time: whoever comes first on a busy machine shall not be the same one always. */
export function inTurn<Item>(items: readonly Item[], turn: number): Item[] {
  const first = items.length === 0 ? 0 : turn % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}
