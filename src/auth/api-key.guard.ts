import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Apps } from './apps.service';
import { Authenticator } from './authenticator.service';
import { setCaller } from './caller';
import { KeyUses } from './key-uses.service';
import { MadeUpHosts } from './made-up-hosts.service';
import { missingScope, neededScope } from './needs-scope';
import { RequestLimit } from './request-limit.service';

/**
 * The HTTP door for back ends: an API key in the body (`apiKey`), in `Authorization: Bearer` or in `X-Api-Key`, taken
 * in this order. It must belong to the app that owns the request's host, and have the scope that the route has declared.
 */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    private readonly apps: Apps,
    private readonly authenticator: Authenticator,
    private readonly uses: KeyUses,
    private readonly requestLimit: RequestLimit,
    private readonly madeUpHosts: MadeUpHosts,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const needed = neededScope(context.getHandler());
    if (needed === undefined) throw new Error('This route does not say which scope of an API key it takes.');
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const scope = this.apps.scopeOf(request.headers);
    if (scope === undefined) throw new AppError('UNKNOWN_HOST');
    const key = keyOf(request);
    if (key === undefined) {
      throw new AppError('NOT_AUTHENTICATED', 'An API key is missing: send it as "apiKey" in the body or as a header.');
    }
    const apiKey = this.authenticator.apiKeyOf(scope.app, key);
    if (apiKey === undefined) throw new AppError('NOT_AUTHENTICATED', 'The API key is not valid for this host.');
    this.uses.note(scope.app, apiKey, Date.now());
    // What it may not do counts as well.
    await this.requestLimit.take(scope.app, key, context.switchToHttp().getResponse<FastifyReply>());
    const missing = missingScope(needed, apiKey, request);
    if (missing !== undefined) {
      throw new AppError('FORBIDDEN', `This takes an API key with the scope "${missing}", which this one has not.`);
    }
    this.apps.checkOwner(scope);
    this.madeUpHosts.visit(scope);
    setCaller(request, { ...scope, apiKey });
    return true;
  }
}

function keyOf({ body, headers }: FastifyRequest): string | undefined {
  if (typeof body === 'object' && body !== null && Object.hasOwn(body, 'apiKey')) {
    const { apiKey } = body as { apiKey: unknown };
    if (typeof apiKey === 'string' && apiKey !== '') return apiKey;
    if (apiKey !== null && apiKey !== undefined && apiKey !== '') {
      throw new AppError('NOT_AUTHENTICATED', 'apiKey must be a string.', 'apiKey');
    }
  }
  const bearer = /^Bearer +(\S.*)$/i.exec(headers.authorization ?? '')?.[1]?.trim();
  const header = headers['x-api-key'];
  return bearer ?? ((Array.isArray(header) ? header[0] : header) || undefined);
}
