import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppError, type ChannelWatchAnswer, type Degradable } from '@rollcall/contract';
import { type Moment, Views, type Written } from '@rollcall/roster';
import type { Connection } from '../sockets/connection';
import { degraded } from '../sockets/degraded';
import { cursorIn, type Fields } from '../sockets/payload';
import { SocketEvents } from '../sockets/socket-events';
import { Turns } from '../sockets/turns.service';
import { ChannelPermissions } from './channel-permissions.service';
import { ChannelWatches } from './channel-watches.service';
import { type Place, placeOf } from './place';

const ENDED = 'The watch was ended before it began.';

interface Asked {
  readonly place: Place;
  readonly cursor: string | undefined;
}

/** Members of a channel may watch it. */
@Injectable()
export class WatchEvents implements OnModuleInit {
  constructor(
    private readonly events: SocketEvents,
    private readonly views: Views,
    private readonly watches: ChannelWatches,
    private readonly permissions: ChannelPermissions,
    private readonly turns: Turns,
  ) {}

  onModuleInit(): void {
    this.events.on('channel:watch', watchIn, (connection, asked) => this.watch(connection, asked));
    this.events.on('channel:unwatch', placeOf, (connection, place) => this.unwatch(connection, place));
  }

  private async watch(connection: Connection, { place, cursor }: Asked): Promise<ChannelWatchAnswer & Degradable> {
    const { kind, channel } = place;
    this.permissions.check(connection, 'watch', channel);
    const { id, roster, host } = connection;
    if (!roster.isMember(id, kind, channel)) throw new AppError('NOT_A_MEMBER');
    const beginning = this.watches.begin(connection, place);
    const written = await this.prepare(connection, place, cursor).finally(() =>
      this.watches.begun(connection, beginning),
    );
    const moment = this.momentOf(host);
    if (beginning.isEnded || !roster.isMember(id, kind, channel)) throw new AppError('NOT_A_MEMBER', ENDED);
    // Its token may be another one by now.
    this.permissions.check(connection, 'watch', channel);
    const watched = this.watches.watch(connection, place, moment, cursor);
    return { channel, kind, ...watched, ...degraded(written) };
  }

  /** Waits for all that has to be there before the watch. */
  private async prepare(
    connection: Connection,
    { kind, channel }: Place,
    cursor: string | undefined,
  ): Promise<Written> {
    const { id, host, roster } = connection;
    // The watcher's own join may still be on its way to the store: it is part of what is shown.
    const written = await roster.join(id, kind, channel);
    await this.views.latest(host, 'read');
    const { view, atMs } = this.momentOf(host);
    await this.turns.turn(connection, cursor === undefined ? view.changes.pictureCost(kind, channel, atMs) : Infinity);
    return written;
  }

  private momentOf(host: string): Moment {
    const moment = this.views.moment(host);
    if (moment === undefined) throw new AppError('UNAVAILABLE');
    return moment;
  }

  private unwatch(connection: Connection, { channel, room }: Place): Promise<{ channel: string }> {
    this.watches.unwatch(connection, { room });
    return Promise.resolve({ channel });
  }
}

const watchIn = (connection: Connection, fields: Fields): Asked => ({
  place: placeOf(connection, fields),
  cursor: cursorIn(fields),
});
