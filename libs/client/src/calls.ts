/*
 * What was asked and waits for a session. Each call waits for `answerTimeoutMs` at most, so that is for how long this
 * grows while the service is away.
 */
import type { Session } from '@rollcall/contract';
import { Backoff } from './backoff';
import { ANSWER_TIMEOUT_MS, type ConnectOptions } from './connect-options';
import type { Connection } from './connection';
import type { Answer, EventName, Request } from './events';
import { RollcallError } from './rollcall-error';

interface Waiting {
  /** Which call it is. */
  readonly order: number;
  go(): void;
  fail(error: RollcallError): void;
}

export class Calls {
  private readonly waiting = new Set<Waiting>();
  private asked = 0;
  /** How long a call waits. */
  readonly withinMs: number;

  constructor(
    readonly connection: Connection,
    private readonly options: ConnectOptions,
  ) {
    this.withinMs = options.answerTimeoutMs ?? ANSWER_TIMEOUT_MS;
    connection.on('stopped', (error) => this.take().forEach((waiting) => waiting.fail(error)));
  }

  /** Sends what waits, in the order in which it was asked. */
  release(): void {
    for (const waiting of this.take()) waiting.go();
  }

  /**
   * Sends an event, at once or when there is a session. `repeatable`: doing it twice is as doing it once, so it is sent
   * again if the connection breaks before the answer. `isVoid`: it is not sent once that holds, and rejects as `CLOSED`.
   *
   * @throws RollcallError
   */
  ask<Event extends EventName>(
    event: Event,
    request: Request<Event>,
    { repeatable = false, isVoid = (): boolean => false } = {},
  ): Promise<Answer<Event>> {
    const { connection } = this;
    const giveUpAt = performance.now() + this.withinMs;
    const order = (this.asked += 1);
    return new Promise((resolve, reject) => {
      if (connection.ended !== undefined) return reject(connection.ended);
      const send = (): void => {
        if (isVoid()) return reject(new RollcallError('CLOSED', 'Nobody wants it any more.'));
        const session = connection.current;
        connection.exchange(event, request, Math.max(1, giveUpAt - performance.now())).then(resolve, (error) => {
          // A pod that was going away has done nothing of it.
          const again = isOf(error, 'UNAVAILABLE') || (repeatable && isOf(error, 'DISCONNECTED'));
          if (!again || connection.current === session) return reject(error as RollcallError);
          if (connection.current !== undefined) send();
          else if (connection.ended !== undefined) reject(connection.ended);
          else this.wait(order, giveUpAt, send, reject);
        });
      };
      if (connection.current === undefined) this.wait(order, giveUpAt, send, reject);
      else send();
    });
  }

  /**
   * Sends an event in this session, again and again until there is an answer that stays. Resolves with nothing when the
   * session is over, or when it is not `wanted` any more.
   *
   * @throws RollcallError that asking again will not change; one that it might, after `patienceMs`.
   */
  async insist<Event extends EventName>(
    session: Session,
    event: Event,
    request: Request<Event>,
    wanted: () => boolean,
    patienceMs: number,
  ): Promise<Answer<Event> | undefined> {
    const { connection } = this;
    const giveUpAt = performance.now() + patienceMs;
    const backoff = new Backoff(this.options);
    while (connection.current === session && wanted()) {
      try {
        const answer = await connection.exchange(event, request, this.withinMs);
        return connection.current === session ? answer : undefined;
      } catch (error) {
        if (connection.current !== session) return undefined;
        if (!(error instanceof RollcallError) || !error.temporary) throw error;
        // Nobody knows now what the service believes; a new connection begins from nothing.
        if (error.code === 'TIMEOUT') connection.restart(error);
        else if (performance.now() > giveUpAt) throw error;
        else await new Promise((resolve) => setTimeout(resolve, backoff.nextMs()));
      }
    }
    return undefined;
  }

  private take(): Waiting[] {
    // Who was sent before the pod went away hears of it after others have begun to wait.
    const all = [...this.waiting].sort((one, other) => one.order - other.order);
    this.waiting.clear();
    return all;
  }

  private wait(order: number, giveUpAt: number, go: () => void, reject: (error: RollcallError) => void): void {
    const tooLate = new RollcallError('TIMEOUT', 'There was no connection in time.');
    const timer = setTimeout(() => {
      this.waiting.delete(waiting);
      reject(tooLate);
    }, giveUpAt - performance.now());
    const after =
      <Args extends unknown[]>(act: (...args: Args) => void) =>
      (...args: Args): void => {
        clearTimeout(timer);
        act(...args);
      };
    const waiting: Waiting = { order, go: after(go), fail: after(reject) };
    this.waiting.add(waiting);
  }
}

const isOf = (error: unknown, code: RollcallError['code']): boolean =>
  error instanceof RollcallError && error.code === code;
