/* Answers of REST that show much wait for their turn among all large answers of the pod, each app's behind one another. */
import { Injectable } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import type { App } from '../config/app';
import { TurnQueue } from './turn-queue.service';

/** An answer that shows more of anything than this is large. */
export const LARGE_ITEMS = 200;

/** So no app keeps the others from waiting. */
const WAITING_PER_APP_MAX = 1000;

@Injectable()
export class LargeAnswers {
  constructor(private readonly turns: TurnQueue) {}

  /**
   * Until a large answer may be made, which is to be done without waiting for anything more. `gone` is aborted when the
   * caller has gone.
   *
   * @throws AppError RATE_LIMITED if too many of the app's callers wait already, UNAVAILABLE if it would take too long.
   */
  async turn({ id }: Pick<App, 'id'>, gone: AbortSignal): Promise<void> {
    // No user of a host has such a name.
    const whose = `\n${id}`;
    if (this.turns.waitingOf(whose) >= WAITING_PER_APP_MAX) {
      const most = `At most ${WAITING_PER_APP_MAX} requests of an app`;
      throw new AppError('RATE_LIMITED', `${most} may wait at a pod for large answers.`);
    }
    if (await this.turns.turn(whose, gone)) return;
    throw new AppError('UNAVAILABLE', 'Too many large answers are asked for; ask again a little later.');
  }
}
