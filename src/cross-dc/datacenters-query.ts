import { AppError } from '@rollcall/contract';

/** What `GET /v1/datacenters` was asked. */
export interface DatacentersQuery {
  readonly users: boolean;
  readonly limit: number;
  /** The last user of the page before. */
  readonly after?: string;
}

export const LIMIT_DEFAULT = 100;
export const LIMIT_MAX = 1000;

type Given = Readonly<Record<string, unknown>>;

/** @throws AppError BAD_REQUEST that names the parameter. */
export function readDatacentersQuery(given: Given): DatacentersQuery {
  const users = textOf(given, 'users');
  if (users !== undefined && !/^(true|false|1|0|)$/.test(users)) fail('users', 'must be true or false');
  const limit = textOf(given, 'limit');
  const number = limit === undefined ? LIMIT_DEFAULT : /^\d{1,4}$/.test(limit) ? Number(limit) : 0;
  if (number < 1 || number > LIMIT_MAX) fail('limit', `must be a whole number from 1 to ${LIMIT_MAX}`);
  const cursor = textOf(given, 'cursor');
  return {
    users: users !== undefined && !/^(false|0)$/.test(users),
    limit: number,
    ...(cursor === undefined || cursor === '' ? {} : { after: userOfCursor(cursor) }),
  };
}

/** Opaque to clients; as JSON, for a name may be no text that UTF-8 could write. */
export const cursorOfUser = (userId: string): string => Buffer.from(JSON.stringify(userId)).toString('base64url');

function userOfCursor(cursor: string): string {
  try {
    const userId: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (typeof userId === 'string') return userId;
  } catch {
    // Whatever it is, no answer of ours had it.
  }
  return fail('cursor', 'is not one of an earlier answer');
}

function textOf(given: Given, name: string): string | undefined {
  const value = Object.hasOwn(given, name) ? given[name] : undefined;
  if (value !== undefined && typeof value !== 'string') fail(name, 'may be given once');
  return value;
}

function fail(name: string, reason: string): never {
  throw new AppError('BAD_REQUEST', `${name} ${reason}.`, name);
}
