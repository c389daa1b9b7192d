import { Injectable } from '@nestjs/common';
import { type Reading, Views } from '@rollcall/roster';
import type { Caller } from '../auth/caller';
import type { PresenceQuery } from './presence-query';

/** Changes further back than this are answered with the full list. */
const DELTA_MS = 10 * 60_000;

/** After a loss the pods still bring back their connections for a while, stamped as if they were new. */
const AFTER_LOSS_MS = 5_000;

export interface PresenceAnswer {
  readonly body: Buffer;
  /** The moment that the answer shows, by the store's clock. */
  readonly atMs: number;
  readonly cursor: string;
  readonly staleMs: number;
}

/** `users.presence`: what to answer to which question. */
@Injectable()
export class UsersPresence {
  constructor(private readonly views: Views) {}

  async answer({ app, host, user }: Caller, query: PresenceQuery): Promise<PresenceAnswer> {
    const reading = await this.views.readPresence(host);
    const { view, atMs } = reading;
    const { rows, full } = app.presence.broadcastDisabled
      ? { rows: '[]', full: true }
      : this.select(reading, query, user?.id ?? '');
    const body = Buffer.from(`{"users":${rows},"full":${full},"success":true}`);
    return { body, atMs, cursor: view.cursor, staleMs: reading.staleMs };
  }

  private select(
    { view, atMs }: Pick<Reading, 'view' | 'atMs'>,
    { ids, fromMs }: PresenceQuery,
    callerId: string,
  ): { rows: string; full: boolean } {
    if (ids !== undefined) return { rows: view.presence.of(ids, atMs), full: false };
    if (fromMs !== undefined && this.isRemembered({ view, atMs }, fromMs)) {
      return { rows: view.presence.since(fromMs, atMs, callerId), full: false };
    }
    return { rows: view.presence.full(atMs), full: true };
  }

  private isRemembered({ view: { head }, atMs }: Pick<Reading, 'view' | 'atMs'>, fromMs: number): boolean {
    return atMs - fromMs < DELTA_MS && (head.epochAtMs === 0 || fromMs >= head.epochAtMs + AFTER_LOSS_MS);
  }
}
