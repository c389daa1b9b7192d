import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Accounts } from '../auth/accounts.service';
import { Apps } from '../auth/apps.service';
import type { Connection } from './connection';
import { Connections } from './connections.service';

/** How long all sockets are not looked at again for the same app, in the time that the look before took; and at most. */
const PAUSE = 9;
const PAUSE_MAX_MS = 300;

/**
 * Closes sockets of this pod whose tokens were revoked, as soon as this pod learns of it, on whichever pod it was done:
 * a socket that slipped in between is closed by this at the latest. The store tells of many revocations at once; where many
 * are told of one by one that may mean anybody, all sockets are looked at for several together.
 */
@Injectable()
export class Revocations implements OnModuleInit, OnApplicationShutdown {
  private readonly listeners: ((connections: readonly Connection[]) => void)[] = [];
  /** Looks at an app's sockets that are put off. */
  private readonly timers = new Map<string, NodeJS.Timeout>();
  /** By app; as many as there are. */
  private readonly pausedUntilMs = new Map<string, number>();

  constructor(
    private readonly accounts: Accounts,
    private readonly apps: Apps,
    private readonly connections: Connections,
  ) {}

  onModuleInit(): void {
    this.accounts.onChange((appId, userId) => this.closeRevoked(appId, userId));
    this.accounts.onRevocation((appId) => this.closeAnybodys(appId));
  }

  onApplicationShutdown(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
  }

  /** Tells a listener of the connections that were closed here because their tokens were revoked. */
  onClosed(listener: (connections: readonly Connection[]) => void): void {
    this.listeners.push(listener);
  }

  /** Put off once at most, whatever else is looked at meanwhile. */
  private closeAnybodys(appId: string): void {
    if (this.timers.has(appId)) return;
    const waitMs = (this.pausedUntilMs.get(appId) ?? 0) - performance.now();
    if (waitMs <= 0) return this.look(appId);
    this.timers.set(appId, setTimeout(() => this.look(appId), waitMs).unref());
  }

  private look(appId: string): void {
    this.timers.delete(appId);
    const startedMs = performance.now();
    this.closeRevoked(appId);
    const endedMs = performance.now();
    this.pausedUntilMs.set(appId, endedMs + Math.min(PAUSE_MAX_MS, PAUSE * (endedMs - startedMs)));
  }

  private closeRevoked(appId: string, userId?: string): void {
    const app = this.apps.byId(appId);
    if (app === undefined) return;
    // Most changes of a user are none of tokens: nobody else's sockets are looked at for them.
    const some = userId === undefined ? this.connections.values() : this.connections.ofUser(userId);
    const closed = some.filter(({ visitor: { app: own, user } }) => {
      return user !== null && own.id === appId && this.accounts.isRevoked(app, user);
    });
    if (closed.length === 0) return;
    for (const { socket } of closed) socket.disconnect(true);
    for (const listener of this.listeners) listener(closed);
  }
}
