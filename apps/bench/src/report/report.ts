import type { Machine } from '../measure/machine';
import type { Scale } from '../row';
import type { RowResult } from '../run';

/** What a run has found, as `bench/results.json` keeps it. */
export interface Report {
  readonly takenAt: string;
  readonly machine: Machine;
  readonly scale: Scale;
  readonly results: readonly RowResult[];
}
