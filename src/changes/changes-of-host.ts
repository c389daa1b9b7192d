/* What `GET /v1/changes` tells of a host: everything, or what is different from what its caller has been shown. */
import { AppError, BUILT_IN_CHANNELS, type ChannelKind, type Member } from '@rollcall/contract';
import type { Moment, Position } from '@rollcall/roster';
import type { ChangesQuery } from './changes-query';
import type { ChangedChannelDto, ChangesDto } from './changes.dto';

/**
 * Members of all channels and rows of presence in one answer: some megabytes of JSON, and about a tenth of a second in which
 * the pod does nothing else; 126 MB and some 0.4 seconds where all names are as long as they may be. A user counts in each channel, for each is written there; counted by connections, a host of
 * a few thousand could take as long as one of a million.
 */
const LISTED_MAX = 50_000;

type Wanted = Pick<ChangesQuery, 'channel' | 'presence'>;

/** @throws AppError PAYLOAD_TOO_LARGE */
export function everything(moment: Moment, { channel, presence }: Wanted): ChangesDto {
  const { view, atMs } = moment;
  const members = channel === undefined ? view.changes.size(atMs) : view.changes.sizeOf(channel, atMs);
  if (members + (presence ? view.changes.rowsAtMost(atMs) : 0) > LISTED_MAX) throw tooLarge(channel, view.cursor);
  const halves = channel === undefined ? allSeen(moment) : BUILT_IN_CHANNELS.map((kind) => ({ kind, channel }));
  const channels: ChangedChannelDto[] = [];
  for (const half of halves) {
    const { users, anonymous } = view.changes.picture(half.kind, half.channel, atMs);
    if (users.length + anonymous === 0) continue;
    channels.push({ channel: half.channel, kind: half.kind, users: membersOf(moment, users), anonymous });
  }
  return {
    cursor: view.cursorAt(atMs),
    full: true,
    channels,
    presence: presence ? view.presence.rows(atMs) : [],
  };
}

/** The active channels, and those of which everybody has vanished who may be back in a moment. */
function* allSeen({ view, atMs }: Moment): Iterable<{ readonly channel: string; readonly kind: ChannelKind }> {
  yield* view.lists.channels('');
  for (const channel of view.changes.held(atMs)) {
    if (view.count('authenticated', channel) === 0) yield { channel, kind: 'authenticated' };
  }
}

/** What has changed since a position of the same view. */
export function changes(moment: Moment, from: Position, { channel, presence }: Wanted): ChangesDto {
  const { view, atMs } = moment;
  const channels = BUILT_IN_CHANNELS.flatMap((kind) => {
    const names = channel === undefined ? view.changes.touched(kind, from, atMs) : [channel];
    return [...names].flatMap((name) => changed(moment, kind, name, from) ?? []);
  });
  const rows = presence ? view.changes.rows(from, atMs) : [];
  return { cursor: view.cursorAt(atMs), full: false, channels, presence: rows };
}

export const isEmpty = ({ full, channels, presence }: ChangesDto): boolean =>
  !full && channels.length + presence.length === 0;

function changed(moment: Moment, kind: ChannelKind, channel: string, from: Position): ChangedChannelDto | undefined {
  const step = moment.view.changes.channel(kind, channel, from, moment.atMs);
  if (step === undefined) return undefined;
  return { channel, kind, joined: membersOf(moment, step.joined), left: step.left, anonymous: step.anonymous };
}

const membersOf = ({ view }: Moment, userIds: readonly string[]): Member[] =>
  userIds.map((userId) => view.member(userId, true));

function tooLarge(channel: string | undefined, cursor: string): AppError {
  const most = `${LISTED_MAX} members of channels and rows of presence are the most that one answer tells.`;
  const instead =
    channel === undefined
      ? 'Name a channel, or read /v1/channels and its members page by page'
      : 'Ask without presence, or read /v1/channels/{channel}/members page by page';
  return new AppError('PAYLOAD_TOO_LARGE', `${most} ${instead} and come back with cursor=${cursor}.`, 'channel');
}
