import { Injectable } from '@nestjs/common';
import { UserDirectory } from '@rollcall/roster';
import { Accounts } from '../auth/accounts.service';
import { Apps } from '../auth/apps.service';
import type { App } from '../config/app';

/**
 * Whether an app tells nobody of presence: as the apps file says until it is set at run time, for all pods of the data
 * centre. What is at hand is as fresh as the last answer about a host of the app, or the last beat.
 */
@Injectable()
export class BroadcastSetting {
  constructor(
    private readonly directory: UserDirectory,
    private readonly accounts: Accounts,
    private readonly apps: Apps,
  ) {}

  /** As far as it is at hand: for answers that have brought the app's users up to date already. */
  isDisabled({ id, presence }: App): boolean {
    return this.directory.settings(id).broadcastDisabled ?? presence.broadcastDisabled;
  }

  /** As fresh as the last acknowledged write. @throws AppError UNAVAILABLE if it was never known. */
  async read(app: App): Promise<boolean> {
    await this.accounts.refreshApp(app);
    return this.isDisabled(app);
  }

  /** Resolves when every pod's next answer obeys. @throws StoreUnavailable */
  async write({ id }: App, broadcastDisabled: boolean): Promise<void> {
    await this.directory.putSettings(id, { broadcastDisabled });
  }

  /** Calls back when it may have become another one, on whichever pod it was set, or in the apps file; also when the store has lost it. */
  onChange(listener: (appId: string) => void): void {
    this.directory.onSettings(listener);
    this.apps.onReplace((_before, { apps }) => {
      for (const { id } of apps) listener(id);
    });
  }
}
