import type { ErrorCode } from '@rollcall/contract';
import { RollcallError } from './rollcall-error';
import type { DatacenterState, RestAnswer } from './rest-types';

/** What a status means where the body has no code: the other families of routes, and what stands before the service. */
const CODES = new Map<number, ErrorCode>([
  [401, 'NOT_AUTHENTICATED'],
  [403, 'FORBIDDEN'],
  [404, 'NOT_FOUND'],
  [405, 'METHOD_NOT_ALLOWED'],
  [413, 'PAYLOAD_TOO_LARGE'],
  [414, 'URI_TOO_LONG'],
  [415, 'UNSUPPORTED_MEDIA_TYPE'],
  [429, 'RATE_LIMITED'],
  [502, 'UNAVAILABLE'],
  [503, 'UNAVAILABLE'],
  [504, 'UNAVAILABLE'],
]);

/** @throws RollcallError if it is not a success, or no JSON. */
export function readAnswer({ ok, status, headers }: Response, text: string): RestAnswer<unknown> {
  const json = parsed(text);
  if (!ok) throw errorOf(status, headers, json);
  if (text !== '' && json === undefined) {
    throw new RollcallError('UNREACHABLE', 'The answer is not JSON: somebody else has given it.', { status });
  }
  return {
    status,
    body: json,
    headers,
    ...present('cursor', headers.get('x-rollcall-cursor')),
    ...present('staleSeconds', numberOf(headers.get('x-rollcall-stale'))),
    ...present('datacenters', datacentersOf(headers.get('x-rollcall-dc'))),
  };
}

function errorOf(status: number, headers: Headers, json: unknown): RollcallError {
  const body = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>;
  const [named] = Array.isArray(body.errors) ? (body.errors as Record<string, unknown>[]) : [];
  const code = textOf(body.code) ?? CODES.get(status) ?? (status >= 500 ? 'INTERNAL' : 'BAD_REQUEST');
  const message =
    textOf(body.detail) ?? textOf(body.message) ?? textOf(body.error) ?? `The service answered ${status}.`;
  return new RollcallError(code as ErrorCode, message, {
    status,
    body: json,
    ...present('field', textOf(body.field) ?? textOf(named?.field)),
    ...present('retryAfterSeconds', numberOf(headers.get('retry-after'))),
  });
}

/** `us-east-1=live, eu-west-1=stale;age=12` */
function datacentersOf(header: string | null): DatacenterState[] | undefined {
  return header?.split(',').map((part) => {
    const [named = '', ...notes] = part.trim().split(';');
    const [dc = '', state = ''] = named.split('=');
    const age = notes.find((note) => note.startsWith('age='));
    return { dc, state, ...present('ageSeconds', numberOf(age?.slice('age='.length))) };
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function numberOf(text: string | null | undefined): number | undefined {
  const number = text === null || text === undefined ? NaN : Number(text);
  return Number.isFinite(number) ? number : undefined;
}

const present = <Name extends string, Value>(name: Name, value: Value | null | undefined): { [Key in Name]?: Value } =>
  value === null || value === undefined ? {} : ({ [name]: value } as { [Key in Name]?: Value });
