/*
 * Lines to this pod (Engine.IO's connections) that nobody has come in by yet. A client needs one plain request for one,
 * and it is closed by itself within half a minute; there may be so many and no more. Then the oldest goes: who means to come in
 * does so within a round trip. Written by the lines themselves, and gone with them.
 */
import type { RollcallServer, RollcallSocket } from './connection';

type Line = RollcallSocket['conn'];

/** Each takes some 20 KB. */
const UNUSED_MAX = 10_000;

/** `isWanted`: somebody is about to come in by the line. */
export function limitUnusedLines(server: RollcallServer, isWanted: (line: Line) => boolean, most = UNUSED_MAX): void {
  /** In the order of coming. */
  const unused = new Set<Line>();
  // One listener for all: a line that is used has nothing of it left.
  function forget(this: Line): void {
    unused.delete(this);
  }
  server.engine.on('connection', (line: Line) => {
    unused.add(line);
    line.on('close', forget);
    if (unused.size <= most) return;
    for (const oldest of unused) {
      if (isWanted(oldest)) continue;
      unused.delete(oldest);
      end(oldest);
      if (unused.size <= most) return;
    }
  });
  server.on('connection', ({ conn }) => {
    unused.delete(conn);
    conn.off('close', forget);
  });
}

/** Of Engine.IO's transport what it keeps to itself: what is to be done when the next poll comes, or half a minute later. */
interface Closing {
  readonly shouldClose?: (() => void) | null;
}

function end(line: Line): void {
  line.close(true);
  // Where it has begun to close, that does nothing.
  (line.transport as Closing).shouldClose?.();
}
