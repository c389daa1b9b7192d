import { AppError } from '@rollcall/contract';
import type { FastifyInstance } from 'fastify';
import type { Apps } from '../auth/apps.service';
import { callerOf } from '../auth/caller';
import { errorBody } from './error-reply';

/**
 * Nobody is told what is on a host that has gone to another app since they were let in: what they waited for is about others'
 * users, by others' profiles. Asked in the same turn in which an answer is sent.
 */
export function refuseMoved(fastify: FastifyInstance, apps: Apps): void {
  fastify.addHook('onSend', (request, reply, _payload, done) => {
    const caller = callerOf(request);
    try {
      if (caller !== undefined) apps.checkOwner(caller);
      return done();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      void reply.removeHeader('x-rollcall-cursor');
      done(null, errorBody(reply, request.routeOptions.url ?? request.url, error));
    }
  });
}
