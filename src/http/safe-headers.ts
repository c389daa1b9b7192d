/*
 * What tells browsers to make nothing of our answers but what they are. Our own few instead of a library's dozen, of which most
 * speak of pages and plugins that are not here. HSTS is for whoever ends TLS, which is not Rollcall.
 */
import { AppError } from '@rollcall/contract';
import type { FastifyInstance } from 'fastify';
import type { ServerResponse } from 'node:http';
import { hostFault } from './host-fault';

/** No answer is a page, so there is nothing that one might load; the UI's has a policy of its own. */
export const SAFE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  // What is answered is true for a moment, and for whoever asked: caches go by the address, and not by the key that came with it.
  'cache-control': 'no-store',
} as const;

/** Before any other hook: whatever is answered has the headers, and nobody is asked for a host that is in doubt. */
export function answerSafely(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.headers(SAFE_HEADERS);
    const fault = hostFault(request.raw);
    done(fault === undefined ? undefined : new AppError('BAD_REQUEST', fault));
  });
}

/** For answers that are none of Fastify's; whoever writes them may still say otherwise. */
export function setSafeHeaders(response: ServerResponse): void {
  for (const [name, value] of Object.entries(SAFE_HEADERS)) response.setHeader(name, value);
}
