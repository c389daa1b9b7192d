import { AppError, type ChannelKind, nameFault } from '@rollcall/contract';
import { BEFORE_PLACE, type ChannelHalf, type MemberPlace, placeOf } from '@rollcall/roster';
import { type Given, readCursor, readFlag, readLimit, readText, refuse } from '../http/paging';

/** What `GET /v1/channels` was asked. */
export interface ChannelsQuery {
  readonly prefix: string;
  readonly limit: number;
  readonly behind: ChannelHalf | undefined;
}

/** What `GET /v1/channels/{channel}/members` was asked. */
export interface MembersQuery {
  readonly anonymous: boolean | undefined;
  readonly limit: number;
  readonly behind: MemberPlace | undefined;
  /** Where the roster was when the first page was read, or where the caller already was. */
  readonly since: string | undefined;
}

/** @throws AppError BAD_REQUEST that names the parameter. */
export function readChannelsQuery(given: Given): ChannelsQuery {
  const prefix = readText(given, 'prefix') ?? '';
  const fault = prefix === '' ? undefined : nameFault(prefix);
  if (fault !== undefined) refuse('prefix', fault);
  return { prefix, limit: readLimit(given), behind: readCursor(given, channelHalfOf) };
}

/** @throws AppError BAD_REQUEST that names the parameter. */
export function readMembersQuery(given: Given): MembersQuery {
  const anonymous = readFlag(given, 'anonymous');
  const [since, place] = sinceAndPlace(readText(given, 'cursor') ?? '');
  const behind = readCursor({ cursor: place }, memberPlaceOf);
  return { anonymous, limit: readLimit(given), behind, since };
}

/** A cursor of the roster alone begins with the first page. */
function sinceAndPlace(cursor: string): [since: string | undefined, place: string] {
  const at = cursor.indexOf(BEFORE_PLACE);
  const since = at < 0 ? cursor : cursor.slice(0, at);
  if (placeOf(since) === undefined) return [undefined, cursor];
  return [since, at < 0 ? '' : cursor.slice(at + 1)];
}

/** A channel as a path names it; what nobody could join is simply not active. @throws AppError CHANNEL_NAME_INVALID */
export function readChannel(name: string): string {
  const fault = nameFault(name);
  if (fault !== undefined) throw new AppError('CHANNEL_NAME_INVALID', `channel ${fault}.`, 'channel');
  return name;
}

/** What cursors are made of: no longer than they must be, for they go into URLs. */
export const writtenHalf = ({ channel, kind }: ChannelHalf): [string, ChannelKind] => [channel, kind];
export const writtenPlace = ({ since, userId }: MemberPlace): [number, string] => [since, userId];

function channelHalfOf(written: unknown): ChannelHalf | undefined {
  const [channel, kind] = partsOf(written);
  if (typeof channel !== 'string' || (kind !== 'authenticated' && kind !== 'anonymous')) return undefined;
  return { channel, kind };
}

function memberPlaceOf(written: unknown): MemberPlace | undefined {
  const [since, userId] = partsOf(written);
  return typeof since === 'number' && typeof userId === 'string' ? { since, userId } : undefined;
}

const partsOf = (written: unknown): unknown[] => (Array.isArray(written) ? written : []);
