import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { RosterStore, UserDirectory } from '@rollcall/roster';
import { Revocations } from '../sockets/revocations.service';
import { UserAccess } from './user-access.service';

/** What connections of one user leave behind on a host. */
interface Trace {
  readonly host: string;
  readonly userId: string;
  /** Ends when each of them is out of the store. */
  readonly left: Promise<unknown>[];
}

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
    this.revocations.onClosed((connections) => {
      const traces = new Map<string, Trace>();
      for (const { host, visitor, left } of connections) {
        const { app, user } = visitor;
        if (user === null || !this.isErasedSince(app.id, user.id, user.checkedAgainstMs)) continue;
        // Neither has line feeds.
        const key = `${host}\n${user.id}`;
        const trace = traces.get(key) ?? { host, userId: user.id, left: [] };
        if (left !== undefined) trace.left.push(left);
        traces.set(key, trace);
      }
      for (const trace of traces.values()) {
        this.forget(trace).catch((error: unknown) =>
          this.logger.warn(`What an erased user's connection left behind could not be taken out: ${String(error)}`),
        );
      }
    });
  }

  /** Who was let in after it has come back, and is to stay as they are. */
  private isErasedSince(appId: string, userId: string, checkedAgainstMs: number): boolean {
    const { details, erasedAtMs = 0 } = this.directory.find(appId, userId) ?? {};
    return details === null && checkedAgainstMs < erasedAtMs;
  }

  private async forget({ host, userId, left }: Trace): Promise<void> {
    await Promise.all(left);
    await this.access.forget(host, userId);
    await this.store.forgetLastSeen(userId, (seenOn) => seenOn === host);
  }
}
