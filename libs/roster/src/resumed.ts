import type { Position } from './view-history';
import type { Moment } from './views';

/** Pods guess the store's time, and are some milliseconds apart. Who is further ahead has a cursor that nobody made. */
const AHEAD_MAX_MS = 10_000;

export interface Resumed {
  readonly position: Position;
  /** What to show now: never an earlier moment than has been shown. */
  readonly moment: Moment;
}

/** Where somebody with a cursor has been; `undefined`: nobody can say what is different from there. */
export function resumed(cursor: string | undefined, { view, atMs }: Moment): Resumed | undefined {
  const position = cursor === undefined ? undefined : view.positionOf(cursor);
  if (position === undefined || position.atMs === Infinity) return position && { position, moment: { view, atMs } };
  if (position.atMs > atMs + AHEAD_MAX_MS) return undefined;
  return { position, moment: { view, atMs: Math.max(atMs, position.atMs) } };
}
