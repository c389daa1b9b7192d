import { Injectable } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import { Apps, type Scope } from './apps.service';
import { HostStays, KEPT_MINUTES } from './host-stays';

/**
 * How many hosts that no app names this pod deals with, for clients make up as many as they like, and of each the pods and
 * the store keep something for a while. Hosts that are named are not counted.
 */
@Injectable()
export class MadeUpHosts {
  private readonly stays = new HostStays();

  constructor(private readonly apps: Apps) {}

  /** Somebody comes to the host; returns the way to leave it, which counts once. @throws AppError RATE_LIMITED */
  enter({ app, host }: Scope): () => void {
    if (!this.apps.isUnnamed(host)) return () => undefined;
    const leave = this.stays.enter(host, app.limits.hosts, performance.now());
    if (leave !== undefined) return () => leave(performance.now());
    throw new AppError(
      'RATE_LIMITED',
      `At most ${app.limits.hosts} hosts that this app does not name may be in use, or have been in the last ${KEPT_MINUTES} minutes.`,
    );
  }

  /** Somebody asks about the host. @throws AppError RATE_LIMITED */
  visit(scope: Scope): void {
    this.enter(scope)();
  }
}
