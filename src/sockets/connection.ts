import type { Acknowledgement, ClientToServerEvents, ServerToClientEvents } from '@rollcall/contract';
import type { LocalRoster, Written } from '@rollcall/roster';
import type { DefaultEventsMap, Server, Socket } from 'socket.io';
import type { Visitor } from '../auth/socket.door';
import type { Identity } from '../auth/identity';
import type { App } from '../config/app';
import { TokenBucket } from './token-bucket';
import type { BoundedWebSocket } from './web-sockets';

export interface SocketData {
  visitor: Visitor;
}

export type RollcallServer = Server<ClientToServerEvents, ServerToClientEvents, DefaultEventsMap, SocketData>;
export type RollcallSocket = Socket<ClientToServerEvents, ServerToClientEvents, DefaultEventsMap, SocketData>;

/** A packet of Engine.IO's, of which messages are one type. */
export interface LinePacket {
  readonly type: string;
  readonly data?: unknown;
}

/** Whoever could not be written to at so many ticks in a row is told nothing more until then. */
const UNWRITABLE_MAX = 3;
/** What waits for the rest of a packet: a message may have 64 KiB, and binary data is not taken, but refused in words. */
const UNFINISHED_MAX_BYTES = 70_000;
/** Socket.IO's packets that are followed by binary data: they wait until they are complete, without a limit in time. */
const BINARY = /^[56]/;
/** A client has so long to get a new token, or half of what its token has left when it comes. */
const NOTICE_MS = 30_000;

/** One socket of this pod with what is known about it. Lives from the handshake to the disconnect. */
export class Connection {
  readonly id: string;
  events: TokenBucket;
  /** Whatever comes over the line, allowed or not: to refuse is work as well. */
  packets: TokenBucket;
  /** Absent: no limit of their own. */
  joins: TokenBucket | undefined;
  messages: TokenBucket | undefined;
  /** Resolves when the connection is in the store and its `session` was sent. Never rejects. */
  registered: Promise<void> = Promise.resolve();
  /** Resolves when the connection has left the store. Set by the disconnect. */
  left: Promise<Written> | undefined;
  private unwritable = 0;
  private unfinishedBytes = 0;
  private lastTick: object | undefined;
  /** When the client is to be told that its token expires; `undefined`: it does not, or it was told. */
  noticeAtMs: number | undefined;
  private current: Visitor;

  constructor(
    readonly socket: RollcallSocket,
    visitor: Visitor,
    readonly roster: LocalRoster,
    nowMs: number,
  ) {
    const { eventsPerSecond, eventsBurst, joinsPerSecond, messagesPerSecond } = visitor.app.limits;
    this.id = socket.id;
    this.events = new TokenBucket(eventsPerSecond, eventsBurst);
    this.packets = packetsOf(visitor.app);
    this.joins = bucketOf(joinsPerSecond);
    this.messages = bucketOf(messagesPerSecond);
    this.current = visitor;
    this.noticeAtMs = noticeAtMs(visitor.user, nowMs);
  }

  get visitor(): Visitor {
    return this.current;
  }

  /** The same user comes with another token, by which the connection lives from now on. */
  renew(user: Identity, nowMs: number): void {
    this.current = { ...this.current, user };
    this.socket.data.visitor = this.current;
    this.noticeAtMs = noticeAtMs(user, nowMs);
  }

  /** The app has been read anew; its limits count from now on, with a full burst where they are others. */
  obey(app: App): void {
    const { eventsPerSecond, eventsBurst, joinsPerSecond, messagesPerSecond } = app.limits;
    const before = this.current.app.limits;
    if (eventsPerSecond !== before.eventsPerSecond || eventsBurst !== before.eventsBurst) {
      this.events = new TokenBucket(eventsPerSecond, eventsBurst);
    }
    this.packets = packetsOf(app);
    if (joinsPerSecond !== before.joinsPerSecond) this.joins = bucketOf(joinsPerSecond);
    if (messagesPerSecond !== before.messagesPerSecond) this.messages = bucketOf(messagesPerSecond);
    this.current = { ...this.current, app };
    this.socket.data.visitor = this.current;
  }

  /** Whether the client may go on, after a packet over its line. */
  takesPacket({ type, data }: LinePacket): boolean {
    if (type === 'message') this.countUnfinished(data);
    const complete = this.unfinishedBytes <= UNFINISHED_MAX_BYTES;
    const { socket } = this.socket.conn.transport as { readonly socket?: BoundedWebSocket };
    if (socket === undefined) return complete && this.packets.take(performance.now());
    // It counts all that comes over it, packets too. A polling tab has got it with its upgrade.
    socket.frames = this.packets;
    return complete;
  }

  private countUnfinished(packet: unknown): void {
    const bytes = typeof packet === 'string' ? packet.length : ArrayBuffer.isView(packet) ? packet.byteLength : 0;
    if (typeof packet !== 'string') this.unfinishedBytes += bytes;
    else this.unfinishedBytes = BINARY.test(packet) ? bytes : 0;
  }

  get host(): string {
    return this.visitor.host;
  }

  /**
   * Whether a watcher's events of a tick may be sent: what a slow client has not taken is kept in this process's memory,
   * and has to stay little.
   */
  takesMore(tick: object): boolean {
    if (this.lastTick !== tick) this.unwritable = this.socket.conn.transport.writable ? 0 : this.unwritable + 1;
    this.lastTick = tick;
    return this.unwritable <= UNWRITABLE_MAX;
  }
}

/**
 * Who sends so many times what may be sent heeds no refusal. Where little may be sent, a client that comes back and asks
 * for all its channels, and each second again for those that were refused, is still an honest one.
 */
const PACKETS_PER_EVENT = 10;
const PACKETS_PER_SECOND_MIN = 200;
const PACKETS_AT_ONCE_MIN = 1000;

function packetsOf({ limits: { eventsPerSecond, eventsBurst, channelsPerConnection } }: App): TokenBucket {
  const perSecond = Math.max(PACKETS_PER_SECOND_MIN, 2 * channelsPerConnection, PACKETS_PER_EVENT * eventsPerSecond);
  const burst = Math.max(PACKETS_AT_ONCE_MIN, 5 * channelsPerConnection, PACKETS_PER_EVENT * eventsBurst);
  return new TokenBucket(perSecond, burst);
}

const bucketOf = (perSecond: number | undefined): TokenBucket | undefined =>
  perSecond === undefined ? undefined : new TokenBucket(perSecond, perSecond);

function noticeAtMs(user: Identity | null, nowMs: number): number | undefined {
  if (user?.expiresAtMs === undefined) return undefined;
  return user.expiresAtMs - Math.min(NOTICE_MS, Math.max(0, user.expiresAtMs - nowMs) / 2);
}

export type Answer = Acknowledgement<object>;
