import { type AppError, ERRORS } from '@rollcall/contract';

/** How one family of routes writes its errors; the body is JSON text. */
export interface Face {
  readonly contentType: string;
  body(error: AppError): object;
}

/** The shape that BetterForms' and Klai's stack (Feathers) answers errors in. */
export const FEATHERS: Face = {
  contentType: 'application/json; charset=utf-8',
  body: ({ code, message, field }) => {
    const { name, className } = feathersName(ERRORS[code].status);
    return {
      name,
      message,
      code: ERRORS[code].status,
      className,
      ...(field === undefined ? {} : { errors: [{ field, message }] }),
    };
  },
};

const FEATHERS_NAMES: Record<number, string> = {
  400: 'BadRequest',
  401: 'NotAuthenticated',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  413: 'PayloadTooLarge',
  414: 'UriTooLong',
  415: 'UnsupportedMediaType',
  429: 'TooManyRequests',
  503: 'Unavailable',
};

function feathersName(status: number): { name: string; className: string } {
  const name = FEATHERS_NAMES[status] ?? 'GeneralError';
  return { name, className: name.replace(/(?!^)[A-Z]/g, '-$&').toLowerCase() };
}

/** The fields at fault for which Rocket.Chat has an error of their own; it repeats the error's name in the text. */
const NAMED_FAULTS = new Map([
  ['user', 'error-invalid-user'],
  ['status', 'error-invalid-status'],
  ['expiresAt', 'error-invalid-date'],
]);

function badRequest({ message, field = '' }: AppError): object {
  const errorType = NAMED_FAULTS.get(field);
  if (errorType !== undefined) return { success: false, error: `${message} [${errorType}]`, errorType };
  return { success: false, error: message, errorType: field === '' ? 'error-bad-request' : 'invalid-params' };
}

const LOGIN_REQUIRED = 'You must be logged in to do this.';

/** Rocket.Chat's envelope; its clients demand the bare content type. A 401 serves the clients of all its versions. */
export const ROCKET_CHAT: Face = {
  contentType: 'application/json',
  body: (error) => {
    switch (error.status) {
      case 401:
        return { success: false, error: LOGIN_REQUIRED, status: 'error', message: LOGIN_REQUIRED };
      case 403:
        return { success: false, error: 'unauthorized' };
      case 429:
        return { success: false, error: `${error.message} [error-too-many-requests]` };
      case 404:
        return { success: false, error: 'Resource not found' };
      case 500:
        return { success: false, error: 'Internal server error' };
      case 400:
        return badRequest(error);
      default:
        return {
          success: false,
          error: error.message,
          errorType: `error-${error.code.toLowerCase().replace(/_/g, '-')}`,
        };
    }
  },
};

/** RFC 9457, for the native routes and for everything that is nobody's. */
export const PROBLEM: Face = {
  contentType: 'application/problem+json',
  body: ({ code, message, field }) => ({
    type: 'about:blank',
    title: ERRORS[code].message.replace(/\.$/, ''),
    status: ERRORS[code].status,
    detail: message,
    code,
    ...(field === undefined ? {} : { field }),
  }),
};

/** The face that answers for a URL, also where no route matched. It only decides on a shape, never on access. */
export function faceOf(url: string): Face {
  if (url.startsWith('/message/') || url === '/message') return FEATHERS;
  if (url.startsWith('/api/v1/')) return ROCKET_CHAT;
  return PROBLEM;
}
