import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppError, CHANNEL_NAMES_MAX_BYTES, type Degradable, type JoinAnswer, type Message } from '@rollcall/contract';
import { Views } from '@rollcall/roster';
import { jsonFault } from '../http/json-depth';
import { Budgets } from '../sockets/budgets.service';
import type { Connection } from '../sockets/connection';
import { degraded } from '../sockets/degraded';
import type { Fields } from '../sockets/payload';
import { SocketEvents } from '../sockets/socket-events';
import { ChannelPermissions } from './channel-permissions.service';
import { ChannelWatches } from './channel-watches.service';
import { NewChannels } from './new-channels.service';
import { type Place, placeOf } from './place';

/** What a connection may do with channels. */
@Injectable()
export class ChannelEvents implements OnModuleInit {
  constructor(
    private readonly events: SocketEvents,
    private readonly views: Views,
    private readonly watches: ChannelWatches,
    private readonly permissions: ChannelPermissions,
    private readonly newChannels: NewChannels,
    private readonly budgets: Budgets,
  ) {}

  onModuleInit(): void {
    this.events.on('channel:join', placeOf, (connection, place) => this.join(connection, place));
    this.events.on('channel:leave', placeOf, (connection, place) => this.leave(connection, place));
    this.events.on(
      'message:send',
      (connection, fields) => this.send(connection, fields),
      (connection, place) => this.sent(connection, place),
    );
  }

  private async join(connection: Connection, place: Place): Promise<JoinAnswer & Degradable> {
    const { kind, channel, room } = place;
    this.permissions.check(connection, 'join', channel);
    const { id, roster, visitor } = connection;
    const shown = roster.isMember(id, kind, channel) ? undefined : this.enter(connection, place);
    try {
      const joined = roster.join(id, kind, channel);
      void connection.socket.join(room);
      const written = await joined;
      const view = (await this.views.latest(connection.host, 'readRoster'))?.view;
      const member = { connectionId: id, userId: visitor.user?.id ?? null };
      const known = written === 'degraded' ? view?.countWith(kind, channel, member) : view?.count(kind, channel);
      return { channel, kind, count: known ?? 1, cursor: view?.cursor ?? '', ...degraded(written) };
    } finally {
      shown?.();
    }
  }

  /** Whether there is room for one channel more. @throws AppError RATE_LIMITED */
  private enter(connection: Connection, place: Place): () => void {
    const { id, roster, visitor, joins } = connection;
    const { channelsPerConnection, joinsPerSecond } = visitor.app.limits;
    if (roster.channelCount(id) >= channelsPerConnection) {
      throw new AppError('RATE_LIMITED', `A connection may be in ${channelsPerConnection} channels at most.`);
    }
    if (roster.channelNamesBytes(id) + Buffer.byteLength(place.channel) > CHANNEL_NAMES_MAX_BYTES) {
      const most = `${CHANNEL_NAMES_MAX_BYTES} bytes of UTF-8`;
      throw new AppError('RATE_LIMITED', `The names of a connection's channels may have ${most} together at most.`);
    }
    if (joins?.take(performance.now()) === false) {
      throw new AppError('RATE_LIMITED', `At most ${joinsPerSecond} joins a second are taken from a connection.`);
    }
    return this.newChannels.begin(connection, place);
  }

  private async leave(
    connection: Connection,
    { kind, channel, room }: Place,
  ): Promise<{ channel: string } & Degradable> {
    this.watches.unwatch(connection, { room });
    const left = connection.roster.leave(connection.id, kind, channel);
    void connection.socket.leave(room);
    return { channel, ...degraded(await left) };
  }

  /** Where it went: the message itself is not kept while the answer waits. */
  private send(connection: Connection, fields: Fields): Place {
    const place = placeOf(connection, fields);
    const { kind, channel, room } = place;
    this.permissions.check(connection, 'send', channel);
    const { id, roster, socket, visitor, host } = connection;
    if (!roster.isMember(id, kind, channel)) throw new AppError('NOT_A_MEMBER');
    const { messageBytes, messagesPerSecond } = visitor.app.limits;
    const { message, bytes } = messageOf(fields, messageBytes);
    if (connection.messages?.take(performance.now()) === false) {
      throw new AppError('RATE_LIMITED', `At most ${messagesPerSecond} messages a second are taken from a connection.`);
    }
    const here = socket.nsp.adapter.rooms.get(room)?.size ?? 1;
    const reached = Math.max(here, this.views.moment(host)?.view.connectionCount(kind, channel) ?? 0);
    if (!this.budgets.takeDeliveries(connection, reached, bytes, performance.now())) {
      throw new AppError(
        'RATE_LIMITED',
        `A user's messages may go to ${visitor.app.limits.deliveriesPerSecond} connections a second, and each KiB of one counts as one more; this channel has ${reached}.`,
      );
    }
    const from = visitor.user === null ? { connectionId: id } : { connectionId: id, id: visitor.user.id };
    socket.to(room).emit('message', { channel, message, from } satisfies Message);
    return place;
  }

  private async sent(
    { id, host, roster }: Connection,
    { kind, channel }: Place,
  ): Promise<{ delivered: number } & Degradable> {
    // The sender's own join may still be on its way to the store, and others' with it.
    const written = await roster.join(id, kind, channel);
    const view = (await this.views.latest(host, 'readRoster'))?.view;
    if (view === undefined) return { delivered: 0, ...degraded(written) };
    // By now the sender may have left again, and is taken off only where it is counted.
    const own = view.connection(id)?.channels.some((place) => place.kind === kind && place.channel === channel);
    return { delivered: view.connectionCount(kind, channel) - (own ? 1 : 0), ...degraded(written) };
  }
}

/** With the bytes of its JSON. */
function messageOf({ message }: Fields, maxBytes: number): { readonly message: unknown; readonly bytes: number } {
  const fault = message === undefined ? 'is missing' : jsonFault(message);
  if (fault !== undefined) throw new AppError('BAD_REQUEST', `message ${fault}.`, 'message');
  const bytes = Buffer.byteLength(JSON.stringify(message));
  if (bytes <= maxBytes) return { message, bytes };
  throw new AppError('PAYLOAD_TOO_LARGE', `message may have ${maxBytes} bytes of JSON.`, 'message');
}
