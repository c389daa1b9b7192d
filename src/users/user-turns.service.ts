import { Injectable } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import { type Reading, Views } from '@rollcall/roster';
import type { Caller } from '../auth/caller';
import { LargeAnswers, SMALL_ITEMS } from '../http/large-answers.service';
import { agedBy } from '../http/stale-header';

/** The reading that a user is shown from: where they have many connections, or are in many channels, when its turn has come. */
@Injectable()
export class UserTurns {
  constructor(
    private readonly views: Views,
    private readonly answers: LargeAnswers,
  ) {}

  /** `goneFrom` is asked for if it takes long. @throws AppError RATE_LIMITED, UNAVAILABLE */
  async take(caller: Caller, id: string, reading: Reading, goneFrom: () => AbortSignal): Promise<Reading> {
    if (!isLarge(reading, id)) return reading;
    const askedMs = performance.now();
    await this.answers.turn(caller, goneFrom());
    // It has gone on, or was replaced, and is at least as fresh as it was.
    const now = this.views.moment(caller.host);
    if (now === undefined) throw new AppError('UNAVAILABLE');
    // The pod's guess of the time may be behind the store's word, which was read.
    const atMs = Math.max(reading.atMs, now.atMs);
    return { ...reading, view: now.view, atMs, staleMs: agedBy(performance.now() - askedMs, reading.staleMs) };
  }
}

function isLarge({ view }: Reading, id: string): boolean {
  const rows = view.connectionsOf(id);
  return rows.reduce((items, { channels }) => items + channels.length, rows.length) > SMALL_ITEMS;
}
