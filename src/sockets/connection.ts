import type { Acknowledgement, ClientToServerEvents, ServerToClientEvents } from '@rollcall/contract';
import type { LocalRoster, Written } from '@rollcall/roster';
import type { DefaultEventsMap, Server, Socket } from 'socket.io';
import type { Visitor } from '../auth/socket.door';
import { TokenBucket } from './token-bucket';

export interface SocketData {
  visitor: Visitor;
}

export type RollcallServer = Server<ClientToServerEvents, ServerToClientEvents, DefaultEventsMap, SocketData>;
export type RollcallSocket = Socket<ClientToServerEvents, ServerToClientEvents, DefaultEventsMap, SocketData>;

/** One socket of this pod with what is known about it. Lives from the handshake to the disconnect. */
export class Connection {
  readonly id: string;
  readonly events: TokenBucket;
  /** Resolves when the connection is in the store and its `session` was sent. Never rejects. */
  registered: Promise<void> = Promise.resolve();
  /** Resolves when the connection has left the store. Set by the disconnect. */
  left: Promise<Written> | undefined;

  constructor(
    readonly socket: RollcallSocket,
    readonly visitor: Visitor,
    readonly roster: LocalRoster,
  ) {
    const { eventsPerSecond, eventsBurst } = visitor.app.limits;
    this.id = socket.id;
    this.events = new TokenBucket(eventsPerSecond, eventsBurst);
  }

  get host(): string {
    return this.visitor.host;
  }
}

export type Answer = Acknowledgement<object>;
