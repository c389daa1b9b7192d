/* What a row of the table is: sides that are measured in turn, and verdicts on their figures. */
import type { Processes } from './processes/processes';

/** How much is measured: the table's own sizes, or less of everything. */
export interface Scale {
  readonly quick: boolean;
  readonly repeats: number;
  /** Socket.IO connections of a crowd. */
  readonly connections: number;
  /** How long one sample of HTTP load lasts. */
  readonly sampleMs: number;
  /** A scale for rows with a size of their own: 1, or less. */
  readonly share: number;
}

/** A sample's figures by name. */
export type Figures = Readonly<Record<string, number>>;

export interface Side {
  readonly name: string;
  sample(): Promise<Figures>;
}

export type Unit = 'ms' | 'µs' | 'bytes' | 'share' | 'per s' | 'count';

/** `times`: theirs ÷ ours at least. `ratio`: ours ÷ theirs at most. The others are about ours alone. */
export type Bar =
  | { readonly kind: 'times'; readonly least: number }
  | { readonly kind: 'ratio'; readonly most: number }
  | { readonly kind: 'most'; readonly value: number }
  | { readonly kind: 'least'; readonly value: number };

/** One figure of ours, beside one of theirs, and what it should be; without a bar it is only told. */
export interface Verdict {
  readonly label: string;
  readonly unit: Unit;
  readonly figure: string;
  readonly ours: string;
  readonly theirs?: string;
  readonly bar?: Bar;
  readonly stretch?: Bar;
  /** How the two are compared where no bar says it; else more is better for rates and shares, and less for the rest. */
  readonly compare?: 'times' | 'ratio';
}

export interface Row {
  readonly id: string;
  readonly what: string;
  /** Said beside the figures: how something was done that a reader could take otherwise. */
  readonly notes?: readonly string[];
  readonly sides: readonly Side[];
  readonly verdicts: readonly Verdict[];
  /** Why there is nothing to measure yet. */
  readonly unavailable?: string;
}

/**
 * Rows that share servers: each is started when the first row needs it, and ends with the last. Describing the rows
 * starts nothing.
 */
export type RowGroup = (scale: Scale, processes: Processes) => readonly Row[];
