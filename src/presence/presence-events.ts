import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppError, type Degradable, type Status } from '@rollcall/contract';
import { Views } from '@rollcall/roster';
import { Accounts } from '../auth/accounts.service';
import type { Identity } from '../auth/identity';
import type { Connection } from '../sockets/connection';
import { degraded } from '../sockets/degraded';
import { type Fields, flagOf } from '../sockets/payload';
import { SocketEvents } from '../sockets/socket-events';
import { type Choice, choiceOf } from './choice';

type OfUser<Asked> = Asked & { readonly user: Identity };

type Shown = { readonly status: Status } & Degradable;

/** What a logged-in connection may say of its user's presence. */
@Injectable()
export class PresenceEvents implements OnModuleInit {
  constructor(
    private readonly events: SocketEvents,
    private readonly views: Views,
    private readonly accounts: Accounts,
  ) {}

  onModuleInit(): void {
    this.events.on('presence:set', choiceIn, (connection, asked) => this.set(connection, asked));
    this.events.on('presence:idle', idleIn, (connection, asked) => this.idle(connection, asked));
  }

  private async set(connection: Connection, { user, choice }: OfUser<{ choice: Choice }>): Promise<Shown> {
    const standing = this.accounts.standingOf(connection.visitor.app, user);
    const written = await connection.roster.setUser(user.id, { ...choice, ...standing });
    const shown = await this.shown(connection, user.id);
    // While the store is away, the picture does not know of it yet; a choice other than online is shown as it is.
    const { status = 'online' } = choice;
    const chosen = written === 'degraded' && status !== 'online';
    return { status: chosen ? status : shown, ...degraded(written) };
  }

  private async idle(connection: Connection, { user, idle }: OfUser<{ idle: boolean }>): Promise<Shown> {
    const written = await connection.roster.setActive(connection.id, !idle);
    return { status: await this.shown(connection, user.id), ...degraded(written) };
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

function choiceIn(connection: Connection, fields: Fields): OfUser<{ choice: Choice }> {
  return { user: userOf(connection), choice: choiceOf(fields, 'statusText') };
}

function idleIn(connection: Connection, fields: Fields): OfUser<{ idle: boolean }> {
  const user = userOf(connection);
  const idle = flagOf(fields, 'idle');
  if (idle === undefined) throw new AppError('BAD_REQUEST', 'idle is missing: true or false.', 'idle');
  return { user, idle };
}
