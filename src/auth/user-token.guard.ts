import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { AppError, nameFault } from '@rollcall/contract';
import type { FastifyRequest } from 'fastify';
import { Apps } from './apps.service';
import { Authenticator } from './authenticator.service';
import { setCaller } from './caller';
import { MadeUpHosts } from './made-up-hosts.service';

/** The HTTP door for users: `X-Auth-Token` and `X-User-Id`, both. */
@Injectable()
export class UserTokenGuard implements CanActivate {
  constructor(
    private readonly apps: Apps,
    private readonly authenticator: Authenticator,
    private readonly madeUpHosts: MadeUpHosts,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const scope = this.apps.scopeOf(request.headers);
    if (scope === undefined) throw new AppError('UNKNOWN_HOST');
    const token = request.headers['x-auth-token'];
    const userId = request.headers['x-user-id'];
    if (typeof token !== 'string' || typeof userId !== 'string' || token === '' || nameFault(userId) !== undefined) {
      throw new AppError('NOT_AUTHENTICATED');
    }
    // Handshakes of sockets are counted where they begin; requests are not.
    const user = await this.authenticator.identify(scope.app, token, userId, { inTurn: true });
    this.apps.checkOwner(scope);
    this.madeUpHosts.visit(scope);
    setCaller(request, { ...scope, user });
    return true;
  }
}
