import { Global, Module, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import {
  LocalRosters,
  MemoryRosterStore,
  MemoryUserDirectory,
  RosterStore,
  UserDirectory,
  Views,
} from '@rollcall/roster';
import { Accounts } from './auth/accounts.service';
import { Apps } from './auth/apps.service';
import { Config } from './config/config';

/** How often what nobody uses any more is let go. A view survives one round without a question. */
const TIDY_EVERY_MS = 60_000;

/**
 * The seam: where rosters and users are kept. Everything in this process, so far; another adapter of the same ports
 * would be chosen here, once, at the start, and never as a fallback.
 */
@Global()
@Module({
  providers: [
    {
      provide: MemoryRosterStore,
      useFactory: ({ offlineGraceMs }: Config) => new MemoryRosterStore({ now: Date.now, offlineGraceMs }),
      inject: [Config],
    },
    { provide: RosterStore, useExisting: MemoryRosterStore },
    { provide: UserDirectory, useClass: MemoryUserDirectory },
    {
      provide: Views,
      useFactory: (store: RosterStore, directory: UserDirectory, accounts: Accounts, apps: Apps) => {
        const views = new Views(store, (host) => accounts.profilesOf(host));
        directory.onChange((app, userId) => views.profileChanged(userId, (host) => apps.appOf(host)?.id === app));
        return views;
      },
      inject: [RosterStore, UserDirectory, Accounts, Apps],
    },
    {
      provide: LocalRosters,
      useFactory: (store: RosterStore, { podId }: Config) =>
        // One turn of the event loop gathers what arrived together; in this process a longer wait gains nothing.
        new LocalRosters({ pod: podId, store, defer: (flush) => void setImmediate(flush) }),
      inject: [RosterStore, Config],
    },
  ],
  exports: [RosterStore, UserDirectory, Views, LocalRosters],
})
export class StoreModule implements OnModuleInit, OnModuleDestroy {
  private tidying: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: MemoryRosterStore,
    private readonly views: Views,
    private readonly rosters: LocalRosters,
  ) {}

  onModuleInit(): void {
    this.tidying = setInterval(() => {
      this.views.dropIdle();
      this.rosters.dropIdle();
      this.store.trim();
    }, TIDY_EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.tidying);
  }
}
