import type { ErrorCode } from '@rollcall/contract';

/**
 * What goes wrong on this side: no answer in time; the connection broke before the answer came, so that nobody knows
 * whether it was done; `close()` was called; the service has closed the connection for good; nobody can be reached.
 */
export type ClientErrorCode = 'TIMEOUT' | 'DISCONNECTED' | 'CLOSED' | 'KICKED' | 'UNREACHABLE';

export type RollcallErrorCode = ErrorCode | ClientErrorCode;

/** Codes after which the same may succeed later; the others stay as they are until something else is asked. */
const TEMPORARY: ReadonlySet<string> = new Set<RollcallErrorCode>([
  'RATE_LIMITED',
  'INTERNAL',
  'REQUEST_TIMEOUT',
  'UNAVAILABLE',
  'TIMEOUT',
  'DISCONNECTED',
  'UNREACHABLE',
]);

export interface RollcallErrorDetails {
  /** The HTTP status, of REST answers alone. */
  readonly status?: number;
  /** What the service has answered, of REST answers alone. */
  readonly body?: unknown;
  /** The field at fault, where the service names one. */
  readonly field?: string;
  /** How long the service asks to wait, of REST answers alone. */
  readonly retryAfterSeconds?: number;
  /** The channel that it is about, where it comes with an event and not from a call. */
  readonly channel?: string;
  readonly cause?: unknown;
}

/** Every refusal and every failure that this package tells of. Programs compare `code`, people read `message`. */
export class RollcallError extends Error {
  override readonly name = 'RollcallError';
  readonly status?: number;
  readonly body?: unknown;
  readonly field?: string;
  readonly retryAfterSeconds?: number;
  readonly channel?: string;
  override readonly cause?: unknown;

  constructor(
    readonly code: RollcallErrorCode,
    message: string,
    details: RollcallErrorDetails = {},
  ) {
    super(message);
    Object.assign(this, details);
  }

  /** Whether the same may succeed later. */
  get temporary(): boolean {
    return TEMPORARY.has(this.code);
  }
}

/** What was thrown, as a `RollcallError`. */
export function asRollcallError(thrown: unknown, code: RollcallErrorCode): RollcallError {
  if (thrown instanceof RollcallError) return thrown;
  return new RollcallError(code, thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
}
