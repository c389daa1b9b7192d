/*
 * WebSockets below Engine.IO, which hears of whole messages alone, and of them only over those that are a line's already:
 * all else is bounded here, for anybody who can reach the port can send it, and has said nothing yet of who they are. Each
 * counts what comes over it, in a bucket that is gone with it.
 */
import type { Duplex } from 'node:stream';
import { type ServerOptions, WebSocket, WebSocketServer } from 'ws';
import { TokenBucket } from './token-bucket';

/** No client of Socket.IO's sends a message in pieces, and each piece is kept as an object of its own. */
const FRAGMENTS_MAX = 64;
const CHUNKS_MAX = 1024;

/** A client that does not say goodbye is not waited for: `ws` would for half a minute. */
const GOODBYE_MS = 1000;

/** Until somebody is in who has sent something: knocks, pings of libraries, and answers to those of Engine.IO. */
const FRAMES_AT_ONCE = 100;
const FRAMES_PER_SECOND = 10;

export class BoundedWebSocket extends WebSocket {
  /** Takes all that comes. A connection puts its own here, which takes as much as its app allows. */
  frames = new TokenBucket(FRAMES_PER_SECOND, FRAMES_AT_ONCE);
  /** What the latest ping said that waits for an answer. */
  private unanswered: string | undefined = undefined;

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event !== 'message' && event !== 'ping' && event !== 'pong') return super.emit(event, ...args);
    if (!this.frames.take(performance.now())) {
      // What else has come in the same piece still comes here, and no further.
      this.terminate();
      return false;
    }
    if (event === 'ping') this.answer(args[0] as Buffer);
    return super.emit(event, ...args);
  }

  /** Who has ended and does not read is not waited for either, which `ws` would do without an end. */
  override close(code?: number, data?: string | Buffer): void {
    if (this.readyState === WebSocket.CLOSING) setTimeout(() => this.terminate(), GOODBYE_MS).unref();
    super.close(code, data);
  }

  /** Who does not read gets the last of them alone: they would wait in this process's memory. */
  private answer(said: Buffer): void {
    const { _socket: socket } = this as unknown as { readonly _socket: Duplex };
    if (!socket.writableNeedDrain) return this.pong(said);
    if (this.unanswered === undefined) {
      socket.once('drain', () => {
        this.pong(Buffer.from(this.unanswered ?? '', 'latin1'));
        this.unanswered = undefined;
      });
    }
    // Not the bytes themselves: they are the beginning or end of all that came with them.
    this.unanswered = said.toString('latin1');
  }
}

/** Not in its types yet. */
interface TimedOptions extends ServerOptions<typeof BoundedWebSocket> {
  readonly closeTimeout: number;
}

export class BoundedWebSockets extends WebSocketServer {
  constructor(options: ServerOptions) {
    const bounded: TimedOptions = {
      ...options,
      WebSocket: BoundedWebSocket,
      maxFragments: FRAGMENTS_MAX,
      maxBufferedChunks: CHUNKS_MAX,
      autoPong: false,
      closeTimeout: GOODBYE_MS,
    };
    super(bounded);
  }
}
