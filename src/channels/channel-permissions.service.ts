import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppError, type AuthRefreshAnswer, type ChannelKind, type Degradable } from '@rollcall/contract';
import { Accounts } from '../auth/accounts.service';
import { type Actor, type ChannelAct, mayAct } from '../config/channel-rules';
import type { Connection } from '../sockets/connection';
import { degraded } from '../sockets/degraded';
import { channelRoom } from '../sockets/rooms';
import { TokenRefresh } from '../sockets/token-refresh';
import { ChannelWatches } from './channel-watches.service';

/** Holds connections to their app's rules of channels: at each act, and once more when their token is another one. */
@Injectable()
export class ChannelPermissions implements OnModuleInit {
  constructor(
    private readonly accounts: Accounts,
    private readonly watches: ChannelWatches,
    private readonly refresh: TokenRefresh,
  ) {}

  onModuleInit(): void {
    this.refresh.onRenewal((connection) => this.enforce(connection));
  }

  /** @throws AppError FORBIDDEN that names the channel. */
  check(connection: Connection, act: ChannelAct, channel: string): void {
    if (this.allows(connection, act, channel)) return;
    const done = act === 'send' ? 'send to' : act;
    throw new AppError('FORBIDDEN', `You may not ${done} the channel ${JSON.stringify(channel)}.`, 'channel');
  }

  /** Takes the connection out of channels that it might not join now, and ends watches that it might not begin. */
  private async enforce(connection: Connection): Promise<Partial<AuthRefreshAnswer> & Degradable> {
    const { id, roster, socket, host, visitor } = connection;
    if (visitor.app.channels.length === 0) return {};
    const left: { channel: string; kind: ChannelKind }[] = [];
    const unwatched: typeof left = [];
    let written: ReturnType<typeof roster.leave> | undefined;
    for (const { kind, channel } of roster.channelsOf(id)) {
      const room = channelRoom(host, kind, channel);
      const mayJoin = this.allows(connection, 'join', channel);
      const mayWatch = mayJoin && this.allows(connection, 'watch', channel);
      if (!mayWatch && this.watches.unwatch(connection, { room }) && mayJoin) unwatched.push({ channel, kind });
      if (mayJoin) continue;
      written = roster.leave(id, kind, channel);
      void socket.leave(room);
      left.push({ channel, kind });
    }
    return {
      ...(left.length === 0 ? {} : { left }),
      ...(unwatched.length === 0 ? {} : { unwatched }),
      // A connection's changes are written together.
      ...(written === undefined ? {} : degraded(await written)),
    };
  }

  private allows({ visitor: { app, user } }: Connection, act: ChannelAct, channel: string): boolean {
    // Most apps have none, and need not look up who is asking.
    if (app.channels.length === 0) return true;
    const actor: Actor | null =
      user === null
        ? null
        : { userId: user.id, role: this.accounts.roleOf(app, user), granted: user.grants.channels ?? [] };
    return mayAct(app.channels, act, channel, actor);
  }
}
