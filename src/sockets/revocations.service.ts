import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Accounts } from '../auth/accounts.service';
import { Apps } from '../auth/apps.service';
import type { Connection } from './connection';
import { Connections } from './connections.service';

/**
 * Closes sockets of this pod whose tokens were revoked, as soon as this pod learns of it, on whichever pod it was done:
 * a socket that slipped in between is closed by this at the latest. The store tells of many revocations at once.
 */
@Injectable()
export class Revocations implements OnModuleInit {
  private readonly listeners: ((connections: readonly Connection[]) => void)[] = [];

  constructor(
    private readonly accounts: Accounts,
    private readonly apps: Apps,
    private readonly connections: Connections,
  ) {}

  onModuleInit(): void {
    this.accounts.onChange((appId, userId) => this.closeRevoked(appId, userId));
    this.accounts.onRevocation((appId) => this.closeRevoked(appId));
  }

  /** Tells a listener of the connections that were closed here because their tokens were revoked. */
  onClosed(listener: (connections: readonly Connection[]) => void): void {
    this.listeners.push(listener);
  }

  private closeRevoked(appId: string, userId?: string): void {
    const app = this.apps.byId(appId);
    if (app === undefined) return;
    // Most changes of a user are none of tokens, and looking at every socket is for those that are.
    if (userId !== undefined && !this.accounts.isRevoked(app, { id: userId, checkedAgainstMs: 0 })) return;
    const closed = this.connections.values().filter(({ visitor }) => {
      const { user } = visitor;
      if (user === null || visitor.app.id !== appId || (userId !== undefined && user.id !== userId)) return false;
      return this.accounts.isRevoked(app, user);
    });
    for (const { socket } of closed) socket.disconnect(true);
    for (const listener of this.listeners) listener(closed);
  }
}
