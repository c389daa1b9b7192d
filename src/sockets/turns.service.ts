/*
 * Whose large answers are made when. One that shows tens of thousands of users takes as long as thousands of other events:
 * they are made one at a time, each followed by a pause as long as it took, so that together they never take more than half
 * of the pod; and users take turns, so that whoever asks for many keeps only themselves waiting. Holds who waits, in this
 * process's memory; a crash costs them their connections as well.
 */
import { Injectable } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Connection } from './connection';

/** An answer of so many rows is made at once: it costs little more than any event does. */
const SMALL_ROWS = 200;

/**
 * A client that comes back asks for all that it watched at once, which is as many channels as it may be in, and some lists
 * of users.
 */
const WAITING_BESIDE_CHANNELS = 20;

/** The pause after an answer, measured in the time that it took. */
const PAUSE = 1;

/** No timer is shorter. */
const TIMER_MS = 1;

interface Waiting {
  readonly connection: Connection;
  readonly begin: () => void;
  /** It was not waited for any longer. */
  isOver: boolean;
}

@Injectable()
export class Turns {
  /** A client takes an answer that comes much later for lost, and asks again: what it has waited for would be made in vain. */
  protected readonly waitMaxMs: number = 10_000;
  /** By user; who comes next is first. */
  private readonly queues = new Map<string, Waiting[]>();
  private readonly counts = new WeakMap<Connection, number>();
  private running = false;

  /**
   * Resolves when an answer of so many rows (`Infinity`: nobody knows) may be made, which is to be done without waiting for
   * anything more.
   *
   * @throws AppError RATE_LIMITED if the connection waits for too many already, UNAVAILABLE if it would take too long.
   */
  async turn(connection: Connection, rows: number): Promise<void> {
    if (rows <= SMALL_ROWS) return;
    const most = connection.visitor.app.limits.channelsPerConnection + WAITING_BESIDE_CHANNELS;
    const count = this.counts.get(connection) ?? 0;
    if (count >= most) {
      throw new AppError('RATE_LIMITED', `A connection may wait for ${most} large lists at one time.`);
    }
    this.counts.set(connection, count + 1);
    const isTime = await this.wait(connection);
    this.counts.set(connection, (this.counts.get(connection) ?? 1) - 1);
    if (!isTime) throw new AppError('UNAVAILABLE', 'Too many large lists are asked for; ask again a little later.');
  }

  /** `false`: it has taken too long. */
  private wait(connection: Connection): Promise<boolean> {
    return new Promise((resolve) => {
      const giveUp = globalThis
        .setTimeout(() => {
          waiting.isOver = true;
          resolve(false);
        }, this.waitMaxMs)
        .unref();
      const begin = (): void => {
        clearTimeout(giveUp);
        resolve(true);
      };
      const waiting: Waiting = { connection, begin, isOver: false };
      this.enqueue(waiting);
    });
  }

  private enqueue(waiting: Waiting): void {
    const { host, visitor, id } = waiting.connection;
    // Neither has line feeds. A visitor without a name is a user of their own.
    const whose = `${host}\n${visitor.user?.id ?? `\n${id}`}`;
    const queue = this.queues.get(whose);
    if (queue === undefined) this.queues.set(whose, [waiting]);
    else queue.push(waiting);
    if (!this.running) void this.run();
  }

  private async run(): Promise<void> {
    this.running = true;
    let pauseMs = 0;
    for (let next = this.take(); next !== undefined; next = this.take()) {
      const startedMs = performance.now();
      next.begin();
      // When nothing is left that waits for nothing, the answer was made and sent.
      await new Promise((resolve) => process.nextTick(resolve));
      pauseMs += PAUSE * (performance.now() - startedMs);
      if (pauseMs < TIMER_MS) await setImmediate();
      else {
        await setTimeout(pauseMs, undefined, { ref: false });
        pauseMs = 0;
      }
    }
    this.running = false;
  }

  private take(): Waiting | undefined {
    for (const [whose, queue] of this.queues) {
      let waiting = queue.shift();
      while (waiting?.isOver === true) waiting = queue.shift();
      // To the end of the order.
      this.queues.delete(whose);
      if (queue.length > 0) this.queues.set(whose, queue);
      if (waiting !== undefined) return waiting;
    }
    return undefined;
  }
}
