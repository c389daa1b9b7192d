import { Injectable } from '@nestjs/common';
import { UserDirectory } from '@rollcall/roster';
import { Accounts } from '../auth/accounts.service';
import { Apps } from '../auth/apps.service';
import type { App } from '../config/app';

/** Clocks of pods and of the store differ, and a pod learns within a second that an app speaks again. */
const APART_MS = 10_000;

/**
 * Whether an app tells nobody of presence: as the apps file says until it is set at run time, for all pods of the data
 * centre. What is at hand is as fresh as the last answer about a host of the app, the last announcement of a change that has
 * come here, or the last beat.
 */
@Injectable()
export class BroadcastSetting {
  /** When an apps file that was read anew has let an app speak again. */
  private readonly spokenAtMs = new Map<string, number>();

  constructor(
    private readonly directory: UserDirectory,
    private readonly accounts: Accounts,
    private readonly apps: Apps,
  ) {
    apps.onReplace((before, { apps: after }) => {
      for (const { id, presence } of before.apps) {
        const now = after.find((app) => app.id === id);
        if (presence.broadcastDisabled && now?.presence.broadcastDisabled === false)
          this.spokenAtMs.set(id, Date.now());
      }
    });
  }

  /** As far as it is at hand: for answers that have brought the app's users up to date already. */
  isDisabled({ id, presence }: App): boolean {
    return this.directory.settings(id).broadcastDisabled ?? presence.broadcastDisabled;
  }

  /** Whether somebody who was shown presence at that moment was shown nobody, for all that is known: nothing can be built on it. */
  mayHaveBeenDisabled({ id }: App, atMs: number): boolean {
    const spokenAtMs = Math.max(this.directory.settings(id).silentUntilMs ?? 0, this.spokenAtMs.get(id) ?? 0);
    return spokenAtMs > 0 && atMs < spokenAtMs + APART_MS;
  }

  /** As fresh as the last acknowledged write. @throws AppError UNAVAILABLE if it was never known. */
  async read(app: App): Promise<boolean> {
    await this.accounts.refreshApp(app);
    return this.isDisabled(app);
  }

  /** Resolves when every pod's next answer obeys. @throws StoreUnavailable */
  async write({ id }: App, broadcastDisabled: boolean): Promise<void> {
    const spoken = broadcastDisabled ? {} : { silentUntilMs: Date.now() };
    await this.directory.putSettings(id, { broadcastDisabled, ...spoken });
  }

  /** Calls back when it may have become another one, on whichever pod it was set, or in the apps file; also when the store has lost it. */
  onChange(listener: (appId: string) => void): void {
    this.directory.onSettings(listener);
    this.apps.onReplace((_before, { apps }) => {
      for (const { id } of apps) listener(id);
    });
  }
}
