/* What the lists of channels answer, made from a view. */
import { AppError, BUILT_IN_CHANNELS, type ChannelKind } from '@rollcall/contract';
import { BEFORE_PLACE, type ChannelLists, type ChannelMember, type RosterView } from '@rollcall/roster';
import { SMALL_ITEMS } from '../http/large-answers.service';
import { pageOf } from '../http/paging';
import type { ActiveChannelsDto, ChannelDto, ChannelMemberDto, ChannelMembersDto } from './channel-lists.dto';
import { type ChannelsQuery, type MembersQuery, writtenHalf, writtenPlace } from './channel-lists-query';

export function channelsOn(lists: ChannelLists, { prefix, limit, behind }: ChannelsQuery): ActiveChannelsDto {
  const { items, ...next } = pageOf(lists.channels(prefix, behind), limit, writtenHalf);
  return { channels: items, ...next };
}

/** Whether a page of the channels may show so many that it waits for its turn. */
export const isLargeOn = (view: Pick<RosterView, 'activeChannels'>, { limit }: Pick<ChannelsQuery, 'limit'>): boolean =>
  Math.min(limit, view.activeChannels) > SMALL_ITEMS;

/** The same of a page of members. */
export function isLargeOf(lists: ChannelLists, channel: string, { limit, anonymous }: MembersQuery): boolean {
  const kind = kindOf(channel, anonymous);
  return kind === 'authenticated' && Math.min(limit, lists.count(kind, channel)) > SMALL_ITEMS;
}

/** @throws AppError NOT_FOUND */
export function channelNamed(lists: ChannelLists, channel: string): ChannelDto {
  const kinds = BUILT_IN_CHANNELS.map((kind) => ({ kind, count: lists.count(kind, channel) })).filter(
    ({ count }) => count > 0,
  );
  if (kinds.length === 0) throw new AppError('NOT_FOUND', `The channel ${JSON.stringify(channel)} is not active.`);
  return { channel, kinds };
}

/** @throws AppError NOT_FOUND */
export function membersOf(
  { lists, cursor }: Pick<RosterView, 'lists' | 'cursor'>,
  channel: string,
  query: MembersQuery,
): ChannelMembersDto {
  const kind = kindOf(channel, query.anonymous);
  const count = lists.count(kind, channel);
  if (count === 0) throw notActive(lists, kind, channel);
  if (kind === 'anonymous') return { channel, kind, count };
  const page = pageOf(lists.members(channel, query.behind), query.limit, ({ place }) => writtenPlace(place));
  const { items, nextCursor: place } = page;
  const next = place === undefined ? {} : { nextCursor: `${query.since ?? cursor}${BEFORE_PLACE}${place}` };
  return { channel, kind, count, members: items.map(memberOf), ...next };
}

/** A built-in name says it by itself. Any other means what it means to a logged-in socket that joins it. */
function kindOf(channel: string, anonymous: boolean | undefined): ChannelKind {
  if (channel === 'anonymous' && anonymous === undefined) return 'anonymous';
  return anonymous === true ? 'anonymous' : 'authenticated';
}

/** Who asks for the wrong kind of a channel that is there is told of the right one. */
function notActive(lists: ChannelLists, kind: ChannelKind, channel: string): AppError {
  const isOther = kind === 'authenticated';
  const other = isOther ? 'anonymous' : 'authenticated';
  const hint = lists.count(other, channel) > 0 ? ` There is an ${other} one: ask with anonymous=${isOther}.` : '';
  return new AppError('NOT_FOUND', `There is no active ${kind} channel ${JSON.stringify(channel)}.${hint}`);
}

function memberOf({ profile: { id, username, name, email }, connections }: ChannelMember): ChannelMemberDto {
  return { id, username, name, email, connections };
}
