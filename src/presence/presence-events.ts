import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppError, type Degradable, type Status, STATUS_TEXT_MAX_LENGTH, STATUSES } from '@rollcall/contract';
import { Views } from '@rollcall/roster';
import type { Connection } from '../sockets/connection';
import { degraded } from '../sockets/degraded';
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

  private async set(connection: Connection, fields: Fields): Promise<{ status: Status } & Degradable> {
    const userId = userOf(connection);
    const status = statusOf(fields);
    const statusText = statusTextOf(fields);
    const written = await connection.roster.setUser(userId, {
      ...(status === undefined ? {} : { status }),
      ...(statusText === undefined ? {} : { statusText }),
    });
    const shown = await this.shown(connection, userId);
    // While the store is away, the picture does not know of it yet; a choice other than online is shown as it is.
    const chosen = written === 'degraded' && status !== undefined && status !== 'online';
    return { status: chosen ? status : shown, ...degraded(written) };
  }

  private async idle(connection: Connection, fields: Fields): Promise<{ status: Status } & Degradable> {
    const userId = userOf(connection);
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
