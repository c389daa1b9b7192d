import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { callerOf } from '../auth/caller';
import { PresenceLimit } from './presence-limit';

/** A call whose URL is longer asks for many users, and counts as often as it is so long. */
const LENGTH_OF_A_CALL = 4096;

/** Counts a call, and tells the client what is left. It stands behind the user-token guard, so that a 401 costs nothing. */
@Injectable()
export class PresenceLimitGuard implements CanActivate {
  constructor(private readonly limit: PresenceLimit) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const caller = callerOf(request);
    if (caller?.user === undefined) throw new Error('This route has no guard for users.');
    const { app, user } = caller;
    const cost = Math.min(1 + Math.floor(request.url.length / LENGTH_OF_A_CALL), app.limits.usersPresencePerMinute);
    await this.limit.take(app, user.id, context.getHandler().name, cost, reply);
    return true;
  }
}
