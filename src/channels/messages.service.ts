import { Injectable } from '@nestjs/common';
import { addressOf, type Message } from '@rollcall/contract';
import { Views } from '@rollcall/roster';
import { Apps, type Scope } from '../auth/apps.service';
import { builtInRoom, channelRoom, userRoom } from '../sockets/rooms';
import { SocketServer } from '../sockets/socket-server';

/** Messages that back ends send to the tabs of their host. */
@Injectable()
export class Messages {
  constructor(
    private readonly sockets: SocketServer,
    private readonly views: Views,
    private readonly apps: Apps,
  ) {}

  /**
   * Sends to ordinary channels (both kinds of the name), built-ins, `tab|…` and `user|…`. A tab that several of the
   * names reach gets the message once, under the first of them.
   */
  async send(scope: Scope, channels: readonly string[], message: unknown): Promise<void> {
    const { host } = scope;
    const { view } = await this.views.readRoster(host);
    this.apps.checkOwner(scope);
    const reached: string[] = [];
    for (const channel of new Set(channels)) {
      const rooms = this.roomsOf(host, channel, (connectionId) => view.connection(connectionId) !== undefined);
      if (rooms.length === 0) continue;
      this.sockets.server
        .to(rooms)
        .except(reached)
        .emit('message', { channel, message } satisfies Message);
      reached.push(...rooms);
    }
  }

  private roomsOf(host: string, name: string, isHere: (connectionId: string) => boolean): string[] {
    const address = addressOf(name);
    switch (address.to) {
      case 'built-in':
        return [builtInRoom(host, address.name)];
      case 'tab':
        // A tab's room is its bare socket id, so only the roster knows whether it is a tab of this host.
        return isHere(address.connectionId) ? [address.connectionId] : [];
      case 'user':
        return [userRoom(host, address.userId)];
      case 'anonymous-half':
        return [channelRoom(host, 'anonymous', address.name)];
      case 'channel':
        return [channelRoom(host, 'authenticated', name), channelRoom(host, 'anonymous', name)];
    }
  }
}
