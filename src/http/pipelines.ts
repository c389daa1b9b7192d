/*
 * How many answers of one connection may be under way. Node hands over all requests that come in one piece, hundreds of
 * them, and would keep every answer for a reader who does not read. Browsers send one at a time. Counted by socket, where
 * answers are made: some requests Node answers by itself, and nobody else hears of them.
 */
import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setSafeHeaders } from './safe-headers';
import { isForSockets } from './upgrades';

const UNDER_WAY_MAX = 20;

const underWay = new WeakMap<Socket, number>();

/** An answer, whose connection is cut where it is one too many. */
export class CountedResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  constructor(...made: [request: Request]) {
    // Node passes on options of the server as well.
    super(...made);
    const { socket } = made[0];
    const count = (underWay.get(socket) ?? 0) + 1;
    underWay.set(socket, count);
    if (count > UNDER_WAY_MAX) socket.destroy();
    else this.once('close', () => underWay.set(socket, (underWay.get(socket) ?? 1) - 1));
  }
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
    if (isForSockets(request.url)) setSafeHeaders(response);
    for (const listener of listeners) listener.call(server, request, response);
  });
}
