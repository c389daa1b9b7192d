import { Injectable } from '@nestjs/common';
import { type Head, type Reading, Views } from '@rollcall/roster';
import type { Caller } from '../auth/caller';
import type { App } from '../config/app';
import { BroadcastSetting } from './broadcast-setting.service';
import type { PresenceQuery } from './presence-query';

/** Changes further back than this are answered with the full list. */
const DELTA_MS = 10 * 60_000;

/** After a loss the pods still bring back their connections for a while, stamped as if they were new. */
const AFTER_LOSS_MS = 5_000;

const FULL_START = Buffer.from('{"users":');
const FULL_END = Buffer.from(',"full":true,"success":true}');

const bodyOf = (rows: string, full: boolean): Buffer => Buffer.from(`{"users":${rows},"full":${full},"success":true}`);

export interface PresenceAnswer {
  readonly body: Buffer;
  /** The moment that the answer shows, by the store's clock. */
  readonly atMs: number;
  readonly cursor: string;
  readonly staleMs: number;
}

/** How an answer is made, and of how many users at most that nobody has named. */
interface Selection {
  readonly users: number;
  readonly body: () => Buffer;
}

const NOBODY: Selection = { users: 0, body: () => bodyOf('[]', true) };

/** `users.presence`: what to answer to which question. */
@Injectable()
export class UsersPresence {
  private readonly bodies = new WeakMap<Buffer, Buffer>();

  constructor(
    private readonly views: Views,
    private readonly broadcast: BroadcastSetting,
  ) {}

  /** `pay` is called before the answer is made, with how many users it may show that were not named. */
  async answer(
    { app, host, user }: Caller,
    query: PresenceQuery,
    pay: (users: number) => Promise<void>,
  ): Promise<PresenceAnswer> {
    const reading = await this.views.readPresence(host);
    const { view, atMs } = reading;
    const { users, body } = this.broadcast.isDisabled(app) ? NOBODY : this.select(app, reading, query, user?.id ?? '');
    await pay(users);
    return { body: body(), atMs, cursor: view.cursor, staleMs: reading.staleMs };
  }

  private select(
    app: App,
    { view: { presence, head }, atMs }: Pick<Reading, 'view' | 'atMs'>,
    { ids, fromMs }: PresenceQuery,
    callerId: string,
  ): Selection {
    if (ids !== undefined) return { users: 0, body: () => bodyOf(presence.of(ids, atMs), false) };
    const isKnown = fromMs !== undefined && !this.broadcast.mayHaveBeenDisabled(app, fromMs);
    if (isKnown && isRemembered(head, atMs, fromMs)) {
      return {
        users: presence.countSince(fromMs),
        body: () => bodyOf(presence.since(fromMs, atMs, callerId), false),
      };
    }
    return { users: presence.size, body: () => this.whole(presence.full(atMs)) };
  }

  /** The body around a full list, made once for as long as the list is the same. */
  private whole(list: Buffer): Buffer {
    const body = this.bodies.get(list) ?? Buffer.concat([FULL_START, list, FULL_END]);
    this.bodies.set(list, body);
    return body;
  }
}

const isRemembered = ({ epochAtMs }: Head, atMs: number, fromMs: number): boolean =>
  atMs - fromMs < DELTA_MS && (epochAtMs === 0 || fromMs >= epochAtMs + AFTER_LOSS_MS);
