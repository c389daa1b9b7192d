import { AppError, isReserved, nameFault } from '@rollcall/contract';

/** What a client sent, as JSON has made it: besides its fields it has what every object has, and no field of ours is named so. */
export type Fields = Readonly<Record<string, unknown>>;

/** @throws AppError BAD_REQUEST if the payload is not an object. */
export function fieldsOf(payload: unknown): Fields {
  if (typeof payload === 'object' && payload !== null && !Array.isArray(payload) && !ArrayBuffer.isView(payload)) {
    // Not a copy: it may have tens of thousands of fields that nobody asks for.
    return payload as Fields;
  }
  throw new AppError('BAD_REQUEST', 'The payload must be an object.');
}

/** @throws AppError BAD_REQUEST if the field is there and no boolean. */
export function flagOf(fields: Fields, field: string): boolean | undefined {
  const value = fields[field];
  if (value === undefined || typeof value === 'boolean') return value;
  throw new AppError('BAD_REQUEST', `${field} must be true or false.`, field);
}

/** Longer than any cursor of ours. */
const CURSOR_MAX_LENGTH = 255;

/** A cursor of an earlier answer, whatever it says. @throws AppError BAD_REQUEST if it cannot be one. */
export function cursorIn({ cursor }: Fields): string | undefined {
  if (cursor === undefined || cursor === null || cursor === '') return undefined;
  if (typeof cursor === 'string' && cursor.length <= CURSOR_MAX_LENGTH) return cursor;
  throw new AppError('BAD_REQUEST', `cursor must be a string of at most ${CURSOR_MAX_LENGTH} characters.`, 'cursor');
}

/** @throws AppError CHANNEL_NAME_INVALID or CHANNEL_RESERVED. */
export function channelOf(fields: Fields): string {
  const channel = fields.channel;
  const fault = nameFault(channel);
  if (fault !== undefined) throw new AppError('CHANNEL_NAME_INVALID', `channel ${fault}.`, 'channel');
  if (isReserved(channel as string)) {
    throw new AppError('CHANNEL_RESERVED', `The channel name ${JSON.stringify(channel)} is reserved.`, 'channel');
  }
  return channel as string;
}
