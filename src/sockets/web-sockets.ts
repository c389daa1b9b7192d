/*
 * WebSockets below Engine.IO, which hears of whole messages alone: what comes before one is bounded here, for anybody who
 * can reach the port can send it, and has said nothing yet of who they are.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import type { RollcallServer, RollcallSocket } from './connection';

/** No client of Socket.IO's sends a message in pieces, and each piece is kept as an object of its own. */
const FRAGMENTS_MAX = 64;
const CHUNKS_MAX = 1024;

/** A client that does not say goodbye is not waited for: `ws` would for half a minute. */
const GOODBYE_MS = 1000;

export class BoundedWebSockets extends WebSocketServer {
  constructor(options: ServerOptions) {
    super({ ...options, maxFragments: FRAGMENTS_MAX, maxBufferedChunks: CHUNKS_MAX, autoPong: false });
  }

  override handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    done: (client: WebSocket, request: IncomingMessage) => void,
  ): void {
    super.handleUpgrade(request, socket, head, (client, asked) => {
      client.on('ping', answer);
      done(client, asked);
    });
  }
}

/** Who does not read gets no more of them: they would wait in this process's memory. */
function answer(this: WebSocket, data: Buffer): void {
  if (this.bufferedAmount === 0) this.pong(data);
}

type Line = RollcallSocket['conn'];

/** Lets go of a line's connection when Engine.IO has let go of the line. */
export function endWithLines(engine: RollcallServer['engine']): void {
  engine.on('connection', (line: Line) => line.on('close', end));
}

function end(this: Line): void {
  const { socket } = this.transport as { socket?: Partial<WebSocket> };
  setTimeout(() => socket?.terminate?.(), GOODBYE_MS).unref();
}
