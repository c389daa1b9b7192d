import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiQuery, ApiResponse, type ApiResponseOptions, getSchemaPath } from '@nestjs/swagger';
import { AppError } from '@rollcall/contract';
import { ROCKET_CHAT } from '../http/faces';
import { PresenceErrorDto } from '../openapi/errors.dto';
import { LIMIT_HEADERS } from './presence.openapi';

/** Without an example: as it stands, the call asks about its caller. */
const named = (name: string, description: string): MethodDecorator =>
  ApiQuery({ name, required: false, schema: { type: 'string' }, description });

const UNKNOWN_USER: ApiResponseOptions = {
  description: 'There is no such user, or a name that is none.',
  content: {
    'application/json': {
      schema: { $ref: getSchemaPath(PresenceErrorDto) },
      example: ROCKET_CHAT.body(new AppError('BAD_REQUEST', 'There is no such user.', 'user')),
    },
  },
};

/** A question about one user: the three ways to name one, the answer, and what there is to say to a name of nobody. */
export const ApiOneUser = (model: Type<unknown>, examples: Record<string, { summary: string; value: object }>) =>
  applyDecorators(
    named('userId', 'Whose; without any of the three it is your own.'),
    named('username', 'The same by username; `userId` wins over it.'),
    named('user', 'The same as `username`, which wins over it.'),
    ApiAnswer(model, 'The status on this host.', examples),
    ApiResponse({ status: 400, ...UNKNOWN_USER }),
  );

export const ApiAnswer = (
  model: Type<unknown>,
  description: string,
  examples: Record<string, { summary: string; value: object }>,
): MethodDecorator =>
  applyDecorators(
    ApiExtraModels(model),
    ApiResponse({
      status: 200,
      description,
      headers: LIMIT_HEADERS,
      content: { 'application/json': { schema: { $ref: getSchemaPath(model) }, examples } },
    }),
  );
