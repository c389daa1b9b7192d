import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { asAppError, replyWithError } from './error-reply';
import { RouteTable } from './route-table';
import { TooManyWaiting } from './too-many-waiting';

/** As long as it usually takes until Redis is back, or another pod has taken over. */
const RETRY_AFTER_SECONDS = '2';

/** The HTTP door's way out for everything that was thrown: the error table's answer in the shape of the face. */
@Catch()
export class HttpErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('http');

  constructor(private readonly routes: RouteTable) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const error = this.explain(thrown, request, reply);
    if (reply.raw.headersSent) return;
    if (error.code === 'UNAVAILABLE' || error instanceof TooManyWaiting)
      void reply.header('retry-after', RETRY_AFTER_SECONDS);
    // The route's own path, where one matched: a URL can be written in several ways.
    replyWithError(reply, request.routeOptions.url ?? request.url, error);
  }

  private explain(thrown: unknown, request: FastifyRequest, reply: FastifyReply): AppError {
    const error = asAppError(thrown);
    if (error === undefined) {
      this.logger.error({ err: thrown, method: request.method, route: request.routeOptions.url }, 'A request failed.');
      return new AppError('INTERNAL');
    }
    if (error.code !== 'NOT_FOUND' || request.routeOptions.url !== undefined) return error;
    const allowed = this.routes.methodsOf(request.url);
    if (allowed.length === 0 || allowed.some((method) => method === request.method)) return error;
    void reply.header('allow', allowed.join(', '));
    return new AppError(
      'METHOD_NOT_ALLOWED',
      `This path takes ${allowed.filter((method) => method !== 'HEAD').join(', ')} only.`,
    );
  }
}
