import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { MessageErrorDto, PresenceErrorDto, ProblemDto } from './errors.dto';

const WHEN = {
  400: 'The request is not valid; the text names the field and the reason.',
  401: 'The credentials are missing or not valid for this host, or no app is configured for the host.',
  404: 'There is no such user.',
  413: 'The body is larger than 64 KiB.',
  415: 'The body is not `application/json`.',
  429: 'Too many; the text says what the limit is.',
  503: 'This cannot be answered right now.',
} as const;

export type ErrorStatus = keyof typeof WHEN;
type Decorator = ClassDecorator & MethodDecorator;

const documented =
  (model: Type<unknown>, contentType: string) =>
  (...statuses: ErrorStatus[]): Decorator =>
    applyDecorators(
      ApiExtraModels(model),
      ...statuses.map((status) =>
        ApiResponse({
          status,
          description: WHEN[status],
          content: { [contentType]: { schema: { $ref: getSchemaPath(model) } } },
        }),
      ),
    );

/** The errors of a route of the `/message` family. */
export const ApiMessageErrors = documented(MessageErrorDto, 'application/json');

/** The errors of a route under `/api/v1`. */
export const ApiPresenceErrors = documented(PresenceErrorDto, 'application/json');

/** The errors of a native route. */
export const ApiProblems = documented(ProblemDto, 'application/problem+json');
