import type { ChannelKind } from './channel-name';
import type { ErrorCode } from './errors';
import type { Member, PresenceRow, Status } from './rows';

/** What an event's acknowledgement carries when it failed. */
export interface Refusal {
  readonly ok: false;
  readonly error: { readonly code: ErrorCode; readonly message: string };
}

/** `degraded`: the shared store is away; this pod keeps the change and writes it when the store is back. */
export interface Degradable {
  readonly degraded?: true;
}

/** Every client event is acknowledged with `{ok: true, …}` or with a refusal. */
export type Acknowledgement<Added extends object = object> = ({ readonly ok: true } & Added & Degradable) | Refusal;

type Acknowledge<Added extends object = object> = (answer: Acknowledgement<Added>) => void;

/** `data` of a `connect_error`. */
export type HandshakeRefusal = Refusal['error'] & {
  /** Come again after so many milliseconds: too many come at once. */
  readonly retryInMs?: number;
};

/** The handshake's `auth`. An opaque token needs its `userId`; a JWT names its user itself; no token is anonymous. */
export interface HandshakeAuth {
  readonly token?: string;
  readonly userId?: string;
}

export interface ChannelRequest {
  readonly channel: string;
  /** A logged-in connection addresses the anonymous channel of that name; an anonymous connection always does. */
  readonly anonymous?: boolean;
}

export interface JoinAnswer {
  readonly channel: string;
  readonly kind: ChannelKind;
  /** Distinct users, or the connections of an anonymous channel; this one included. */
  readonly count: number;
  readonly cursor: string;
}

export interface ChannelWatchRequest extends ChannelRequest {
  /** Of an earlier answer or event: what has happened since then is told, instead of everything. */
  readonly cursor?: string;
}

/** Who is in a channel: the users of an authenticated one, or how many connections an anonymous one has. */
export interface ChannelSnapshot {
  readonly users: readonly Member[];
  readonly anonymous: number;
}

/** One step of a channel. `cursor` is where it leads to. */
export interface ChannelChange {
  readonly channel: string;
  readonly kind: ChannelKind;
  readonly cursor: string;
  readonly joined: readonly Member[];
  /** Ids of users. */
  readonly left: readonly string[];
  /** How many connections an anonymous channel has now; 0 for an authenticated one. */
  readonly anonymous: number;
}

/** Everything anew, for a watcher who was too slow to be told step by step: it replaces what was known. */
export interface ChannelReset {
  readonly channel: string;
  readonly kind: ChannelKind;
  readonly cursor: string;
  readonly snapshot: ChannelSnapshot;
}

/** The snapshot, or what has happened since the request's cursor: nothing, or one change. */
export type ChannelWatchAnswer = { readonly channel: string; readonly kind: ChannelKind; readonly cursor: string } & (
  { readonly snapshot: ChannelSnapshot } | { readonly changes: readonly ChannelChange[] }
);

/** How many users a connection may watch by name. */
export const WATCHED_IDS_MAX = 1000;

export interface PresenceWatchRequest {
  /** These users alone, besides those that are watched already; absent: everybody. */
  readonly ids?: readonly string[];
  readonly cursor?: string;
}

/**
 * Those who are not offline, or the rows that have changed since the request's cursor, offline ones included. `cursor` is
 * good for all whom the connection watches: what it had not been told of the others comes in an event before.
 */
export type PresenceWatchAnswer = { readonly cursor: string } & (
  { readonly users: readonly PresenceRow[] } | { readonly changes: readonly PresenceRow[] }
);

export interface PresenceUnwatchRequest {
  /** Absent: nobody is watched any more. */
  readonly ids?: readonly string[];
}

/** Rows that have changed. With `full` it is everybody who is watched and not offline, and replaces what was known. */
export interface PresenceChange {
  readonly cursor: string;
  readonly users: readonly PresenceRow[];
  readonly full?: true;
}

/** Takes the place of what was chosen before, and of its end, if it had one. */
export interface PresenceSetRequest {
  /** Absent keeps the chosen status. */
  readonly status?: Status;
  /** Absent keeps the text, `''` clears it; 120 characters at most. */
  readonly statusText?: string;
}

/** One kind of a channel's name. */
interface ChannelHalf {
  readonly channel: string;
  readonly kind: ChannelKind;
}

export interface AuthRefreshRequest {
  /** Of the user who is connected; a JWT, or an opaque token. */
  readonly token: string;
}

export interface AuthRefreshAnswer {
  /** ISO 8601, in UTC; absent: the token does not expire by itself. */
  readonly expiresAt?: string;
  /** Channels that the newer token does not let its bearer be in: the connection has left them. Absent: none. */
  readonly left?: readonly ChannelHalf[];
  /** Channels that it may go on being in, but not watch any more. Absent: none. */
  readonly unwatched?: readonly ChannelHalf[];
}

/** The largest message, in bytes of its JSON. */
export const MESSAGE_MAX_BYTES = 65_536;

export interface MessageRequest extends ChannelRequest {
  /** Any JSON value of at most 64 KiB. */
  readonly message: unknown;
}

export interface ClientToServerEvents {
  'channel:join': (request: ChannelRequest, acknowledge?: Acknowledge<JoinAnswer>) => void;
  'channel:leave': (request: ChannelRequest, acknowledge?: Acknowledge<{ readonly channel: string }>) => void;
  'channel:watch': (request: ChannelWatchRequest, acknowledge?: Acknowledge<ChannelWatchAnswer>) => void;
  'channel:unwatch': (request: ChannelRequest, acknowledge?: Acknowledge<{ readonly channel: string }>) => void;
  'presence:watch': (request: PresenceWatchRequest, acknowledge?: Acknowledge<PresenceWatchAnswer>) => void;
  'presence:unwatch': (request: PresenceUnwatchRequest, acknowledge?: Acknowledge) => void;
  'presence:set': (request: PresenceSetRequest, acknowledge?: Acknowledge<{ readonly status: Status }>) => void;
  'presence:idle': (
    request: { readonly idle: boolean },
    acknowledge?: Acknowledge<{ readonly status: Status }>,
  ) => void;
  /** From now on the connection lives by this token. A refusal changes nothing: it goes on with the one it had. */
  'auth:refresh': (request: AuthRefreshRequest, acknowledge?: Acknowledge<AuthRefreshAnswer>) => void;
  'message:send': (request: MessageRequest, acknowledge?: Acknowledge<{ readonly delivered: number }>) => void;
}

/** Sent once, when the connection is in the store: from then on every answer shows it. */
export interface Session extends Degradable {
  readonly connectionId: string;
  readonly user?: { readonly id: string; readonly username: string; readonly name: string };
  readonly host: string;
  readonly dc: string;
  readonly pod: string;
  /** The built-in channels that the connection is in. */
  readonly channels: readonly string[];
}

export interface Message {
  readonly channel: string;
  readonly message: unknown;
  /** Absent when it was sent over REST. */
  readonly from?: { readonly connectionId: string; readonly id?: string };
}

export interface ServerToClientEvents {
  session: (session: Session) => void;
  message: (message: Message) => void;
  /** A watched channel has changed; at most one a tick. */
  'channel:changed': (change: ChannelChange | ChannelReset) => void;
  /** Watched users' presence has changed; at most one a tick. */
  'presence:changed': (change: PresenceChange) => void;
  /** The connection's token expires then, and the connection is closed soon after, unless `auth:refresh` came before. */
  'auth:expiring': (notice: { readonly expiresAt: string }) => void;
  /** The pod is going away; reconnect after so many milliseconds. */
  draining: (notice: { readonly reconnectInMs: number }) => void;
}
