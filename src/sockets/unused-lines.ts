/*
 * Lines to this pod (Engine.IO's connections) that nobody has come in by yet. A client needs one plain request for one,
 * and it is closed by itself after ten seconds; there may be so many and no more. Then the oldest goes: who means to come in
 * does so within a round trip. Written by the lines themselves, and gone with them.
 */
import type { RollcallServer, RollcallSocket } from './connection';

/** Each takes some 20 KB. */
const UNUSED_MAX = 10_000;

/** `isWanted`: somebody is about to come in by the line. */
export function limitUnusedLines(
  server: RollcallServer,
  isWanted: (line: RollcallSocket['conn']) => boolean,
  most = UNUSED_MAX,
): void {
  /** In the order of coming. */
  const unused = new Set<RollcallSocket['conn']>();
  server.engine.on('connection', (line: RollcallSocket['conn']) => {
    unused.add(line);
    line.once('close', () => unused.delete(line));
    if (unused.size <= most) return;
    for (const oldest of unused) {
      if (!isWanted(oldest)) return void oldest.close(true);
    }
  });
  server.on('connection', ({ conn }) => unused.delete(conn));
}
