import type {
  AuthRefreshAnswer,
  Degradable,
  JoinAnswer,
  Message,
  PresenceSetRequest,
  Session,
  Status,
} from '@rollcall/contract';
import { Calls } from './calls';
import type { ChannelWatch } from './channel-watch';
import { ChannelWatches } from './channel-watches';
import type { ConnectOptions } from './connect-options';
import { Connection, type ConnectionEvents } from './connection';
import { Emitter } from './emitter';
import { Memberships } from './memberships';
import { type PlaceOptions, placeOf } from './place';
import { PresenceSubscription } from './presence-subscription';
import type { PresenceWatch } from './presence-watch';
import { RollcallError } from './rollcall-error';

export interface RollcallEvents extends ConnectionEvents {
  /** Somebody sent something to a channel that this connection is in, or to this tab or user. */
  message: Message;
}

export interface WatchOptions extends PlaceOptions {
  /** Whether to join the channel for as long as it is watched, since only members may watch; true if absent. */
  readonly join?: boolean;
}

/**
 * A connection to Rollcall that comes back by itself, with all that it has joined and watches. What it is asked while it
 * is away waits for the next session, for `answerTimeoutMs` at most. Every promise rejects with a `RollcallError`.
 */
export class RollcallClient {
  private readonly connection: Connection;
  private readonly calls: Calls;
  private readonly memberships: Memberships;
  private readonly watches: ChannelWatches;
  private readonly presence: PresenceSubscription;
  private readonly messages = new Emitter<{ message: Message }>();
  private idle = false;
  /** Calls of `setIdle` that have no answer yet: they say it themselves. */
  private askingIdle = 0;

  /** @internal Made by `connect`. */
  constructor(url: string, options: ConnectOptions) {
    const connection = new Connection(url, options);
    this.connection = connection;
    this.calls = new Calls(connection, options);
    this.memberships = new Memberships(this.calls, (error) => connection.emit('error', error));
    this.watches = new ChannelWatches(this.calls, this.memberships);
    this.presence = new PresenceSubscription(this.calls);
    connection.on('session', (session) => this.begin(session));
    connection.on('lost', () => this.pause());
    connection.on('renewed', (answer) => this.obey(answer));
    connection.on('stopped', (error) => {
      this.watches.stop(error);
      this.presence.stop(error);
    });
    connection.socket.on('channel:changed', (event) => this.watches.receive(event));
    connection.socket.on('presence:changed', (event) => this.presence.receive(event));
    connection.socket.on('message', (message) => this.messages.emit('message', message));
  }

  /** The session that lasts, or the next one: from then on every answer of the service shows this connection. */
  get session(): Promise<Session> {
    return this.connection.session;
  }

  /** Whether there is a session now. */
  get connected(): boolean {
    return this.connection.current !== undefined;
  }

  /** Listens until the returned function is called. */
  on<Event extends keyof RollcallEvents>(event: Event, listener: (payload: RollcallEvents[Event]) => void): () => void {
    if (event === 'message') return this.messages.on('message', listener as (message: Message) => void);
    return this.connection.on(event, listener as (payload: unknown) => void);
  }

  /** Joins a channel, now and after each reconnect. Resolves when every answer of the service shows it. */
  join(channel: string, options?: PlaceOptions): Promise<JoinAnswer & Degradable> {
    return this.memberships.join(placeOf(channel, options));
  }

  /** Leaves a channel; its watches end. */
  leave(channel: string, options?: PlaceOptions): Promise<void> {
    const place = placeOf(channel, options);
    this.watches.leave(place);
    return this.memberships.leave(place);
  }

  /**
   * Sends any JSON value to the others in a channel. It is not sent twice: with the code `DISCONNECTED` nobody knows
   * whether it has arrived.
   */
  send(
    channel: string,
    message: unknown,
    options?: PlaceOptions,
  ): Promise<{ readonly delivered: number } & Degradable> {
    return this.calls.ask('message:send', { ...placeOf(channel, options), message });
  }

  /** A live roster of a channel. */
  watch(channel: string, { join = true, ...options }: WatchOptions = {}): ChannelWatch {
    return this.watches.watch(placeOf(channel, options), join);
  }

  /** Live presence of these users, or of everybody; for connections of a user. */
  watchPresence(ids?: Iterable<string>): PresenceWatch {
    return this.presence.watch(ids);
  }

  /** Chooses the user's status or text: what is absent stays, `''` clears the text. Resolves with what is shown now. */
  setPresence(choice: PresenceSetRequest): Promise<{ readonly status: Status } & Degradable> {
    return this.calls.ask('presence:set', choice, { repeatable: true });
  }

  /** Says whether anybody sits before this tab, now and after each reconnect. Resolves with what is shown now. */
  async setIdle(idle: boolean): Promise<{ readonly status: Status } & Degradable> {
    this.idle = idle;
    this.askingIdle += 1;
    try {
      return await this.calls.ask('presence:idle', { idle }, { repeatable: true });
    } finally {
      this.askingIdle -= 1;
    }
  }

  /** Tries now: instead of waiting for the next attempt, or after a refusal or a kick. */
  reconnect(): void {
    this.connection.reconnect();
  }

  /** Goes for good: watches end, and what waits is rejected with the code `CLOSED`. */
  close(): void {
    this.connection.close();
  }

  /** Says again what the service forgot with the last connection; then what waits. */
  private begin(session: Session): void {
    // A new connection counts as active.
    const idle = (): boolean => this.idle;
    if (this.idle && this.askingIdle === 0) {
      this.calls.insist(session, 'presence:idle', { idle: true }, idle, Infinity).catch(() => undefined);
    }
    this.memberships.begin(session);
    this.watches.begin(session);
    this.presence.begin();
    this.calls.release();
  }

  /** A newer token may allow less. */
  private obey({ left = [], unwatched = [] }: AuthRefreshAnswer): void {
    for (const half of [...left, ...unwatched]) this.watches.refuse(half, forbidden(half, 'watch'));
    for (const half of left) this.memberships.expel(half, forbidden(half, 'join'));
  }

  private pause(): void {
    this.watches.pause();
    this.presence.pause();
  }
}

const forbidden = ({ channel }: { readonly channel: string }, act: string): RollcallError =>
  new RollcallError('FORBIDDEN', `With the newer token you may not ${act} the channel ${JSON.stringify(channel)}.`);

/** Connects to a Rollcall service: with an opaque token and its `userId`, with a JWT, or as an anonymous visitor. */
export const connect = (url: string, options: ConnectOptions = {}): RollcallClient => new RollcallClient(url, options);
