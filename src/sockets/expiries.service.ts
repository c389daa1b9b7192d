import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Connection } from './connection';
import { Connections } from './connections.service';

/** By so much a notice or a close may be late. Looking at 10,000 connections takes some 0.15 ms, at 50,000 some 1.4 ms. */
const SWEEP_EVERY_MS = 250;

/**
 * Tells clients that their tokens expire, and closes the connections whose tokens have. One look at all connections, again
 * and again, instead of a timer for each: it needs no record of its own that a refresh or a departure could leave behind, and a
 * clock that jumps is seen by the next one.
 */
@Injectable()
export class Expiries implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly connections: Connections) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.sweep(Date.now()), SWEEP_EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  sweep(nowMs: number): void {
    const over: Connection[] = [];
    for (const connection of this.connections.each()) {
      const { visitor, noticeAtMs = Infinity } = connection;
      if ((visitor.user?.goodUntilMs ?? Infinity) <= nowMs) over.push(connection);
      else if (noticeAtMs <= nowMs) tell(connection);
    }
    // Not while going through them: a close takes its connection out.
    for (const { socket } of over) socket.disconnect(true);
  }
}

function tell(connection: Connection): void {
  const { visitor, socket, registered } = connection;
  connection.noticeAtMs = undefined;
  const expiresAt = new Date(visitor.user?.expiresAtMs ?? 0).toISOString();
  // Nothing comes before the `session`.
  void registered.then(() => socket.emit('auth:expiring', { expiresAt }));
}
