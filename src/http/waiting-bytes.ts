/*
 * What clients have not taken stays in this process's memory. Which of them to let go of, of those of one kind: told at
 * each look, a second apart, for how many bytes each line waits. Remembered is only who had something waiting at the last.
 */

/** So much is let wait for a while: what shows a large host to a slow line may well take a few seconds. */
const LINE_MAX_BYTES = 1_048_576;

/** What is no more than this is on its way. */
const LITTLE_BYTES = 65_536;

/** All lines together may let so much wait: many who each keep to the bounds could fill the pod's memory. */
const LINES_MAX_BYTES = 268_435_456;

/** A line counts towards that after so many looks: a moment before it may have been sent something large. */
const SETTLED_LOOKS = 3;

interface Late {
  readonly bytes: number;
  /** For how many looks something has waited, */
  readonly looks: number;
  /** and for how many it has been too much. */
  readonly large: number;
}

export interface Patience {
  /** More than a megabyte may wait for so many looks in a row, less one. */
  readonly looks: number;
  /** More than this may not wait at all. */
  readonly mostBytes?: number;
}

/** Lines are told apart by identity. */
export class WaitingBytes<Line extends object> {
  private late = new Map<Line, Late>();

  constructor(private readonly patience: Patience) {}

  /** A look at all lines for which something may be waiting, each once. Gives those to cut, which are forgotten. */
  look(lines: Iterable<readonly [line: Line, bytes: number]>): ReadonlySet<Line> {
    const late = new Map<Line, Late>();
    for (const [line, bytes] of lines) {
      if (bytes > LITTLE_BYTES) late.set(line, later(this.late.get(line), bytes));
    }
    const over = new Set([...late].filter(([, state]) => this.isTooMuch(state)).map(([line]) => line));
    for (const line of latestBeyond(LINES_MAX_BYTES, late)) over.add(line);
    for (const line of over) late.delete(line);
    this.late = late;
    return over;
  }

  private isTooMuch({ bytes, large }: Late): boolean {
    return large >= this.patience.looks || bytes > (this.patience.mostBytes ?? Infinity);
  }
}

const later = (before: Late | undefined, bytes: number): Late => ({
  bytes,
  looks: (before?.looks ?? 0) + 1,
  large: bytes > LINE_MAX_BYTES ? (before?.large ?? 0) + 1 : 0,
});

/**
 * Those to let go of so that what is left waits for no more bytes, of lines that have been late for a while: who has been
 * so for longest first, so that nobody who hoards drives out those who are only slow.
 */
function latestBeyond<Line>(mostBytes: number, late: ReadonlyMap<Line, Late>): Line[] {
  const settled = [...late]
    .filter(([, { looks }]) => looks >= SETTLED_LOOKS)
    .sort(([, a], [, b]) => b.looks - a.looks || b.bytes - a.bytes);
  let total = settled.reduce((sum, [, { bytes }]) => sum + bytes, 0);
  const over: Line[] = [];
  for (const [line, { bytes }] of settled) {
    if (total <= mostBytes) break;
    over.push(line);
    total -= bytes;
  }
  return over;
}
