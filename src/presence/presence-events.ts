import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppError, type Status, STATUS_TEXT_MAX_LENGTH, STATUSES } from '@rollcall/contract';
import { Views } from '@rollcall/roster';
import type { Connection } from '../sockets/connection';
import { type Fields, fieldsOf, flagOf } from '../sockets/payload';
import { SocketEvents } from '../sockets/socket-events';

/** What a logged-in connection may say of its user's presence. */
@Injectable()
export class PresenceEvents implements OnModuleInit {
  constructor(
    private readonly events: SocketEvents,
    private readonly views: Views,
  ) {}

  onModuleInit(): void {
    this.events.on('presence:set', (connection, payload) => this.set(connection, fieldsOf(payload)));
    this.events.on('presence:idle', (connection, payload) => this.idle(connection, fieldsOf(payload)));
  }

  private async set(connection: Connection, fields: Fields): Promise<{ status: Status }> {
    const userId = userOf(connection);
    const status = statusOf(fields);
    const statusText = statusTextOf(fields);
    await connection.roster.setUser(userId, {
      ...(status === undefined ? {} : { status }),
      ...(statusText === undefined ? {} : { statusText }),
    });
    return this.shown(connection, userId);
  }

  private async idle(connection: Connection, fields: Fields): Promise<{ status: Status }> {
    const userId = userOf(connection);
    const idle = flagOf(fields, 'idle');
    if (idle === undefined) throw new AppError('BAD_REQUEST', 'idle is missing: true or false.', 'idle');
    await connection.roster.setActive(connection.id, !idle);
    return this.shown(connection, userId);
  }

  private async shown({ host }: Connection, userId: string): Promise<{ status: Status }> {
    const { view, atMs } = await this.views.read(host);
    return { status: view.presence.statusAt(userId, atMs) };
  }
}

function userOf({ visitor }: Connection): string {
  if (visitor.user === null) throw new AppError('USER_REQUIRED');
  return visitor.user.id;
}

function statusOf({ status }: Fields): Status | undefined {
  if (status === undefined) return undefined;
  const known = STATUSES.find((one) => one === status);
  if (known !== undefined) return known;
  throw new AppError('BAD_REQUEST', `status must be one of ${STATUSES.join(', ')}.`, 'status');
}

function statusTextOf({ statusText }: Fields): string | undefined {
  if (statusText === undefined) return undefined;
  if (typeof statusText !== 'string') throw new AppError('BAD_REQUEST', 'statusText must be a string.', 'statusText');
  const text = statusText.trim();
  if (text.length <= STATUS_TEXT_MAX_LENGTH) return text;
  const reason = `statusText must be at most ${STATUS_TEXT_MAX_LENGTH} characters long.`;
  throw new AppError('BAD_REQUEST', reason, 'statusText');
}
