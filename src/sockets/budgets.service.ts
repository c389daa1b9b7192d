/*
 * What all connections of one user to this pod may do together on a host: many tabs are no way around the limits of each.
 * Of visitors without a name each connection is on its own; what they send to others has a bound for all of them as well,
 * for nothing else ties those of one person together. One entry a user who did something lately, written by their
 * events; a crash gives everybody a full one.
 */
import { Injectable } from '@nestjs/common';
import type { Connection } from './connection';
import { TokenBucket } from './token-bucket';

/** A user may do so many times what one connection may. */
const CONNECTIONS = 10;

/**
 * A message to a large channel may take `burstSeconds` of deliveries at once, and go to more than that; the next ones wait
 * until it is earned, for `debtSeconds` at most.
 */
const USER = { deliveries: 1, burstSeconds: 4, debtSeconds: 60, rows: 1 };

/**
 * All visitors of a host without a name, in users. A delivery takes some 10 to 20 microseconds, in which nothing else of the
 * pod has its turn: they may send for less than half of its time, and at once what one user may. Debt is short, for
 * one of them with a very large message keeps all others from sending until it is earned.
 */
const ANONYMOUS = { deliveries: 4, burstSeconds: 1, debtSeconds: 1, rows: 10 };

/**
 * So many bytes of a message count as one delivery more, each time that it is delivered: they have to be copied, to go over
 * the line, and to wait here for who does not read.
 */
const DELIVERY_BYTES = 1024;

/** Of all users whom a user is shown in small answers: a tab that comes back to a hundred channels of 200 asks for 20,000. */
const ROWS_PER_SECOND = 20_000;
const ROWS_AT_ONCE = 50_000;

/** Entries that are full are as good as none. */
const TIDIED_EVERY_MS = 10_000;

interface Budget {
  readonly events: TokenBucket;
  readonly deliveries: TokenBucket;
  readonly rows: TokenBucket;
}

@Injectable()
export class Budgets {
  private readonly budgets = new Map<string, Budget>();
  private tidiedAtMs = 0;

  get size(): number {
    return this.budgets.size;
  }

  /** Whether the user may send one event more. */
  takeEvent(connection: Connection, nowMs: number): boolean {
    const { user } = connection.visitor;
    return user === null || this.of(connection, user.id, nowMs).events.take(nowMs);
  }

  /** Whether the user may send something of so many bytes that goes to so many connections. */
  takeDeliveries(connection: Connection, count: number, bytes: number, nowMs: number): boolean {
    const { visitor, id } = connection;
    const cost = count * (1 + Math.floor(bytes / DELIVERY_BYTES));
    if (visitor.user !== null) return this.of(connection, visitor.user.id, nowMs).deliveries.take(nowMs, cost);
    // No user's id has a line feed.
    const own = this.of(connection, `\n${id}`, nowMs).deliveries;
    // What the others have used up costs nobody their own.
    return (
      own.has(nowMs) &&
      this.of(connection, '\n', nowMs, ANONYMOUS).deliveries.take(nowMs, cost) &&
      own.take(nowMs, cost)
    );
  }

  /** Whether the user may be shown so many users at once; visitors of a host without a name together, as many as ten of them. */
  takeRows(connection: Connection, count: number, nowMs: number): boolean {
    const { user } = connection.visitor;
    const budget = user === null ? this.of(connection, '\n', nowMs, ANONYMOUS) : this.of(connection, user.id, nowMs);
    return budget.rows.take(nowMs, count);
  }

  private of({ host, visitor: { app } }: Connection, whose: string, nowMs: number, share = USER): Budget {
    const { eventsPerSecond, eventsBurst, deliveriesPerSecond } = app.limits;
    // Hosts have none either. Figures that were read anew begin anew.
    const key = [host, whose, eventsPerSecond, eventsBurst, deliveriesPerSecond].join('\n');
    const known = this.budgets.get(key);
    if (known !== undefined) return known;
    this.tidy(nowMs);
    const deliveries = share.deliveries * deliveriesPerSecond;
    const budget = {
      events: new TokenBucket(CONNECTIONS * eventsPerSecond, CONNECTIONS * eventsBurst),
      deliveries: new TokenBucket(deliveries, share.burstSeconds * deliveries, share.debtSeconds * deliveries),
      rows: new TokenBucket(share.rows * ROWS_PER_SECOND, share.rows * ROWS_AT_ONCE),
    };
    this.budgets.set(key, budget);
    return budget;
  }

  private tidy(nowMs: number): void {
    if (nowMs - this.tidiedAtMs < TIDIED_EVERY_MS) return;
    this.tidiedAtMs = nowMs;
    for (const [key, budget] of this.budgets) {
      if (Object.values(budget).every((bucket: TokenBucket) => bucket.isFull(nowMs))) this.budgets.delete(key);
    }
  }
}
