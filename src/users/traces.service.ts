import { Injectable } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import { LocalRosters, RosterStore, type UserWrite } from '@rollcall/roster';
import { Apps } from '../auth/apps.service';

/** What a user has chosen, as it is written. */
export type Chosen = Pick<UserWrite, 'status' | 'statusText' | 'untilMs'>;

/** A user of an app, on one host. */
export interface Trace {
  readonly appId: string;
  readonly host: string;
  readonly userId: string;
}

/**
 * Takes what the store has of users out of hosts. Each write waits, and the host may have gone to another app meanwhile, whose
 * user of the same id is somebody else: before each it is asked whose the host is, and left as it is if it is not the app's.
 */
@Injectable()
export class Traces {
  constructor(
    private readonly rosters: LocalRosters,
    private readonly store: RosterStore,
    private readonly apps: Apps,
  ) {}

  /**
   * Takes out claims and choices, and what the log says of anybody. `kept`: what whoever has come back has chosen, who is
   * shown all the time.
   *
   * @throws StoreUnavailable, or AppError UNAVAILABLE
   */
  async forget(trace: Trace, kept?: Chosen): Promise<void> {
    const { host, userId } = trace;
    // Choosing to be offline waits for no grace: nobody is shown as an erased user who may come back.
    if (kept === undefined && this.isOwn(trace)) await this.rosters.of(host).setUser(userId, { status: 'offline' });
    if (!this.isOwn(trace)) return;
    const written = await this.rosters.of(host).setUser(userId, { ...kept, forget: true });
    // Written later it would tell the log once more what there was to forget.
    if (written === 'degraded') throw new AppError('UNAVAILABLE');
    await this.forgetLog(trace);
  }

  async forgetLog(trace: Trace): Promise<void> {
    if (this.isOwn(trace)) await this.store.forgetLog(trace.host);
  }

  /** On all hosts of the app, or on one. */
  async forgetLastSeen({ appId, userId, host }: Omit<Trace, 'host'> & Partial<Trace>): Promise<void> {
    await this.store.forgetLastSeen(
      userId,
      (seenOn) => (host === undefined || seenOn === host) && this.isOwn({ appId, host: seenOn }),
    );
  }

  private isOwn({ appId, host }: Pick<Trace, 'appId' | 'host'>): boolean {
    return this.apps.appOf(host)?.id === appId;
  }
}
