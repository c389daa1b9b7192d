/*
 * Who of this pod's connections watches which channels. Written as connections watch, leave and go; a crash loses
 * nothing that clients could not ask for again with their cursors. While a channel of a host is watched, the host's view
 * is kept.
 */
import { Injectable } from '@nestjs/common';
import { type ChannelChange, type ChannelSnapshot } from '@rollcall/contract';
import { type Moment, resumed, Ticks } from '@rollcall/roster';
import { Apps } from '../auth/apps.service';
import { shownAt } from '../sockets/audience';
import type { Connection } from '../sockets/connection';
import { SocketServer } from '../sockets/socket-server';
import { type Send, WatchedChannel } from './watched-channel';
import type { Place } from './place';

interface WatchedHost {
  /** By room: kind and name. */
  readonly channels: Map<string, WatchedChannel>;
  readonly stop: () => void;
}

/** What a watcher is answered. */
export type Watched = { readonly cursor: string } & (
  { readonly snapshot: ChannelSnapshot } | { readonly changes: readonly ChannelChange[] }
);

/** A watch that waits for the store. */
export interface Beginning {
  readonly room: string;
  isEnded: boolean;
}

@Injectable()
export class ChannelWatches {
  private readonly hosts = new Map<string, WatchedHost>();
  /** The rooms that each connection watches. */
  private readonly rooms = new Map<Connection, Set<string>>();
  private readonly beginning = new WeakMap<Connection, Set<Beginning>>();

  constructor(
    private readonly ticks: Ticks,
    private readonly sockets: SocketServer,
    private readonly apps: Apps,
  ) {}

  /** From this moment on the connection is told of each change. Again: from this moment on. */
  watch(connection: Connection, place: Place, now: Moment, cursor: string | undefined): Watched {
    const channel = this.channelFor(connection, place);
    const { position, moment } = resumed(cursor, now, channel.audience.shownMsTo(connection));
    const changes = position && channel.changes({ view: moment.view, position }, moment);
    channel.audience.add(connection, shownAt(moment));
    this.roomsOf(connection).add(place.room);
    const at = moment.view.cursorAt(moment.atMs);
    return changes === undefined ? { cursor: at, snapshot: channel.snapshot(moment) } : { cursor: at, changes };
  }

  /** A watch waits for the store, and is not to begin if it is ended meanwhile, however that is done. */
  begin(connection: Connection, { room }: Pick<Place, 'room'>): Beginning {
    const all = this.beginning.get(connection) ?? new Set();
    const beginning = { room, isEnded: false };
    this.beginning.set(connection, all.add(beginning));
    return beginning;
  }

  /** It waits no longer. */
  begun(connection: Connection, beginning: Beginning): void {
    this.beginning.get(connection)?.delete(beginning);
  }

  /** Whether it was watched. */
  unwatch(connection: Connection, { room }: Pick<Place, 'room'>): boolean {
    for (const beginning of this.beginning.get(connection) ?? []) if (beginning.room === room) beginning.isEnded = true;
    if (this.rooms.get(connection)?.delete(room) !== true) return false;
    const host = this.hosts.get(connection.host);
    const channel = host?.channels.get(room);
    channel?.audience.remove(connection);
    if (channel?.audience.isEmpty) host?.channels.delete(room);
    if (host?.channels.size !== 0) return true;
    host.stop();
    this.hosts.delete(connection.host);
    return true;
  }

  private roomsOf(connection: Connection): Set<string> {
    let rooms = this.rooms.get(connection);
    if (rooms === undefined) {
      rooms = new Set();
      this.rooms.set(connection, rooms);
      connection.socket.once('disconnect', () => this.drop(connection));
    }
    return rooms;
  }

  private drop(connection: Connection): void {
    for (const room of [...(this.rooms.get(connection) ?? [])]) this.unwatch(connection, { room });
    this.rooms.delete(connection);
  }

  private channelFor({ host }: Connection, { kind, channel, room }: Place): WatchedChannel {
    const { apps } = this;
    const { channels } = this.hosts.get(host) ?? this.follow(host);
    let watched = channels.get(room);
    if (watched === undefined) {
      // Asked for each time: the apps file may be read anew while somebody watches.
      const place = { kind, channel, areEmailsShown: () => apps.appOf(host)?.watch.emails === true };
      watched = new WatchedChannel(place, this.send);
      channels.set(room, watched);
    }
    return watched;
  }

  private follow(host: string): WatchedHost {
    const channels = new Map<string, WatchedChannel>();
    const stop = this.ticks.follow(host, (moment) => {
      let isLate = false;
      for (const channel of channels.values()) isLate = channel.tick(moment) || isLate;
      return isLate ? 'again' : 'done';
    });
    const watched = { channels, stop };
    this.hosts.set(host, watched);
    return watched;
  }

  private readonly send: Send = (to, event) => this.sockets.tell(to, 'channel:changed', event);
}
