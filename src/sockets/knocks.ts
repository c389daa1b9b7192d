/*
 * What a client may send over a line before anybody has come in by it: so often, and nothing but questions to be let in. Each
 * costs far more than the three bytes that it may have, and a single frame can hold tens of thousands of them, from somebody
 * who has said nothing of who they are. One bucket a line, written by its packets, and gone when somebody is in: from then on
 * the connection counts them.
 */
import type { LinePacket, RollcallServer, RollcallSocket } from './connection';
import { TokenBucket } from './token-bucket';

/** A client that was refused comes again on its line, a second later or more, and has done so a few times. */
const KNOCKS_AT_ONCE = 10;
const KNOCKS_PER_SECOND = 1;

/** Of Socket.IO's packets: somebody wants to be let in, to whichever namespace. */
const CONNECT = 0;

/** As much as a body of REST's; a token may have a quarter of it. */
const KNOCK_MAX_LENGTH = 65_536;

/** There are none but the first; the refusal of another repeats its name, and waits for whoever does not read. */
const NAMESPACE_MAX_LENGTH = 255;

type Line = RollcallSocket['conn'];

/** Cuts lines over which anything else comes, or more often: no honest client does, and none of it is looked at. */
export function limitKnocks(server: RollcallServer): void {
  const knocks = new WeakMap<Line, TokenBucket>();
  function count(this: Line, { type, data }: LinePacket): void {
    const bucket = knocks.get(this) ?? new TokenBucket(KNOCKS_PER_SECOND, KNOCKS_AT_ONCE);
    knocks.set(this, bucket);
    if (!bucket.take(performance.now()) || (type === 'message' && !isKnock(data))) this.close(true);
  }
  server.engine.on('connection', (line: Line) => line.on('packet', count));
  server.on('connection', ({ conn }) => {
    knocks.delete(conn);
    conn.off('packet', count);
  });
}

/** As Socket.IO reads it, to which a space is a 0, too. */
function isKnock(packet: unknown): boolean {
  if (typeof packet !== 'string' || packet.length > KNOCK_MAX_LENGTH) return false;
  return Number(packet.charAt(0)) === CONNECT && namespaceLength(packet) <= NAMESPACE_MAX_LENGTH;
}

function namespaceLength(packet: string): number {
  if (packet.charAt(1) !== '/') return 0;
  const end = packet.indexOf(',');
  return (end < 0 ? packet.length : end) - 1;
}
