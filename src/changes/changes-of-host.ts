/* What `GET /v1/changes` tells of a host: everything, or what is different from what its caller has been shown. */
import { AppError, BUILT_IN_CHANNELS, type ChannelKind, type Member } from '@rollcall/contract';
import type { Moment, Position } from '@rollcall/roster';
import type { ChangesQuery } from './changes-query';
import type { ChangedChannelDto, ChangesDto } from './changes.dto';

/** A larger host takes too long to be told of at once, and everybody else would wait meanwhile. */
const FULL_MAX_CONNECTIONS = 20_000;

type Wanted = Pick<ChangesQuery, 'channel' | 'presence'>;

/** @throws AppError PAYLOAD_TOO_LARGE */
export function everything(moment: Moment, { channel, presence }: Wanted): ChangesDto {
  const { view, atMs } = moment;
  if (channel === undefined && view.connections > FULL_MAX_CONNECTIONS) throw tooLarge(view.cursor);
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

const tooLarge = (cursor: string): AppError =>
  new AppError(
    'PAYLOAD_TOO_LARGE',
    `More than ${FULL_MAX_CONNECTIONS} connections are too many for one answer. Name a channel, or read /v1/channels and its members page by page and come back with cursor=${cursor}.`,
    'channel',
  );
