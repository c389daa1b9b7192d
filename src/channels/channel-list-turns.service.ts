import { Injectable } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import { type Reading, Views } from '@rollcall/roster';
import type { Caller } from '../auth/caller';
import { LargeAnswers } from '../http/large-answers.service';
import { agedBy } from '../http/stale-header';

/** The reading that a large page is made from, when its turn has come. */
@Injectable()
export class ChannelListTurns {
  constructor(
    private readonly views: Views,
    private readonly answers: LargeAnswers,
  ) {}

  /** @throws AppError RATE_LIMITED, UNAVAILABLE */
  async take(caller: Caller, reading: Reading, gone: AbortSignal): Promise<Reading> {
    const askedMs = performance.now();
    await this.answers.turn(caller, gone);
    // It has gone on, or was replaced, and is at least as fresh as it was.
    const view = this.views.current(caller.host);
    if (view === undefined) throw new AppError('UNAVAILABLE');
    return { ...reading, view, staleMs: agedBy(performance.now() - askedMs, reading.staleMs) };
  }
}
