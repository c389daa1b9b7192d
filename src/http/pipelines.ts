/*
 * How many requests of one connection may wait for their answers. Node hands over all that come in one piece, hundreds of
 * them, and would keep every answer for a reader who does not read. Browsers send one at a time.
 */
import type { FastifyInstance } from 'fastify';
import type { Socket } from 'node:net';

const UNANSWERED_MAX = 20;

/** Cuts connections that send more, before anything is done for what is too much. */
export function boundPipelines(fastify: FastifyInstance): void {
  const unanswered = new WeakMap<Socket, number>();
  fastify.addHook('onRequest', (request, reply, done) => {
    const { socket } = request.raw;
    const count = (unanswered.get(socket) ?? 0) + 1;
    unanswered.set(socket, count);
    if (count > UNANSWERED_MAX) {
      socket.destroy();
      return;
    }
    reply.raw.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    done();
  });
}
