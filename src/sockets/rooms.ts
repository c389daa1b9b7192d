import type { ChannelKind } from '@rollcall/contract';

/*
 * Socket.IO rooms. Each name begins with its host, so that no message can leave it; neither hosts nor names contain
 * control characters, so a line feed parts them without doubt. A tab's own room is its socket id.
 */

/** The members of a channel of one kind. */
export const channelRoom = (host: string, kind: ChannelKind, channel: string): string =>
  `${host}\n${kind === 'authenticated' ? 'c' : 'a'}\n${channel}`;

/** All logged-in, or all anonymous, connections of a host. */
export const builtInRoom = (host: string, kind: ChannelKind): string => `${host}\n${kind}`;

/** All connections of a user on a host. */
export const userRoom = (host: string, userId: string): string => `${host}\nu\n${userId}`;
