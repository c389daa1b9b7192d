/*
 * Which answers of sockets wait for their turn among the large ones, and for how many a connection and a user may wait.
 */
import { Injectable } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import { setMaxListeners } from 'node:events';
import { TurnQueue } from '../http/turn-queue.service';
import { Budgets } from './budgets.service';
import type { Connection } from './connection';

/** An answer of so many rows is made at once, as long as a user does not ask for many of them: it costs little more than any event does. */
const SMALL_ROWS = 200;

/**
 * A client that comes back asks for all that it watched at once, which is as many channels as it may be in, and some lists
 * of users.
 */
const WAITING_BESIDE_CHANNELS = 20;

/** Of all connections of one user together. */
const WAITING_OF_USER_MAX = 500;

@Injectable()
export class Turns {
  /** Aborted when the connection goes. */
  private readonly gone = new WeakMap<Connection, AbortSignal>();

  constructor(
    private readonly budgets: Budgets,
    private readonly queue: TurnQueue,
  ) {}

  /**
   * Resolves when an answer of so many rows (`Infinity`: nobody knows) may be made, which is to be done without waiting for
   * anything more.
   *
   * @throws AppError RATE_LIMITED if the connection, or its user, waits for too many already, UNAVAILABLE if it would take
   * too long.
   */
  async turn(connection: Connection, rows: number): Promise<void> {
    if (rows <= SMALL_ROWS && this.budgets.takeRows(connection, rows, performance.now())) return;
    const { host, visitor, id } = connection;
    // Neither has line feeds. A visitor without a name is a user of their own.
    const whose = `${host}\n${visitor.user?.id ?? `\n${id}`}`;
    const most = visitor.app.limits.channelsPerConnection + WAITING_BESIDE_CHANNELS;
    const gone = this.goneOf(connection);
    if (this.queue.waitingOf(whose, gone) >= most) {
      throw new AppError('RATE_LIMITED', `A connection may wait for ${most} large lists at one time.`);
    }
    if (this.queue.waitingOf(whose) >= WAITING_OF_USER_MAX) {
      throw new AppError('RATE_LIMITED', `A user may wait for ${WAITING_OF_USER_MAX} large lists at one time.`);
    }
    if (await this.queue.turn(whose, gone)) return;
    throw new AppError('UNAVAILABLE', 'Too many large lists are asked for; ask again a little later.');
  }

  private goneOf(connection: Connection): AbortSignal {
    const known = this.gone.get(connection);
    if (known !== undefined) return known;
    const gone = new AbortController();
    // Each answer that is waited for listens.
    setMaxListeners(0, gone.signal);
    connection.socket.once('disconnect', () => gone.abort());
    this.gone.set(connection, gone.signal);
    return gone.signal;
  }
}
