import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type PodRegistry, Views } from '@rollcall/roster';
import { Accounts } from '../auth/accounts.service';
import { Apps } from '../auth/apps.service';
import { Config } from '../config/config';
import { type OtherDatacenter, Stores } from './stores';
import { REAL_TIME, REREGISTER_SLACK_MS, TIDY_EVERY_MS } from './timing';

export interface FollowedDatacenter {
  readonly dc: string;
  readonly views: Views;
  readonly pods: Pick<PodRegistry, 'list'>;
  /** Brings up to date what that data centre knows of the users of a host's app. */
  refreshProfiles(host: string): Promise<void>;
}

/** The other data centres. A host there is followed from the first question about it until nobody has asked for a while. */
@Injectable()
export class OtherDatacenters implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly all: readonly FollowedDatacenter[];
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(
    { others }: Stores,
    private readonly apps: Apps,
    private readonly config: Config,
  ) {
    this.all = others.map((other) => this.follow(other));
  }

  onApplicationBootstrap(): void {
    const eachView = (act: (views: Views) => void) => () => this.all.forEach(({ views }) => act(views));
    const { beatMs } = this.config;
    this.timers.push(
      setInterval(
        eachView((views) => views.keepUp()),
        beatMs,
      ).unref(),
    );
    this.timers.push(
      setInterval(
        eachView((views) => views.dropIdle()),
        TIDY_EVERY_MS,
      ).unref(),
    );
  }

  onApplicationShutdown(): void {
    for (const timer of this.timers) clearInterval(timer);
    for (const { views } of this.all) views.close();
  }

  private follow({ dc, rosters, directory, pods }: OtherDatacenter): FollowedDatacenter {
    const { beatMs, dcStaleMaxMs } = this.config;
    // Profiles are a data centre's own: there it would answer with those.
    const accounts = new Accounts(this.apps, directory);
    const views = new Views({
      store: rosters,
      timing: REAL_TIME,
      times: { reregisterMs: beatMs + REREGISTER_SLACK_MS, staleMaxMs: dcStaleMaxMs },
      isWritten: () => Promise.resolve(true),
      profilesOf: (host) => accounts.profilesOf(host),
    });
    accounts.onChange((app, userId) => views.profileChanged(userId, (host) => this.apps.appOf(host)?.id === app));
    return { dc, views, pods, refreshProfiles: (host) => accounts.refresh(host) };
  }
}
