import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { ApiKey, KeyScope } from '../config/app';

/** What a route that takes an API key wants of it. */
export interface NeededScope {
  readonly scope: KeyScope;
  /** A field of body or query that makes an answer of figures name people: with it, the route takes `read`. */
  readonly widenedBy?: string;
}

const NEEDED_SCOPE = 'rollcall:needed-scope';

/** Says which scope of an API key a route takes. A route behind the key guard without it answers nobody. */
export const NeedsScope = (scope: KeyScope, { widenedBy }: { widenedBy?: string } = {}): MethodDecorator =>
  applyDecorators(
    SetMetadata(NEEDED_SCOPE, { scope, ...(widenedBy === undefined ? {} : { widenedBy }) } satisfies NeededScope),
    ApiExtension('x-api-key-scope', scope),
  );

/** What the route has declared, if it has. */
export const neededScope = (handler: object): NeededScope | undefined =>
  Reflect.getMetadata(NEEDED_SCOPE, handler) as NeededScope | undefined;

/** The scope that the key lacks for this request; `undefined`: none. */
export function missingScope(
  { scope, widenedBy }: NeededScope,
  { scopes }: ApiKey,
  request: FastifyRequest,
): KeyScope | undefined {
  const isWidened = widenedBy !== undefined && [request.body, request.query].some((given) => asksFor(given, widenedBy));
  const wanted = isWidened ? 'read' : scope;
  return scopes.some((one) => one === wanted || (one === 'read' && wanted === 'counts')) ? undefined : wanted;
}

/** How a field can say no. Whatever else stands there may be taken for a yes further on, so it counts as one. */
const NO = new Set<unknown>([undefined, null, false, 'false', '0']);

function asksFor(given: unknown, field: string): boolean {
  if (typeof given !== 'object' || given === null || !Object.hasOwn(given, field)) return false;
  return !NO.has((given as Record<string, unknown>)[field]);
}
