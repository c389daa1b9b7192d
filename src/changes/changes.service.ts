/*
 * Long polls. Each one that waits follows the ticks of its host, and ends with the first change, with its time, with its
 * caller, or with the pod.
 */
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import { type Moment, resumed, Ticks, Views } from '@rollcall/roster';
import type { ChangesQuery } from './changes-query';
import type { ChangesDto } from './changes.dto';
import { changes, everything, isEmpty } from './changes-of-host';

/** Each takes a socket and some kilobytes. More callers than this should watch over Socket.IO. */
const WAITING_MAX = 1000;

export interface ChangesAnswer {
  readonly body: ChangesDto;
  readonly staleMs: number;
}

@Injectable()
export class Changes implements OnModuleDestroy {
  private readonly waiting = new Set<() => void>();
  private isEnding = false;

  constructor(
    private readonly views: Views,
    private readonly ticks: Ticks,
  ) {}

  onModuleDestroy(): void {
    this.isEnding = true;
    for (const end of this.waiting) end();
  }

  /** `gone` is aborted when the caller has gone. @throws AppError UNAVAILABLE, RATE_LIMITED, PAYLOAD_TOO_LARGE */
  async answer(host: string, query: ChangesQuery, gone: AbortSignal): Promise<ChangesAnswer> {
    const { staleMs } = await this.views.read(host);
    const { waitMs } = query;
    const back = resumed(query.cursor, this.momentOf(host));
    if (back === undefined) return { body: everything(this.momentOf(host), query), staleMs };
    const { position, moment } = back;
    const told = ({ view, atMs }: Moment): ChangesDto =>
      view === moment.view && view.history.covers(position)
        ? changes({ view, atMs: Math.max(atMs, moment.atMs) }, position, query)
        : everything({ view, atMs }, query);
    const body = told(moment);
    if (!isEmpty(body) || waitMs === 0) return { body, staleMs };
    await this.wait(host, (now) => !isEmpty(told(now)), waitMs, gone);
    return { body: told(this.momentOf(host)), staleMs };
  }

  private wait(host: string, isOver: (now: Moment) => boolean, waitMs: number, gone: AbortSignal): Promise<void> {
    if (this.waiting.size >= WAITING_MAX) {
      throw new AppError('RATE_LIMITED', `At most ${WAITING_MAX} requests may wait at a pod; ask with waitSeconds=0.`);
    }
    if (this.isEnding || gone.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        stop();
        clearTimeout(timer);
        gone.removeEventListener('abort', end);
        this.waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, waitMs).unref();
      const stop = this.ticks.follow(host, (now) => {
        if (isOver(now)) end();
        return 'done';
      });
      gone.addEventListener('abort', end);
      this.waiting.add(end);
    });
  }

  private momentOf(host: string): Moment {
    const moment = this.views.moment(host);
    if (moment === undefined) throw new AppError('UNAVAILABLE');
    return moment;
  }
}
