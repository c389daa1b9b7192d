import type { Views } from '@rollcall/roster';
import type { Accounts } from '../auth/accounts.service';
import { ownerOf } from '../auth/app-table';
import type { Apps } from '../auth/apps.service';

/** Has views show users as they are laid down now: in a directory, or in an apps file that was read anew. */
export function followProfiles(views: Views, accounts: Accounts, apps: Apps): void {
  accounts.onChange((app, userId) => views.profileChanged(userId, (host) => apps.appOf(host)?.id === app));
  // On a host that has another app now, everybody is somebody else's user.
  apps.onReplace((before, after) =>
    views.allProfilesChanged((host) => ownerOf(before, host)?.id !== ownerOf(after, host)?.id),
  );
}
