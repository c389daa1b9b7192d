import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppError, type Degradable, type Status } from '@rollcall/contract';
import { Views } from '@rollcall/roster';
import { Accounts } from '../auth/accounts.service';
import type { Identity } from '../auth/identity';
import type { Connection } from '../sockets/connection';
import { degraded } from '../sockets/degraded';
import { type Fields, fieldsOf, flagOf } from '../sockets/payload';
import { SocketEvents } from '../sockets/socket-events';
import { choiceOf } from './choice';

/** What a logged-in connection may say of its user's presence. */
@Injectable()
export class PresenceEvents implements OnModuleInit {
  constructor(
    private readonly events: SocketEvents,
    private readonly views: Views,
    private readonly accounts: Accounts,
  ) {}

  onModuleInit(): void {
    this.events.on('presence:set', (connection, payload) => this.set(connection, fieldsOf(payload)));
    this.events.on('presence:idle', (connection, payload) => this.idle(connection, fieldsOf(payload)));
  }

  private async set(connection: Connection, fields: Fields): Promise<{ status: Status } & Degradable> {
    const user = userOf(connection);
    const choice = choiceOf(fields, 'statusText');
    const erasedAtMs = this.accounts.erasedBeforeMs(connection.visitor.app, user);
    const written = await connection.roster.setUser(user.id, { ...choice, erasedAtMs });
    const shown = await this.shown(connection, user.id);
    // While the store is away, the picture does not know of it yet; a choice other than online is shown as it is.
    const { status = 'online' } = choice;
    const chosen = written === 'degraded' && status !== 'online';
    return { status: chosen ? status : shown, ...degraded(written) };
  }

  private async idle(connection: Connection, fields: Fields): Promise<{ status: Status } & Degradable> {
    const { id: userId } = userOf(connection);
    const idle = flagOf(fields, 'idle');
    if (idle === undefined) throw new AppError('BAD_REQUEST', 'idle is missing: true or false.', 'idle');
    const written = await connection.roster.setActive(connection.id, !idle);
    return { status: await this.shown(connection, userId), ...degraded(written) };
  }

  private async shown({ host }: Connection, userId: string): Promise<Status> {
    const reading = await this.views.latest(host, 'readPresence');
    return reading?.view.presence.statusAt(userId, reading.atMs) ?? 'online';
  }
}

function userOf({ visitor }: Connection): Identity {
  if (visitor.user === null) throw new AppError('USER_REQUIRED');
  return visitor.user;
}
