/*
 * How often a client may ask to be let in over one line. Each question costs far more than the three bytes that it may have,
 * and a single frame can hold tens of thousands of them, from somebody who has said nothing of who they are. One bucket a
 * line, written by its packets, and gone when somebody is in: from then on all packets are counted.
 */
import type { RollcallServer, RollcallSocket } from './connection';
import { TokenBucket } from './token-bucket';

/** A client that was refused comes again on its line, a second later or more, and has done so a few times. */
const KNOCKS_AT_ONCE = 10;
const KNOCKS_PER_SECOND = 1;

/** Of Socket.IO's packets: somebody wants to be let in, to whichever namespace. */
const CONNECT = 0;

type Line = RollcallSocket['conn'];

/** Cuts lines over which somebody knocks more often: no honest client does, and what else they hold is not looked at. */
export function limitKnocks(server: RollcallServer): void {
  const knocks = new WeakMap<Line, TokenBucket>();
  function count(this: Line, packet: unknown): void {
    // Nobody who has not come in has anything to send but text, and the rest of it may never come.
    if (typeof packet !== 'string') return this.close(true);
    // As Socket.IO reads it, to which a space is a 0, too.
    if (Number(packet.charAt(0)) !== CONNECT) return;
    const bucket = knocks.get(this) ?? new TokenBucket(KNOCKS_PER_SECOND, KNOCKS_AT_ONCE);
    knocks.set(this, bucket);
    if (!bucket.take(performance.now())) this.close(true);
  }
  server.engine.on('connection', (line: Line) => line.on('data', count));
  server.on('connection', ({ conn }) => {
    knocks.delete(conn);
    conn.off('data', count);
  });
}
