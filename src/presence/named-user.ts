import { AppError, nameFault } from '@rollcall/contract';

/** Whom a request names, in the ways that Rocket.Chat's clients do; nobody means the caller. */
export interface NamedUser {
  readonly userId?: string;
  readonly username?: string;
}

/** From the raw query of a URL: of a parameter that is repeated, the first counts. */
export function namedInQuery(url: string): NamedUser {
  const question = url.indexOf('?');
  return namedUser(Object.fromEntries([...new URLSearchParams(question < 0 ? '' : url.slice(question + 1))].reverse()));
}

/** `userId` wins over `username`, and that over `user`, which is a username, too. @throws AppError BAD_REQUEST */
export function namedUser(fields: Readonly<Record<string, unknown>>): NamedUser {
  const userId = nameOf(fields, 'userId');
  const username = nameOf(fields, 'username') ?? nameOf(fields, 'user');
  if (userId !== undefined) return { userId };
  return username === undefined ? {} : { username };
}

/** Forms and scripts send an empty name, or null, for none. */
function nameOf(fields: Readonly<Record<string, unknown>>, field: string): string | undefined {
  const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
  if (value === undefined || value === null || value === '') return undefined;
  const fault = nameFault(value);
  if (fault === undefined) return value as string;
  throw new AppError('BAD_REQUEST', `${field} ${fault}.`, field);
}
