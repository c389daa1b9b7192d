/**
 * The one table of errors that clients can meet. The code is what programs compare; `status` is what the REST faces
 * answer; `temporary` tells a client whether the same call may succeed later. Both doors (HTTP filter, socket
 * acknowledgements) render from here.
 */
export const ERRORS = {
  BAD_REQUEST: { status: 400, temporary: false, message: 'The request is not valid.' },
  CHANNEL_NAME_INVALID: { status: 400, temporary: false, message: 'The channel name is not valid.' },
  CHANNEL_RESERVED: { status: 400, temporary: false, message: 'The channel name is reserved.' },
  UNKNOWN_EVENT: { status: 400, temporary: false, message: 'There is no such event.' },
  NOT_AUTHENTICATED: { status: 401, temporary: false, message: 'The credentials are not valid here.' },
  UNKNOWN_HOST: { status: 401, temporary: false, message: 'No app is configured for this host.' },
  USER_REQUIRED: { status: 403, temporary: false, message: 'This needs a connection that is logged in.' },
  ANONYMOUS_REFUSED: { status: 403, temporary: false, message: 'This app takes no connections without a token.' },
  ORIGIN_REFUSED: { status: 403, temporary: false, message: 'This origin is not on the list of the app.' },
  FORBIDDEN: { status: 403, temporary: false, message: 'This takes a permission that you do not have.' },
  NOT_A_MEMBER: { status: 403, temporary: false, message: 'Only members of the channel may do this.' },
  NOT_FOUND: { status: 404, temporary: false, message: 'There is nothing here.' },
  METHOD_NOT_ALLOWED: { status: 405, temporary: false, message: 'This path does not take that method.' },
  REQUEST_TIMEOUT: { status: 408, temporary: true, message: 'The request took too long to arrive.' },
  PAYLOAD_TOO_LARGE: { status: 413, temporary: false, message: 'The payload is too large.' },
  URI_TOO_LONG: { status: 414, temporary: false, message: 'The path or the headers are too long.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, temporary: false, message: 'The body must be JSON (application/json).' },
  RATE_LIMITED: { status: 429, temporary: true, message: 'Too much at once; slow down.' },
  INTERNAL: { status: 500, temporary: true, message: 'Something went wrong on our side.' },
  UNAVAILABLE: { status: 503, temporary: true, message: 'This cannot be answered right now; try again soon.' },
} as const satisfies Record<string, { status: number; temporary: boolean; message: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** An error meant for the client: thrown anywhere, rendered by the doors alone. */
export class AppError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string = ERRORS[code].message,
    /** The client's field that is at fault, where there is one. */
    readonly field?: string,
  ) {
    super(message);
    this.name = 'AppError';
  }

  get status(): number {
    return ERRORS[this.code].status;
  }
}
