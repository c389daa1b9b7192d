import type { FastifyReply } from 'fastify';

/** Aborted when the caller has gone. */
export function goneFrom({ raw, request }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  const { socket } = request.raw;
  // Who asks late may have missed it.
  if (raw.closed || socket.destroyed) gone.abort();
  raw.once('close', () => gone.abort());
  // When a connection breaks, answers that wait behind another one on it hear nothing. Their requests do.
  request.raw.once('close', () => {
    if (socket.destroyed) gone.abort();
  });
  return gone.signal;
}
