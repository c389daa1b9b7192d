/** A channel's members are users (`authenticated`), or connections that are only counted (`anonymous`). */
export type ChannelKind = 'authenticated' | 'anonymous';

/** The built-in channels, which connections join and leave with the server's hand alone. */
export const BUILT_IN_CHANNELS = ['authenticated', 'anonymous'] as const;

/** What a name that is active in both kinds gets for its anonymous half in a map of channels. */
export const ANONYMOUS_SUFFIX = '|anonymous';

const TAB_PREFIX = 'tab|';
const USER_PREFIX = 'user|';

/** The channel that every connection has for itself. */
export const tabChannel = (connectionId: string): string => `${TAB_PREFIX}${connectionId}`;

/** The room that reaches all connections of a user; for sending only, never listed. */
export const userRoom = (userId: string): string => `${USER_PREFIX}${userId}`;

/** How a name is addressed: an ordinary channel, one of its halves, a built-in, one tab or one user. */
export type Address =
  | { readonly to: 'channel'; readonly name: string }
  | { readonly to: 'anonymous-half'; readonly name: string }
  | { readonly to: 'built-in'; readonly name: ChannelKind }
  | { readonly to: 'tab'; readonly connectionId: string }
  | { readonly to: 'user'; readonly userId: string };

/** 255: the longest name that the documents' peers accept; a longer one would only cost memory in every pod. */
export const NAME_MAX_LENGTH = 255;

/**
 * Of the names of all channels that one connection is in, in UTF-8. The store and every pod are sent all of them whenever
 * anything about the connection changes, be it only that it is idle: without a bound of their own a hundred long names
 * were 76 KB for a packet of 50 bytes. 16 KiB are a hundred names of 160 letters.
 */
export const CHANNEL_NAMES_MAX_BYTES = 16_384;

// eslint-disable-next-line no-control-regex -- control characters are what it is for
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f]/;

/** Says in words what is wrong with a name (of a channel, a user), or `undefined` if it is good. */
export function nameFault(name: unknown): string | undefined {
  if (typeof name !== 'string') return 'must be a string';
  if (name.length === 0) return 'must not be empty';
  if (name.length > NAME_MAX_LENGTH) return `must be at most ${NAME_MAX_LENGTH} characters long`;
  if (CONTROL_CHARACTERS.test(name)) return 'must not contain control characters';
  return undefined;
}

/** Names that clients may not join: each has a meaning of its own in the answers. */
export function isReserved(name: string): boolean {
  return (
    name === 'authenticated' ||
    name === 'anonymous' ||
    name === '_total' ||
    name.startsWith(TAB_PREFIX) ||
    name.startsWith(USER_PREFIX) ||
    name.endsWith(ANONYMOUS_SUFFIX)
  );
}

/** Reads a name as senders and askers use it; ordinary names pass through as they are. */
export function addressOf(name: string): Address {
  if (name === 'authenticated' || name === 'anonymous') return { to: 'built-in', name };
  // No socket has such an id: it is the anonymous half of a channel called `tab`.
  if (name === TAB_PREFIX + 'anonymous') return { to: 'anonymous-half', name: 'tab' };
  if (name.startsWith(TAB_PREFIX)) return { to: 'tab', connectionId: name.slice(TAB_PREFIX.length) };
  if (name.startsWith(USER_PREFIX)) return { to: 'user', userId: name.slice(USER_PREFIX.length) };
  if (name.endsWith(ANONYMOUS_SUFFIX)) {
    return { to: 'anonymous-half', name: name.slice(0, -ANONYMOUS_SUFFIX.length) };
  }
  return { to: 'channel', name };
}
