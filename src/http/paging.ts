/* Lists that are read page by page: what all of them take from a query, and how a page says where the next one begins. */
import { AppError } from '@rollcall/contract';

export const LIMIT_DEFAULT = 100;

/** More would hold up all others for too long; less would make whoever wants everything ask too often. */
export const LIMIT_MAX = 1000;

/** The parameters of a URL, as they came. */
export type Given = Readonly<Record<string, unknown>>;

export interface Page<Item> {
  readonly items: Item[];
  /** Absent on the last page. */
  readonly nextCursor?: string;
}

/** @throws AppError BAD_REQUEST if the parameter is there several times. */
export function readText(given: Given, name: string): string | undefined {
  const value = Object.hasOwn(given, name) ? given[name] : undefined;
  if (value !== undefined && typeof value !== 'string') refuse(name, 'may be given once');
  return value;
}

/** A parameter without a value says yes. @throws AppError BAD_REQUEST */
export function readFlag(given: Given, name: string): boolean | undefined {
  const text = readText(given, name);
  if (text === undefined) return undefined;
  if (!/^(true|false|1|0|)$/.test(text)) refuse(name, 'must be true or false');
  return !/^(false|0)$/.test(text);
}

/** How many items a page has. @throws AppError BAD_REQUEST */
export function readLimit(given: Given): number {
  const text = readText(given, 'limit');
  if (text === undefined) return LIMIT_DEFAULT;
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > LIMIT_MAX) refuse('limit', `must be a whole number from 1 to ${LIMIT_MAX}`);
  return limit;
}

/**
 * The place behind which the page begins; `undefined`: it is the first one. `placeOf` says whether what the cursor
 * holds is a place of this list.
 *
 * @throws AppError BAD_REQUEST
 */
export function readCursor<Place>(given: Given, placeOf: (written: unknown) => Place | undefined): Place | undefined {
  const cursor = readText(given, 'cursor');
  if (cursor === undefined || cursor === '') return undefined;
  const place = placeOf(writtenIn(cursor));
  return place ?? refuse('cursor', 'is not one of an earlier answer');
}

/** @throws AppError BAD_REQUEST that names the parameter. */
export function refuse(name: string, reason: string): never {
  throw new AppError('BAD_REQUEST', `${name} ${reason}.`, name);
}

/** The first `limit` items. It takes one more, to know whether another page follows. */
export function pageOf<Item>(items: Iterable<Item>, limit: number, placeOf: (item: Item) => unknown): Page<Item> {
  const page: Item[] = [];
  for (const item of items) {
    if (page.length === limit) return { items: page, nextCursor: cursorTo(placeOf(page[limit - 1] as Item)) };
    page.push(item);
  }
  return { items: page };
}

/** Opaque to clients; as JSON, for a name may be no text that UTF-8 could write. */
const cursorTo = (place: unknown): string => Buffer.from(JSON.stringify(place)).toString('base64url');

function writtenIn(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    // Whatever it is, no answer of ours had it.
    return undefined;
  }
}
