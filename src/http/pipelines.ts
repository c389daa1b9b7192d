/*
 * Answers that are under way. Node hands over all requests of a connection that come in one piece, hundreds of them, and
 * would keep every answer for a reader who does not read; browsers send one at a time. Counted where answers are made: some
 * requests Node answers by itself, and nobody else hears of them. All pods of a process share this.
 */
import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { refuseLine } from './line-refusal';
import { setSafeHeaders } from './safe-headers';
import { hasTooManyHeaders, isForSockets, isPathTooLong, isReadable, isTooLongForSockets } from './request-bounds';

const UNDER_WAY_MAX = 20;

const countOf = new WeakMap<Socket, number>();

/** Until they have gone out; those that had to wait for another on a connection that broke, until the next look. */
const underWay = new Set<ServerResponse>();

/** An answer, whose connection is cut where it is one too many. */
export class CountedResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  constructor(...made: [request: Request]) {
    // Node passes on options of the server as well.
    super(...made);
    const { socket } = made[0];
    const count = (countOf.get(socket) ?? 0) + 1;
    countOf.set(socket, count);
    if (count > UNDER_WAY_MAX) {
      socket.destroy();
      return;
    }
    underWay.add(this);
    this.once('close', () => {
      underWay.delete(this);
      countOf.set(socket, (countOf.get(socket) ?? 1) - 1);
    });
  }
}

/** The connections that answers are under way to, each with the bytes that it has not taken yet. */
export function untakenBytes(): ReadonlyMap<Socket, number> {
  const bytes = new Map<Socket, number>();
  for (const answer of underWay) {
    const { socket } = answer.req;
    if (socket.destroyed) underWay.delete(answer);
    else bytes.set(socket, (bytes.get(socket) ?? 0) + answer.writableLength);
  }
  return bytes;
}

/** By Node's names for what it refuses itself, where it does: to it headers are too many when they are too long. */
class Unreadable extends Error {
  constructor(readonly code: 'HPE_HEADER_OVERFLOW' | 'HPE_INVALID_URL' | 'URI_TOO_LONG') {
    super();
  }
}

function faultOf(request: IncomingMessage): Unreadable['code'] | undefined {
  if (hasTooManyHeaders(request)) return 'HPE_HEADER_OVERFLOW';
  if (!isReadable(request)) return 'HPE_INVALID_URL';
  return isPathTooLong(request) ? 'URI_TOO_LONG' : undefined;
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Nothing is done for a connection that was cut, though Node reads on in what it has got already. To be called when all
 * listen who answer requests: Socket.IO takes its own before Fastify's hooks, and malformed paths meet no hook at all. For
 * the same reason Socket.IO's answers get their headers here, the refusals and preflights among them, of which it tells nobody.
 */
export function standBefore(server: Server): void {
  const listeners = server.listeners('request') as Listener[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    if (request.socket.destroyed) return;
    const fault = faultOf(request);
    if (fault !== undefined) return void server.emit('clientError', new Unreadable(fault), request.socket);
    if (isForSockets(request.url)) {
      setSafeHeaders(response);
      if (isTooLongForSockets(request.url)) return refuseLine(response, 414, 'A URL may have 4,096 characters here.');
    }
    for (const listener of listeners) listener.call(server, request, response);
  });
}
