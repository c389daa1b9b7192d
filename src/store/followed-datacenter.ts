/*
 * Another data centre: views of its hosts, its users' profiles, and whether any of its pods is alive. With the last pod
 * goes whoever would take its connections out of the roster; who follows from outside has to see that for itself.
 */
import { Logger } from '@nestjs/common';
import { NOWHERE, type PodRegistry, RosterView, StoreUnavailable, Views } from '@rollcall/roster';
import { Accounts } from '../auth/accounts.service';
import type { Apps } from '../auth/apps.service';
import type { Config } from '../config/config';
import { followProfiles } from './followed-profiles';
import type { OtherDatacenter } from './stores';
import { REAL_TIME, REREGISTER_SLACK_MS } from './timing';

/** So often in a row no pod was alive: once may be a jump of that Redis's clock, which the next beat of a pod mends. */
const DESERTED_AFTER = 2;

export const profilesIn = (accounts: Accounts) => ({
  refresh: (host: string): Promise<void> => accounts.refresh(host),
  areKnown: (host: string): boolean => accounts.isKnown(host),
});

export class FollowedDatacenter {
  readonly dc: string;
  readonly isOwn = false;
  readonly views: Views;
  readonly profiles: ReturnType<typeof profilesIn>;
  readonly pods: Pick<PodRegistry, 'list'>;
  readonly staleMaxMs: number;
  private readonly logger = new Logger('redis');
  private vacant: RosterView | undefined;
  private looking: Promise<void> | undefined;
  private deserted = 0;

  private readonly directory: OtherDatacenter['directory'];

  constructor({ dc, rosters, directory, pods }: OtherDatacenter, apps: Apps, { beatMs, dcStaleMaxMs }: Config) {
    // Profiles are a data centre's own: there it would answer with those.
    const accounts = new Accounts(apps, directory);
    this.dc = dc;
    this.directory = directory;
    this.pods = pods;
    this.staleMaxMs = dcStaleMaxMs;
    this.profiles = profilesIn(accounts);
    this.views = new Views({
      store: rosters,
      timing: REAL_TIME,
      times: { reregisterMs: beatMs + REREGISTER_SLACK_MS, staleMaxMs: dcStaleMaxMs },
      isWritten: () => Promise.resolve(true),
      profilesOf: (host) => accounts.profilesOf(host),
    });
    followProfiles(this.views, accounts, apps);
    void this.makeVacant();
  }

  /** What every host there looks like while no pod is alive; `undefined` while one is. */
  readonly nobody = (): RosterView | undefined => (this.deserted >= DESERTED_AFTER ? this.vacant : undefined);

  readonly lookAgain = (): Promise<void> | undefined =>
    this.deserted >= DESERTED_AFTER ? this.lookForPods() : undefined;

  beat(): void {
    this.views.keepUp();
    void this.lookForPods();
    // Its own pods take them out of its Redis; what is at hand of them here would grow for ever. Else the next beat does.
    this.directory.trim(Date.now()).catch(() => undefined);
  }

  private lookForPods(): Promise<void> {
    this.looking ??= this.look().finally(() => (this.looking = undefined));
    return this.looking;
  }

  private async look(): Promise<void> {
    try {
      this.deserted = (await this.pods.list()).length === 0 ? this.deserted + 1 : 0;
      if (this.deserted === DESERTED_AFTER) {
        this.logger.warn(`By what its Redis says no pod of data centre ${this.dc} is alive. Is that its name there?`);
      }
    } catch (error) {
      // Nobody knows, then: what it last said shows as old.
      if (!(error instanceof StoreUnavailable))
        this.logger.debug(`The pods of ${this.dc} are not known: ${String(error)}`);
    }
  }

  private async makeVacant(): Promise<void> {
    const vacant = new RosterView({ profileOf: noProfile, bots: () => new Set() });
    await vacant.load({ head: NOWHERE, rows: new Map(), users: new Map() }, 1, () => Promise.resolve());
    this.vacant = vacant;
  }
}

function noProfile(): never {
  throw new Error('Nobody is there.');
}
