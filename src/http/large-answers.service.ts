/* Answers of REST that show much wait for their turn among all large answers of the pod, those of each API key behind one another. */
import { Injectable } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import type { Caller } from '../auth/caller';
import { TooManyWaiting } from './too-many-waiting';
import { TurnQueue } from './turn-queue.service';

/** An answer that shows more of anything than this takes longer than what any request costs anyway. */
export const SMALL_ITEMS = 20;

/** So no key keeps the others from waiting. */
const WAITING_PER_KEY_MAX = 1000;

/** By whose key an answer is asked for. */
export type Asking = Pick<Caller, 'app' | 'apiKey'>;

@Injectable()
export class LargeAnswers {
  constructor(private readonly turns: TurnQueue) {}

  /**
   * Until a large answer may be made, which is to be done without waiting for anything more. `gone` is aborted when the
   * caller has gone.
   *
   * @throws TooManyWaiting if too many who have come with the key wait already, UNAVAILABLE if it would take too long.
   */
  async turn(asking: Asking, gone: AbortSignal): Promise<void> {
    const whose = nameOf(asking);
    if (this.turns.waitingOf(whose) >= WAITING_PER_KEY_MAX) {
      const most = `At most ${WAITING_PER_KEY_MAX} requests with an API key`;
      throw new TooManyWaiting(`${most} may wait at a pod for large answers.`);
    }
    if (!(await this.turns.turn(whose, gone))) throw TOO_MANY;
  }

  /** Until the next part of one may be made, while it holds what it has found so far. @throws AppError UNAVAILABLE */
  async nextTurn(asking: Asking, gone: AbortSignal): Promise<void> {
    if (!(await this.turns.nextTurn(nameOf(asking), gone))) throw TOO_MANY;
  }
}

const TOO_MANY = new AppError('UNAVAILABLE', 'Too many large answers are asked for; ask again a little later.');

/** No user of a host has such a name. */
const nameOf = ({ app, apiKey }: Asking): string => `\n${app.id}\n${apiKey?.hash.toString('base64') ?? ''}`;
