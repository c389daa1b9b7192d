import type { Reading, RosterView } from '@rollcall/roster';
import type { FastifyReply } from 'fastify';

/** An answer from before the store went away says so, and how old it is, in whole seconds. */
export function tellStale(reply: FastifyReply, staleMs: number): void {
  if (staleMs > 0) void reply.header('x-rollcall-stale', String(Math.ceil(staleMs / 1000)));
}

/** Says which point of the roster the answer shows, and how old it is if it is; returns what to answer from. */
export function tellReading(reply: FastifyReply, { view, staleMs }: Reading): RosterView {
  tellStale(reply, staleMs);
  void reply.header('x-rollcall-cursor', view.cursor);
  return view;
}
