import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Accounts } from '../auth/accounts.service';
import { Apps } from '../auth/apps.service';
import { Connections } from './connections.service';

/**
 * Closes sockets of this pod whose tokens were revoked, as soon as this pod learns of it, on whichever pod it was done:
 * a socket that slipped in between is closed by this at the latest.
 */
@Injectable()
export class Revocations implements OnModuleInit {
  constructor(
    private readonly accounts: Accounts,
    private readonly apps: Apps,
    private readonly connections: Connections,
  ) {}

  onModuleInit(): void {
    this.accounts.onChange((appId, userId) => {
      const app = this.apps.byId(appId);
      if (app === undefined || !this.accounts.isRevokedSince(app, userId, 0)) return;
      for (const { visitor, socket } of this.connections.values()) {
        const { user } = visitor;
        if (user?.id !== userId || visitor.app.id !== appId) continue;
        if (this.accounts.isRevokedSince(app, userId, user.checkedAgainstMs)) socket.disconnect(true);
      }
    });
  }
}
