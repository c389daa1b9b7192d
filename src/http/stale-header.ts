import type { FastifyReply } from 'fastify';

/** An answer from before the store went away says so, and how old it is, in whole seconds. */
export function tellStale(reply: FastifyReply, staleMs: number): void {
  if (staleMs > 0) void reply.header('x-rollcall-stale', String(Math.ceil(staleMs / 1000)));
}
