/*
 * Lines to this pod (Engine.IO's connections) that nobody has come in by yet. A client needs one plain request for one,
 * and it is closed by itself within half a minute; there may be so many and no more. Then the oldest goes: who means to come in
 * does so within a round trip. Written by the lines themselves, and gone with them.
 */
import { keptLength } from './kept-request';
import type { RollcallServer, RollcallSocket } from './connection';

type Line = RollcallSocket['conn'];

/** Each takes some 20 KB, besides what is kept of its request. */
const UNUSED_MAX = 10_000;

/** A line that keeps more of its request counts as several. */
const KEPT_OF_A_LINE = 4096;

/** `isWanted`: somebody is about to come in by the line. */
export function limitUnusedLines(server: RollcallServer, isWanted: (line: Line) => boolean, most = UNUSED_MAX): void {
  /** What each counts, in the order of coming. */
  const unused = new Map<Line, number>();
  let count = 0;
  const forget = (line: Line): void => {
    count -= unused.get(line) ?? 0;
    unused.delete(line);
  };
  // One listener for all: a line that is used has nothing of it left.
  function forgetThis(this: Line): void {
    forget(this);
  }
  server.engine.on('connection', (line: Line) => {
    const weight = weightOf(line);
    unused.set(line, weight);
    count += weight;
    line.on('close', forgetThis);
    if (count <= most) return;
    for (const oldest of unused.keys()) {
      if (isWanted(oldest)) continue;
      forget(oldest);
      end(oldest);
      if (count <= most) return;
    }
  });
  server.on('connection', ({ conn }) => {
    forget(conn);
    conn.off('close', forgetThis);
  });
}

const weightOf = ({ request }: Line): number => 1 + Math.floor(keptLength(request) / KEPT_OF_A_LINE);

/** Of Engine.IO's transport what it keeps to itself: what is to be done when the next poll comes, or half a minute later. */
interface Closing {
  readonly shouldClose?: (() => void) | null;
}

function end(line: Line): void {
  line.close(true);
  // Where it has begun to close, that does nothing.
  (line.transport as Closing).shouldClose?.();
}
