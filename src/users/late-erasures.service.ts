import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Accounts } from '../auth/accounts.service';
import { Apps } from '../auth/apps.service';
import type { Connection } from '../sockets/connection';
import { Revocations } from '../sockets/revocations.service';

/**
 * Erases once more where a pod closes connections of an erased user. The store refuses what comes after an erasure, but where it
 * has forgotten that, or did not know the host, their pod has written it down. After that, in the same order, it takes it out;
 * while the store is away this waits with everything else, and a pod that ends forgets it.
 */
@Injectable()
export class LateErasures implements OnModuleInit {
  constructor(
    private readonly revocations: Revocations,
    private readonly accounts: Accounts,
    private readonly apps: Apps,
  ) {}

  onModuleInit(): void {
    this.revocations.onClosed((connections) => connections.forEach((connection) => this.erase(connection)));
  }

  private erase({ host, roster, visitor: { app, user } }: Connection): void {
    if (user === null || this.apps.appOf(host)?.id !== app.id) return;
    if (user.checkedAgainstMs >= this.accounts.erasedAtMs(app, user.id)) return;
    void roster.setUser(user.id, { ...this.accounts.standingOf(app, { id: user.id }), erases: true });
  }
}
