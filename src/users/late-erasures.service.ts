import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { RosterStore, UserDirectory } from '@rollcall/roster';
import type { Connection } from '../sockets/connection';
import { Revocations } from '../sockets/revocations.service';
import { UserAccess } from './user-access.service';

/**
 * An erasure takes out what the store shows. A connection that is just being let in on another pod is not there yet, and
 * brings the user's claims once more: the pod that closes it, as soon as it has heard of the erasure, takes them out again.
 */
@Injectable()
export class LateErasures implements OnModuleInit {
  private readonly logger = new Logger('users');

  constructor(
    private readonly revocations: Revocations,
    private readonly directory: UserDirectory,
    private readonly access: UserAccess,
    private readonly store: RosterStore,
  ) {}

  onModuleInit(): void {
    this.revocations.onClosed((connection) => {
      this.forget(connection).catch((error: unknown) =>
        this.logger.warn(`What an erased user's connection left behind could not be taken out: ${String(error)}`),
      );
    });
  }

  private async forget({ host, visitor: { app, user }, left }: Connection): Promise<void> {
    if (user === null || this.directory.find(app.id, user.id)?.details !== null) return;
    await left;
    await this.access.forget(host, user.id);
    await this.store.forgetLastSeen(user.id, (seenOn) => seenOn === host);
  }
}
