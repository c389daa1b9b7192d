/*
 * What connections of erased users left behind, and is to be taken out of the store. An erasure takes out what the store shows.
 * A connection that is just being let in on another pod is not there yet, and brings the user's claims once more: the pod that
 * closes it, as soon as it has heard of the erasure, takes them out again; one that goes by itself before that is looked after as well. Where the store is away meanwhile, it tries again when that is back, and with
 * each beat. Written here alone; a pod that ends forgets it, and what was left behind stays.
 */
import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import { StoreUnavailable } from '@rollcall/roster';
import { Config } from '../config/config';
import { Connections } from '../sockets/connections.service';
import { Revocations } from '../sockets/revocations.service';
import { Stores } from '../store/stores';
import { TroubleLog } from '../store/trouble-log';
import { ErasedUsers } from './erased-users.service';
import { type LeftBehind, leftBehindBy } from './left-behind';
import { Traces } from './traces.service';

/** Those that were left behind first are given up for more. */
const WAITING_MAX = 10_000;

/** More at once would keep others of this pod waiting. */
const AT_ONCE = 100;

/** A frozen pod's connections are swept when so many beats have passed since its lease ended. */
const SWEPT_AFTER_BEATS = 3;

const GIVEN_UP = 'What connections of users who may have been erased left behind could not be taken out';
const TOO_MANY = new Error('too many wait for the store');

interface Waiting {
  readonly left: LeftBehind;
  isUnderWay: boolean;
  /** When it was first seen that somebody is connected elsewhere, by this pod's clock. */
  unclearSinceMs?: number;
}

@Injectable()
export class LateErasures implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('users');
  private readonly overflow = new TroubleLog(GIVEN_UP);
  private readonly waiting = new Set<Waiting>();
  private isTrying = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly revocations: Revocations,
    private readonly connections: Connections,
    private readonly erased: ErasedUsers,
    private readonly traces: Traces,
    private readonly stores: Stores,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.revocations.onClosed((connections) => {
      const isMeant = (appId: string, user: { id: string; checkedAgainstMs: number }): boolean =>
        this.erased.isErasedSince(appId, user.id, user.checkedAgainstMs);
      for (const left of leftBehindBy(connections, isMeant)) void this.attempt(this.add(left));
    });
    // Nobody knows yet whether they are meant: an erasure may have come before what they bring.
    this.connections.onGoneEarly((connection) => {
      for (const left of leftBehindBy([connection], () => true)) void this.attempt(this.add(left));
    });
    this.stores.onReturn(() => void this.tryAgain());
    this.timer = setInterval(() => void this.tryAgain(), this.config.beatMs).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
    if (this.waiting.size > 0) this.logger.warn(`${GIVEN_UP}, ${this.waiting.size} times: this pod ends.`);
  }

  private add(left: LeftBehind): Waiting {
    const [oldest] = this.waiting;
    if (oldest !== undefined && this.waiting.size >= WAITING_MAX) {
      this.waiting.delete(oldest);
      this.overflow.report(TOO_MANY);
    }
    const one: Waiting = { left, isUnderWay: false };
    this.waiting.add(one);
    return one;
  }

  private async tryAgain(): Promise<void> {
    if (this.isTrying) return;
    this.isTrying = true;
    const all = [...this.waiting];
    for (let at = 0; at < all.length; at += AT_ONCE) {
      await Promise.all(all.slice(at, at + AT_ONCE).map((one) => this.attempt(one)));
    }
    this.isTrying = false;
  }

  private async attempt(one: Waiting): Promise<void> {
    // It may have been taken out by another try since this round began.
    if (one.isUnderWay || !this.waiting.has(one)) return;
    one.isUnderWay = true;
    try {
      if (await this.takeOut(one)) this.waiting.delete(one);
    } catch (error) {
      if (!isAway(error)) {
        this.waiting.delete(one);
        this.logger.error({ err: error }, `${GIVEN_UP}.`);
      }
    }
    one.isUnderWay = false;
  }

  /** Whether there is nothing more to do. */
  private async takeOut(one: Waiting): Promise<boolean> {
    const { left } = one;
    await left.whenLeft;
    // The store was away: what was sent before that is sent once more when it is back, before anything else.
    if (left.isPending()) return false;
    const remains = await this.erased.find(left);
    if (remains === undefined) return true;
    const { isUnclear, isOld, chosen } = remains;
    if (isUnclear && this.mayClear(one)) return false;
    if (isOld) await this.traces.forget(left, chosen);
    // Whoever has come back loses nothing by that.
    else await this.traces.forgetLog(left);
    if (chosen === undefined) await this.traces.forgetLastSeen(left);
    return true;
  }

  /** Whether a connection that is to be closed on another pod may still be there; after that it is one of somebody who has come back. */
  private mayClear(one: Waiting): boolean {
    const { leaseMs, beatMs } = this.config;
    const nowMs = performance.now();
    one.unclearSinceMs ??= nowMs;
    return nowMs - one.unclearSinceMs < leaseMs + SWEPT_AFTER_BEATS * beatMs;
  }
}

const isAway = (error: unknown): boolean =>
  error instanceof StoreUnavailable || (error instanceof AppError && error.code === 'UNAVAILABLE');
