import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { ApiKey } from '../config/app';
import type { Scope } from './apps.service';
import type { Identity } from './identity';

/** Who is asking, as far as the guard of the route has established it. */
export interface Caller extends Scope {
  /** Present behind the user-token guard. */
  readonly user?: Identity;
  /** Present behind the API key guard. */
  readonly apiKey?: ApiKey;
}

const callers = new WeakMap<FastifyRequest, Caller>();

export const setCaller = (request: FastifyRequest, caller: Caller): void => {
  callers.set(request, caller);
};

/** The caller, once a guard has let one in. */
export const callerOf = (request: FastifyRequest): Caller | undefined => callers.get(request);

/** The caller that the route's guard let in. A route without a guard has none, and that is a mistake of ours. */
export const FromCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const caller = callerOf(context.switchToHttp().getRequest<FastifyRequest>());
  if (caller === undefined) throw new Error('This route has no guard.');
  return caller;
});
