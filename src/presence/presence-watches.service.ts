/*
 * Who of this pod's connections watches whose presence. Written as connections watch, stop and go; a crash loses nothing
 * that clients could not ask for again with their cursors. While somebody watches on a host, its view is kept.
 */
import { Injectable } from '@nestjs/common';
import { AppError, type PresenceRow, type PresenceWatchAnswer, WATCHED_IDS_MAX } from '@rollcall/contract';
import { type Moment, type Resumed, resumed, Ticks } from '@rollcall/roster';
import { Apps } from '../auth/apps.service';
import { shownAt } from '../sockets/audience';
import type { Connection } from '../sockets/connection';
import { SocketServer } from '../sockets/socket-server';
import { BroadcastSetting } from './broadcast-setting.service';
import { type Send, type Watch, WatchedPresence } from './watched-presence';

interface WatchedHost {
  readonly appId: string;
  readonly presence: WatchedPresence;
  readonly stop: () => void;
}

@Injectable()
export class PresenceWatches {
  private readonly hosts = new Map<string, WatchedHost>();
  private readonly watches = new Map<Connection, Watch>();
  /** Those whose disconnect is listened for: once is enough, however often they begin anew. */
  private readonly known = new WeakSet<Connection>();

  constructor(
    private readonly ticks: Ticks,
    private readonly sockets: SocketServer,
    private readonly broadcast: BroadcastSetting,
    private readonly apps: Apps,
  ) {
    broadcast.onChange((appId) => {
      for (const [host, watched] of this.hosts) if (watched.appId === appId) ticks.wake(host);
    });
  }

  /** How many users an answer is made from, at most; a cursor may be from long ago. */
  rows(connection: Connection, ids: ReadonlySet<string> | undefined, now: Moment, cursor: string | undefined): number {
    if (cursor !== undefined) return Infinity;
    if (ids === undefined) return now.view.presence.size;
    const before = this.watches.get(connection);
    if (before !== undefined && before.ids === undefined) return Infinity;
    return ids.size + (before?.ids?.size ?? 0);
  }

  /**
   * From this moment on the connection is told of each change, of these users besides those that it watches already, or
   * of everybody.
   *
   * @throws AppError RATE_LIMITED if it would be too many.
   */
  watch(
    connection: Connection,
    ids: ReadonlySet<string> | undefined,
    now: Moment,
    cursor: string | undefined,
  ): PresenceWatchAnswer {
    const { presence } = this.hosts.get(connection.host) ?? this.begin(connection);
    const before = this.watches.get(connection);
    const all = joined(before === undefined ? new Set() : before.ids, ids);
    if (all !== undefined && all.size > WATCHED_IDS_MAX) {
      throw new AppError(
        'RATE_LIMITED',
        `A connection may watch ${WATCHED_IDS_MAX} users by their ids; without ids it is everybody.`,
      );
    }
    const { position, moment } = this.resumed(connection, cursor, before && presence.shownMsTo(before), now);
    const since = position && presence.changes({ view: moment.view, position }, moment, ids);
    // A cursor may be newer than what the watch was told last.
    const untold = before === undefined ? [] : presence.untold(before, moment, ids);
    const changes = since && untold && byUser([...since, ...untold]);
    // What those who are watched already have to be told is told by itself: the answer is about the others.
    if (before !== undefined && ids !== undefined) presence.flush(before, moment, ids);
    this.replace(connection, presence, { connection, ids: all }, moment);
    const at = moment.view.cursorAt(moment.atMs);
    return changes === undefined ? { cursor: at, users: presence.users(moment, ids) } : { cursor: at, changes };
  }

  /**
   * Ends the watch of some users, or altogether. Costs what it takes to look at the ids that are named.
   *
   * @throws AppError BAD_REQUEST if some are taken out of everybody.
   */
  unwatch(connection: Connection, ids: ReadonlySet<string> | undefined): void {
    const watch = this.watches.get(connection);
    if (watch === undefined) return;
    if (ids === undefined) return this.drop(connection);
    if (watch.ids === undefined) throw new AppError('BAD_REQUEST', 'ids cannot be taken out of everybody.', 'ids');
    this.hosts.get(connection.host)?.presence.unwatch(watch, ids);
    if (watch.ids.size === 0) this.drop(connection);
  }

  /** Where the cursor is, and what to show now: never an earlier moment than the connection has been shown. */
  private resumed(
    { visitor: { app } }: Connection,
    cursor: string | undefined,
    shownMs: number | undefined,
    now: Moment,
  ): Resumed {
    const back = resumed(cursor, now, shownMs);
    if (back.position === undefined) return back;
    const { revision, atMs } = back.position;
    const wasMs = atMs === Infinity ? now.view.history.atMsOf(revision) : atMs;
    return this.broadcast.mayHaveBeenDisabled(this.apps.byId(app.id) ?? app, wasMs) ? { moment: back.moment } : back;
  }

  private replace(connection: Connection, presence: WatchedPresence, watch: Watch, moment: Moment): void {
    const before = this.watches.get(connection);
    if (before !== undefined) presence.remove(before);
    if (!this.known.has(connection)) connection.socket.once('disconnect', () => this.drop(connection));
    this.known.add(connection);
    this.watches.set(connection, watch);
    presence.add(watch, shownAt(moment));
  }

  private drop(connection: Connection): void {
    const watch = this.watches.get(connection);
    const host = this.hosts.get(connection.host);
    this.watches.delete(connection);
    if (watch !== undefined) host?.presence.remove(watch);
    if (host?.presence.isEmpty !== true) return;
    host.stop();
    this.hosts.delete(connection.host);
  }

  private begin({ host, visitor: { app } }: Connection): WatchedHost {
    const presence = new WatchedPresence(this.send, () => this.broadcast.isDisabled(this.apps.byId(app.id) ?? app));
    const watched = {
      appId: app.id,
      presence,
      stop: this.ticks.follow(host, (moment) => (presence.tick(moment) ? 'again' : 'done')),
    };
    this.hosts.set(host, watched);
    return watched;
  }

  private readonly send: Send = (to, event) => this.sockets.tell(to, 'presence:changed', event);
}

const byUser = (rows: readonly PresenceRow[]): PresenceRow[] => [
  ...new Map(rows.map((row) => [row._id, row])).values(),
];

/** Both together; everybody, if one of them is. */
const joined = (
  some: ReadonlySet<string> | undefined,
  others: ReadonlySet<string> | undefined,
): Set<string> | undefined => (some === undefined || others === undefined ? undefined : new Set([...some, ...others]));
