/*
 * Which pages may read our answers: each app has its own list. A hook of ours, for @fastify/cors makes its options anew with each request
 * when they depend on the app, and Nest then sets headers in a way that makes Node write all of them slowly.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Apps } from '../auth/apps.service';

const EXPOSED_HEADERS =
  'X-Rollcall-Cursor, X-Rollcall-Time, X-Rollcall-Dc, X-Rollcall-Stale, X-Rollcall-Degraded, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, RateLimit-Policy, RateLimit, Retry-After, Date';

const PREFLIGHT = {
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE',
  'access-control-allow-headers': 'Content-Type, Authorization, X-Api-Key, X-Auth-Token, X-User-Id',
  'access-control-max-age': '600',
  // Some browsers wait for a body otherwise.
  'content-length': '0',
};

export function answerOrigins(fastify: FastifyInstance, apps: Apps): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    // Always: a cache must not give a page what it has kept for another one, or for a back end.
    void reply.header('vary', 'Origin');
    const allowed = allowedOrigin(request, apps);
    if (allowed === undefined) return done();
    void reply.headers({ 'access-control-allow-origin': allowed, 'access-control-expose-headers': EXPOSED_HEADERS });
    if (request.method === 'OPTIONS') answerPreflight(reply);
    else done();
  });
}

function answerPreflight(reply: FastifyReply): void {
  void reply.code(204).headers(PREFLIGHT).send();
}

/** `undefined`: no browser asks, or one whose page is not on the app's list. */
function allowedOrigin({ method, headers }: FastifyRequest, apps: Apps): string | undefined {
  const { origin } = headers;
  if (!origin) return undefined;
  // An `OPTIONS` that is no browser's question about CORS: a wrong method like others.
  if (method === 'OPTIONS' && !headers['access-control-request-method']) return undefined;
  const scope = apps.scopeOf(headers);
  if (scope === undefined || !apps.allowsOrigin(scope.app, headers)) return undefined;
  return scope.app.origins === null ? '*' : origin;
}
