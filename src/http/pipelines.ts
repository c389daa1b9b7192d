/*
 * How many requests of one connection may wait for their answers. Node hands over all that come in one piece, hundreds of
 * them, and would keep every answer for a reader who does not read. Browsers send one at a time.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const UNANSWERED_MAX = 20;

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Cuts connections that send more, before anything is done for what is too much. To be called when all listen who answer
 * requests: Socket.IO takes its own before Fastify's hooks, and malformed paths meet no hook at all.
 */
export function boundPipelines(server: Server): void {
  const unanswered = new WeakMap<Socket, number>();
  const listeners = server.listeners('request') as Listener[];
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    const { socket } = request;
    // Node reads on in what it has got already.
    if (socket.destroyed) return;
    const count = (unanswered.get(socket) ?? 0) + 1;
    unanswered.set(socket, count);
    if (count > UNANSWERED_MAX) {
      socket.destroy();
      return;
    }
    response.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    for (const listener of listeners) listener.call(server, request, response);
  });
}
