import { Injectable, Logger } from '@nestjs/common';
import { AppError, type ClientToServerEvents, ERRORS } from '@rollcall/contract';
import { StoreUnavailable } from '@rollcall/roster';
import { Budgets } from './budgets.service';
import type { Answer, Connection } from './connection';

/**
 * Does an event's work and returns what its acknowledgement adds. What it changes of the connection it changes before
 * its first `await`: so events take effect in the order in which they came, and none overtakes a disconnect.
 */
export type EventHandler = (connection: Connection, payload: unknown) => Promise<object>;

/** The socket door for events: the features register their handlers here, and every event gets its answer here. */
@Injectable()
export class SocketEvents {
  private readonly logger = new Logger('sockets');
  private readonly handlers = new Map<string, EventHandler>();

  constructor(private readonly budgets: Budgets) {}

  on(event: keyof ClientToServerEvents, handler: EventHandler): void {
    this.handlers.set(event, handler);
  }

  /** Never rejects and never throws: whatever a client sends, it gets an answer if it left a way to answer. */
  async receive(connection: Connection, event: unknown, args: readonly unknown[]): Promise<void> {
    const last = args.at(-1);
    const acknowledge = typeof last === 'function' ? (last as (answer: Answer) => void) : undefined;
    const payload = args.length > (acknowledge === undefined ? 0 : 1) ? args[0] : undefined;
    const answer = this.answer(connection, event, payload);
    // No answer, not even a refusal, comes before the `session`. The work itself has begun.
    await connection.registered;
    acknowledge?.(await answer);
  }

  private async answer(connection: Connection, event: unknown, payload: unknown): Promise<Answer> {
    try {
      return { ok: true, ...(await this.begin(connection, event, payload)) };
    } catch (thrown) {
      if (thrown instanceof AppError) return refusal(thrown);
      if (thrown instanceof StoreUnavailable) return refusal(new AppError('UNAVAILABLE'));
      this.logger.error({ err: thrown, event }, 'An event failed.');
      return refusal(new AppError('INTERNAL'));
    }
  }

  private begin(connection: Connection, event: unknown, payload: unknown): Promise<object> {
    const nowMs = performance.now();
    if (!connection.events.take(nowMs) || !this.budgets.takeEvent(connection, nowMs)) {
      const { eventsPerSecond } = connection.visitor.app.limits;
      throw new AppError(
        'RATE_LIMITED',
        `At most ${eventsPerSecond} events a second are taken from a connection, and ten times as many from a user.`,
      );
    }
    // While the pod says goodbye its sockets are still open, but they are out of the roster already.
    if (!connection.roster.has(connection.id)) throw new AppError('UNAVAILABLE', 'This pod is going away.');
    const handler = typeof event === 'string' ? this.handlers.get(event) : undefined;
    if (handler === undefined) throw new AppError('UNKNOWN_EVENT');
    return handler(connection, payload);
  }
}

const refusal = ({ code, message }: AppError): Answer => ({
  ok: false,
  error: { code, message: message || ERRORS[code].message },
});
