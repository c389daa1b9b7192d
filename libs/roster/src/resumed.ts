import type { Position } from './view-history';
import type { Moment } from './views';

/** Pods guess the store's time, and are some milliseconds apart. Who is further ahead has a cursor that nobody made. */
const AHEAD_MAX_MS = 10_000;

export interface Resumed {
  /** Absent: nobody can say what is different from there. */
  readonly position?: Position;
  /** What to show now: never an earlier moment than has been shown. */
  readonly moment: Moment;
}

/** Where somebody with a cursor has been, who may have been shown something up to `shownMs` here as well. */
export function resumed(cursor: string | undefined, { view, atMs }: Moment, shownMs = 0): Resumed {
  const latest = { view, atMs: Math.max(atMs, shownMs) };
  const position = cursor === undefined ? undefined : view.positionOf(cursor);
  if (position === undefined) return { moment: latest };
  if (position.atMs === Infinity) return { position, moment: latest };
  if (position.atMs > atMs + AHEAD_MAX_MS) return { moment: latest };
  return { position, moment: { view, atMs: Math.max(latest.atMs, position.atMs) } };
}
