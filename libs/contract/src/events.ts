import type { ChannelKind } from './channel-name';
import type { ErrorCode } from './errors';
import type { Status } from './rows';

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
export type HandshakeRefusal = Refusal['error'];

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

export interface PresenceSetRequest {
  /** Absent keeps the chosen status. */
  readonly status?: Status;
  /** Absent keeps the text, `''` clears it; 120 characters at most. */
  readonly statusText?: string;
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
  'presence:set': (request: PresenceSetRequest, acknowledge?: Acknowledge<{ readonly status: Status }>) => void;
  'presence:idle': (
    request: { readonly idle: boolean },
    acknowledge?: Acknowledge<{ readonly status: Status }>,
  ) => void;
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
  /** The pod is going away; reconnect after so many milliseconds. */
  draining: (notice: { readonly reconnectInMs: number }) => void;
}
