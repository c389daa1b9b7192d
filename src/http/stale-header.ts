import type { Reading, RosterView } from '@rollcall/roster';
import type { FastifyReply } from 'fastify';

/** An answer from before the store went away says so, and how old it is, in whole seconds. */
export function tellStale(reply: FastifyReply, staleMs: number): void {
  if (staleMs > 0) void reply.header('x-rollcall-stale', String(Math.ceil(staleMs / 1000)));
}

/** How old an answer is that has waited since it was read. What was as fresh as the question still is. */
export const agedBy = (waitedMs: number, staleMs: number): number => (staleMs === 0 ? 0 : staleMs + waitedMs);

/** Says which point of the roster the answer shows, and how old it is if it is; returns what to answer from. */
export function tellReading(reply: FastifyReply, { view, staleMs }: Reading): RosterView {
  tellStale(reply, staleMs);
  void reply.header('x-rollcall-cursor', view.cursor);
  return view;
}
