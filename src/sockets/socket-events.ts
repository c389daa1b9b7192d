import { Injectable, Logger } from '@nestjs/common';
import { AppError, type ClientToServerEvents, ERRORS } from '@rollcall/contract';
import { StoreUnavailable } from '@rollcall/roster';
import { Budgets } from './budgets.service';
import type { Answer, Connection } from './connection';
import { type Fields, fieldsOf } from './payload';

/**
 * Reads what an event asks for, and refuses what is wrong with it. What it gives back is all that is kept of the payload
 * while the event waits: JSON takes up to twenty times the room of its text, and a client decides what is in it.
 */
export type EventReader<Asked> = (connection: Connection, fields: Fields) => Asked;

/**
 * Does an event's work and returns what its acknowledgement adds. What it changes of the connection it changes before
 * its first `await`: so events take effect in the order in which they came, and none overtakes a disconnect.
 */
export type EventHandler<Asked> = (connection: Connection, asked: Asked) => Promise<object>;

/** The socket door for events: the features register their handlers here, and every event gets its answer here. */
@Injectable()
export class SocketEvents {
  private readonly logger = new Logger('sockets');
  private readonly handlers = new Map<string, EventHandler<unknown>>();

  constructor(private readonly budgets: Budgets) {}

  on<Asked>(event: keyof ClientToServerEvents, read: EventReader<Asked>, handle: EventHandler<Asked>): void {
    this.handlers.set(event, (connection, payload) => handle(connection, read(connection, fieldsOf(payload))));
  }

  /**
   * Never rejects and never throws: whatever a client sends, it gets an answer if it left a way to answer. Nothing here that
   * waits has what was sent among its parameters, for those are kept until it ends.
   */
  receive(connection: Connection, event: unknown, args: readonly unknown[]): Promise<void> {
    const last = args.at(-1);
    const acknowledge = typeof last === 'function' ? (last as (answer: Answer) => void) : undefined;
    const payload = args.length > (acknowledge === undefined ? 0 : 1) ? args[0] : undefined;
    const name = typeof event === 'string' && this.handlers.has(event) ? event : undefined;
    return this.tell(connection, this.answer(name, this.begin(connection, name, payload)), acknowledge);
  }

  private async tell(
    { registered }: Connection,
    answer: Promise<Answer>,
    acknowledge: ((answer: Answer) => void) | undefined,
  ): Promise<void> {
    // No answer, not even a refusal, comes before the `session`. The work itself has begun.
    await registered;
    acknowledge?.(await answer);
  }

  private async answer(event: string | undefined, work: Promise<object>): Promise<Answer> {
    try {
      return { ok: true, ...(await work) };
    } catch (thrown) {
      if (thrown instanceof AppError) return refusal(thrown);
      if (thrown instanceof StoreUnavailable) return refusal(new AppError('UNAVAILABLE'));
      this.logger.error({ err: thrown, event }, 'An event failed.');
      return refusal(new AppError('INTERNAL'));
    }
  }

  /** Async for what is thrown alone: it waits for nothing, and has gone when the work waits. */
  private async begin(connection: Connection, event: string | undefined, payload: unknown): Promise<object> {
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
    const handler = event === undefined ? undefined : this.handlers.get(event);
    if (handler === undefined) throw new AppError('UNKNOWN_EVENT');
    return handler(connection, payload);
  }
}

const refusal = ({ code, message }: AppError): Answer => ({
  ok: false,
  error: { code, message: message || ERRORS[code].message },
});
