import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppError, nameFault, type PresenceWatchAnswer, WATCHED_IDS_MAX } from '@rollcall/contract';
import { type Moment, Views } from '@rollcall/roster';
import type { Connection } from '../sockets/connection';
import { cursorIn, type Fields } from '../sockets/payload';
import { SocketEvents } from '../sockets/socket-events';
import { Turns } from '../sockets/turns.service';
import { PresenceWatches } from './presence-watches.service';
import { WaitingIds } from './waiting-ids';

interface Asked {
  /** `undefined`: everybody. */
  readonly ids: ReadonlySet<string> | undefined;
  readonly cursor: string | undefined;
}

/** Logged-in connections may watch who is online. */
@Injectable()
export class PresenceWatchEvents implements OnModuleInit {
  /** How often each connection has ended a watch: one that waited for the store meanwhile must not begin. */
  private readonly ends = new WeakMap<Connection, number>();

  private readonly waitingIds = new WaitingIds();

  constructor(
    private readonly events: SocketEvents,
    private readonly views: Views,
    private readonly watches: PresenceWatches,
    private readonly turns: Turns,
  ) {}

  onModuleInit(): void {
    this.events.on('presence:watch', watchIn, (connection, asked) =>
      this.waitingIds.during(connection, asked.ids, () => this.watch(connection, asked)),
    );
    this.events.on(
      'presence:unwatch',
      (_, fields) => idsIn(fields),
      (connection, ids) => this.unwatch(connection, ids),
    );
  }

  private async watch(connection: Connection, { ids, cursor }: Asked): Promise<PresenceWatchAnswer> {
    const ends = this.ends.get(connection);
    // Until then the answer would be held back, and what happened after it would be told before it.
    await connection.registered;
    await this.views.latest(connection.host, 'readPresence');
    await this.turns.turn(connection, this.watches.rows(connection, ids, this.momentOf(connection), cursor));
    const moment = this.momentOf(connection);
    if (this.ends.get(connection) !== ends || !connection.roster.has(connection.id)) {
      throw new AppError('BAD_REQUEST', 'The watch was ended before it began.');
    }
    return this.watches.watch(connection, ids, moment, cursor);
  }

  private momentOf({ host }: Connection): Moment {
    const moment = this.views.moment(host);
    if (moment === undefined) throw new AppError('UNAVAILABLE');
    return moment;
  }

  private unwatch(connection: Connection, ids: Asked['ids']): Promise<object> {
    this.ends.set(connection, (this.ends.get(connection) ?? 0) + 1);
    this.watches.unwatch(connection, ids);
    return Promise.resolve({});
  }
}

function watchIn({ visitor }: Connection, fields: Fields): Asked {
  if (visitor.user === null) throw new AppError('USER_REQUIRED');
  return { ids: idsIn(fields), cursor: cursorIn(fields) };
}

/** `undefined`: everybody. @throws AppError BAD_REQUEST */
function idsIn({ ids }: Fields): ReadonlySet<string> | undefined {
  if (ids === undefined || ids === null) return undefined;
  if (!Array.isArray(ids)) throw new AppError('BAD_REQUEST', 'ids must be an array of user ids.', 'ids');
  if (ids.length > WATCHED_IDS_MAX)
    throw new AppError('BAD_REQUEST', `ids may have ${WATCHED_IDS_MAX} entries.`, 'ids');
  for (const [index, id] of (ids as unknown[]).entries()) {
    const fault = nameFault(id);
    if (fault !== undefined) throw new AppError('BAD_REQUEST', `ids[${index}] ${fault}.`, 'ids');
  }
  return new Set(ids as string[]);
}
