import { HttpException } from '@nestjs/common';
import { AppError, type ErrorCode, ERRORS } from '@rollcall/contract';
import { StoreUnavailable } from '@rollcall/roster';
import type { FastifyReply } from 'fastify';
import { faceOf } from './faces';
import { SAFE_HEADERS } from './safe-headers';

const BY_STATUS = new Map<number, ErrorCode>([
  [400, 'BAD_REQUEST'],
  [401, 'NOT_AUTHENTICATED'],
  // A path that leads out of the folder of the UI's files.
  [403, 'NOT_FOUND'],
  [404, 'NOT_FOUND'],
  [405, 'METHOD_NOT_ALLOWED'],
  [413, 'PAYLOAD_TOO_LARGE'],
  [414, 'URI_TOO_LONG'],
  [415, 'UNSUPPORTED_MEDIA_TYPE'],
  [429, 'RATE_LIMITED'],
  [503, 'UNAVAILABLE'],
]);

/** The error as clients may see it, or `undefined` if it is a fault of ours that they must not see. */
export function asAppError(error: unknown): AppError | undefined {
  if (error instanceof AppError) return error;
  if (error instanceof StoreUnavailable) return new AppError('UNAVAILABLE');
  const status = error instanceof HttpException ? error.getStatus() : statusOf(error);
  const code = BY_STATUS.get(status) ?? (status >= 400 && status < 500 ? 'BAD_REQUEST' : undefined);
  if (code === undefined) return undefined;
  const spoken = code === 'BAD_REQUEST' && error instanceof Error ? error.message : ERRORS[code].message;
  return new AppError(code, spoken);
}

function statusOf(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return 500;
  return typeof error.statusCode === 'number' ? error.statusCode : 500;
}

/** Sends the error in the shape of the URL's face. */
export function replyWithError(reply: FastifyReply, url: string, error: AppError): void {
  // What the router itself refuses has met no hook.
  void reply.headers(SAFE_HEADERS).send(errorBody(reply, url, error));
}

/** What the reply is to say of the error, which it is told the kind of. As bytes: Fastify would add a charset to a string. */
export function errorBody(reply: FastifyReply, url: string, error: AppError): Buffer {
  const face = faceOf(url);
  void reply.code(error.status).header('content-type', face.contentType);
  return Buffer.from(JSON.stringify(face.body(error)));
}
