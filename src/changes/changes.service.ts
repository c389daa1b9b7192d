/*
 * Long polls. Each one that waits follows the ticks of its host, and ends with the first change, with its time, with its
 * caller, or with the pod. Who is told everything, or very much, waits for their turn among all large answers of the pod.
 */
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import { type Moment, resumed, Ticks, Views } from '@rollcall/roster';
import type { Caller } from '../auth/caller';
import { LargeAnswers } from '../http/large-answers.service';
import { TooManyWaiting } from '../http/too-many-waiting';
import type { ChangesQuery } from './changes-query';
import type { ChangesDto } from './changes.dto';
import { everything, isEmpty } from './changes-of-host';
import { KeptBodies } from './kept-bodies';
import { isLarge, Poll } from './poll';

/** Each takes a socket and some kilobytes. More callers than this should watch over Socket.IO. */
const WAITING_MAX = 3000;

/** So no app keeps the others from waiting. */
const WAITING_PER_APP_MAX = 1000;

/** Members, rows of presence and bodies that are kept of all hosts together, for others who ask the same. */
const SMALL_ROWS_MAX = 10_000;
const LARGE_ROWS_MAX = 100_000;

export interface ChangesAnswer {
  readonly body: ChangesDto;
  readonly staleMs: number;
}

@Injectable()
export class Changes implements OnModuleDestroy {
  /** How to end each, by app. */
  private readonly waiting = new Map<string, Set<() => void>>();
  private isEnding = false;
  /** What was told last, at once and in turn. */
  private readonly kept = { small: new KeptBodies(SMALL_ROWS_MAX), large: new KeptBodies(LARGE_ROWS_MAX) };
  /** How many wait for their turn. */
  private queued = 0;

  constructor(
    private readonly views: Views,
    private readonly ticks: Ticks,
    private readonly answers: LargeAnswers,
  ) {}

  onModuleDestroy(): void {
    this.isEnding = true;
    for (const ends of this.waiting.values()) for (const end of ends) end();
  }

  /** `gone` is aborted when the caller has gone. @throws AppError UNAVAILABLE, RATE_LIMITED, PAYLOAD_TOO_LARGE */
  async answer(caller: Caller, query: ChangesQuery, gone: AbortSignal): Promise<ChangesAnswer> {
    const { host } = caller;
    const untilMs = performance.now() + query.waitMs;
    const { staleMs } = await this.views.read(host);
    let { position, moment } = resumed(query.cursor, this.momentOf(host));
    if (position === undefined || isLarge(moment, position, query)) {
      await this.turn(caller, gone);
      ({ position, moment } = resumed(query.cursor, this.momentOf(host)));
    }
    try {
      const body =
        position === undefined
          ? this.kept.large.of(moment, query, undefined, () => everything(moment, query))
          : await this.difference(caller, untilMs, new Poll(query, position, moment, this.kept), gone);
      return { body, staleMs };
    } finally {
      this.dropUnwanted();
    }
  }

  /** As soon as there is any. */
  private async difference(caller: Caller, untilMs: number, poll: Poll, gone: AbortSignal): Promise<ChangesDto> {
    let body = poll.told(this.momentOf(caller.host));
    while (isEmpty(body) && !gone.aborted && !this.isEnding) {
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) break;
      await this.wait(caller, (now) => poll.isOver(now), leftMs, gone);
      if (poll.needsTurn(this.momentOf(caller.host))) await this.turn(caller, gone);
      body = poll.told(this.momentOf(caller.host));
    }
    return body;
  }

  /** @throws AppError RATE_LIMITED, UNAVAILABLE */
  private async turn(caller: Caller, gone: AbortSignal): Promise<void> {
    this.queued += 1;
    try {
      await this.answers.turn(caller, gone);
    } catch (error) {
      this.queued -= 1;
      this.dropUnwanted();
      throw error;
    }
    this.queued -= 1;
  }

  /** Large bodies take megabytes, and are of use for as long as others wait for their turn. */
  private dropUnwanted(): void {
    if (this.queued === 0) this.kept.large.clear();
  }

  private wait(
    { app, host }: Caller,
    isOver: (now: Moment) => boolean,
    waitMs: number,
    gone: AbortSignal,
  ): Promise<void> {
    const waiting = this.placesOf(app);
    if (this.isEnding || gone.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        stop();
        clearTimeout(timer);
        gone.removeEventListener('abort', end);
        waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, waitMs).unref();
      const stop = this.ticks.follow(host, (now) => {
        if (isOver(now)) end();
        return 'done';
      });
      gone.addEventListener('abort', end);
      waiting.add(end);
    });
  }

  /** @throws TooManyWaiting if they are all taken. */
  private placesOf({ id }: Caller['app']): Set<() => void> {
    const own = this.waiting.get(id) ?? new Set();
    this.waiting.set(id, own);
    let all = 0;
    for (const { size } of this.waiting.values()) all += size;
    if (own.size < WAITING_PER_APP_MAX && all < WAITING_MAX) return own;
    const most = `${WAITING_PER_APP_MAX} requests of an app, and ${WAITING_MAX} of all,`;
    throw new TooManyWaiting(`At most ${most} may wait at a pod; ask with waitSeconds=0.`);
  }

  private momentOf(host: string): Moment {
    const moment = this.views.moment(host);
    if (moment === undefined) throw new AppError('UNAVAILABLE');
    return moment;
  }
}
