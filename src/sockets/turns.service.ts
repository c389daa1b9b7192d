/*
 * Whose large answers are made when. One that shows tens of thousands of users takes as long as thousands of other events:
 * they are made one at a time, each followed by a pause as long as it took, so that together they never take more than half
 * of the pod; and users take turns, so that whoever asks for many keeps only themselves waiting. Holds who waits, in this
 * process's memory; a crash costs them their connections as well.
 */
import { Injectable } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import { setTimeout } from 'node:timers/promises';
import { Budgets } from './budgets.service';
import type { Connection } from './connection';

/** An answer of so many rows is made at once, as long as a user does not ask for many of them: it costs little more than any event does. */
const SMALL_ROWS = 200;

/**
 * A client that comes back asks for all that it watched at once, which is as many channels as it may be in, and some lists
 * of users.
 */
const WAITING_BESIDE_CHANNELS = 20;

/** The pause after an answer, measured in the time that it took. */
const PAUSE = 1;

/** So much is done before others of the pod have their turn. */
const WORK_MS = 2;

/** Of all connections of one user together. */
const WAITING_OF_USER_MAX = 500;

interface Waiting {
  /** `false`: it is not waited for any longer. */
  readonly end: (isTime: boolean) => void;
}

@Injectable()
export class Turns {
  /** A client takes an answer that comes much later for lost, and asks again: what it has waited for would be made in vain. */
  protected readonly waitMaxMs: number = 10_000;
  /** By user; who comes next is first. */
  private readonly queues = new Map<string, Set<Waiting>>();
  /** Of each connection, until it goes. */
  private readonly own = new WeakMap<Connection, Set<Waiting>>();
  private running = false;

  constructor(private readonly budgets: Budgets) {}

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
    if (this.ownOf(connection).size >= most) {
      throw new AppError('RATE_LIMITED', `A connection may wait for ${most} large lists at one time.`);
    }
    if ((this.queues.get(whose)?.size ?? 0) >= WAITING_OF_USER_MAX) {
      throw new AppError('RATE_LIMITED', `A user may wait for ${WAITING_OF_USER_MAX} large lists at one time.`);
    }
    if (await this.wait(connection, whose)) return;
    throw new AppError('UNAVAILABLE', 'Too many large lists are asked for; ask again a little later.');
  }

  private wait(connection: Connection, whose: string): Promise<boolean> {
    return new Promise((resolve) => {
      const own = this.ownOf(connection);
      const waiting: Waiting = {
        end: (isTime) => {
          clearTimeout(giveUp);
          own.delete(waiting);
          this.remove(whose, waiting);
          resolve(isTime);
        },
      };
      const giveUp = globalThis.setTimeout(() => waiting.end(false), this.waitMaxMs).unref();
      own.add(waiting);
      this.queues.set(whose, (this.queues.get(whose) ?? new Set()).add(waiting));
      if (!this.running) void this.run();
    });
  }

  private ownOf(connection: Connection): Set<Waiting> {
    let own = this.own.get(connection);
    if (own === undefined) {
      const all = (own = new Set<Waiting>());
      this.own.set(connection, own);
      connection.socket.once('disconnect', () => {
        for (const waiting of all) waiting.end(false);
      });
    }
    return own;
  }

  private async run(): Promise<void> {
    this.running = true;
    let workMs = 0;
    for (let next = this.take(); next !== undefined; next = this.take()) {
      const startedMs = performance.now();
      next.end(true);
      // When nothing is left that waits for nothing, the answer was made and sent.
      await new Promise((resolve) => process.nextTick(resolve));
      workMs += performance.now() - startedMs;
      // Many are small after all, and on a busy pod each turn of the event loop takes its time.
      if (workMs < WORK_MS) continue;
      await setTimeout(PAUSE * workMs, undefined, { ref: false });
      workMs = 0;
    }
    this.running = false;
  }

  /** Who is next; their user goes to the end of the order. */
  private take(): Waiting | undefined {
    for (const [whose, queue] of this.queues) {
      const [next] = queue;
      this.queues.delete(whose);
      this.queues.set(whose, queue);
      return next;
    }
    return undefined;
  }

  private remove(whose: string, waiting: Waiting): void {
    const queue = this.queues.get(whose);
    queue?.delete(waiting);
    if (queue?.size === 0) this.queues.delete(whose);
  }
}
