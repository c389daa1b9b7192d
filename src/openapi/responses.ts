import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { AppError, type ErrorCode } from '@rollcall/contract';
import { type Face, FEATHERS, PROBLEM, ROCKET_CHAT } from '../http/faces';
import { MessageErrorDto, PresenceErrorDto, ProblemDto } from './errors.dto';

interface Case {
  readonly when: string;
  /** An error of this kind, from which the example is made. */
  readonly error: AppError;
}

/** An answer that fails, for the document. */
export const failing = (when: string, code: ErrorCode, message?: string, field?: string): Case => ({
  when,
  error: new AppError(code, message, field),
});

const CASES = {
  400: failing(
    'The request is not valid; the text names the field and the reason.',
    'BAD_REQUEST',
    'The body is not valid JSON.',
  ),
  401: failing(
    'The credentials are missing or not valid for this host, or no app is configured for the host.',
    'NOT_AUTHENTICATED',
    'The API key is not valid for this host.',
  ),
  403: failing('The caller may not do this.', 'FORBIDDEN'),
  scope: failing(
    'The API key has not the scope that this takes; the text names it.',
    'FORBIDDEN',
    'This takes an API key with the scope "read", which this one has not.',
  ),
  404: failing('There is no such user.', 'NOT_FOUND', 'There is no user "USER_1".'),
  413: failing('The body is larger than 64 KiB.', 'PAYLOAD_TOO_LARGE'),
  415: failing('The body is not `application/json`.', 'UNSUPPORTED_MEDIA_TYPE'),
  429: failing('Too many; the text says what the limit is.', 'RATE_LIMITED'),
  503: failing('This cannot be answered right now.', 'UNAVAILABLE', 'This pod is going away.'),
} as const;

/** Of every answer that shows a roster. */
export const CURSOR_HEADER = {
  'X-Rollcall-Cursor': { description: 'The point in the roster that this answer shows.', schema: { type: 'string' } },
} as const;

type Decorator = ClassDecorator & MethodDecorator;

const documented =
  (model: Type<unknown>, face: Face, always: readonly (keyof typeof CASES)[] = []) =>
  (...cases: (keyof typeof CASES | Case)[]): Decorator =>
    applyDecorators(
      ApiExtraModels(model),
      ...[...new Set([...cases, ...always])].map((one) => {
        const { when, error } = typeof one === 'object' ? one : CASES[one];
        const type = face.contentType.split(';', 1)[0] ?? '';
        const content = { [type]: { schema: { $ref: getSchemaPath(model) }, example: face.body(error) } };
        return ApiResponse({ status: error.status, description: when, content });
      }),
    );

/** The errors of a route of the `/message` family. */
export const ApiMessageErrors = documented(MessageErrorDto, FEATHERS, [429]);

/** The errors of a route under `/api/v1`. */
export const ApiPresenceErrors = documented(PresenceErrorDto, ROCKET_CHAT);

/** The errors of a native route. */
export const ApiProblems = documented(ProblemDto, PROBLEM, [429]);
