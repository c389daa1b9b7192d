import { Global, Logger, Module } from '@nestjs/common';
import {
  type HostRules,
  LocalRosters,
  PodRegistry,
  RosterStore,
  STEPS_MAX,
  STEPS_MIN,
  Ticks,
  UserDirectory,
  Views,
} from '@rollcall/roster';
import { Accounts } from '../auth/accounts.service';
import { Apps } from '../auth/apps.service';
import { Config } from '../config/config';
import { followProfiles } from './followed-profiles';
import { MemoryStores } from './memory.stores';
import { Pulse } from './pulse.service';
import { RedisStores } from './redis.stores';
import { OtherDatacenters } from './other-datacenters.service';
import { Stores } from './stores';
import { QUIET_TIME, REAL_TIME, REREGISTER_SLACK_MS } from './timing';

/** A batch gathers for so long: one turn of the event loop in this process, and a little longer on the way to Redis. */
const GATHER_MS = 2;

/** Both halves of this pod's part in the rosters, which need to know of each other: what it writes and what it reads. */
abstract class SharedRosters {
  abstract readonly views: Views;
  abstract readonly rosters: LocalRosters;
}

function shareRosters(store: RosterStore, accounts: Accounts, apps: Apps, config: Config): SharedRosters {
  const logger = new Logger('roster');
  const views: Views = new Views({
    store,
    own: store,
    timing: REAL_TIME,
    times: { reregisterMs: config.beatMs + REREGISTER_SLACK_MS, staleMaxMs: config.staleMaxMs },
    isWritten: (host, epoch) => rosters.isWritten(host, epoch),
    profilesOf: (host) => accounts.profilesOf(host),
    beforeAnswer: (host) => accounts.refresh(host),
    remembers: { graceMs: config.offlineGraceMs, stepsMin: STEPS_MIN, stepsMax: STEPS_MAX },
  });
  const rosters = new LocalRosters({
    instance: config.instance,
    store,
    timing: REAL_TIME,
    beatMs: config.beatMs,
    defer: (flush) => void (config.redis === undefined ? setImmediate(flush) : setTimeout(flush, GATHER_MS)),
    // Without the store what this pod knows of them must do.
    beforeOpen: (host) => accounts.refresh(host).catch(() => undefined),
    choiceOf: (host, userId) => views.current(host)?.presence.choiceOf(userId),
    onHead: (host, head) => views.hint(host, head),
    report: (error) => logger.error({ err: error }, 'A batch failed, and is tried again.'),
  });
  followProfiles(views, accounts, apps);
  return { views, rosters };
}

function ticksOf(views: Views): Ticks {
  const logger = new Logger('watching');
  const report = (error: unknown): void =>
    logger.error({ err: error }, 'Watchers could not be told, and are told again.');
  return new Ticks({ views, timing: QUIET_TIME, report });
}

/**
 * The seam: where rosters and users are kept. Redis where one is named, else this process's memory; never one for want
 * of the other.
 */
@Global()
@Module({
  providers: [
    {
      provide: Stores,
      useFactory: (config: Config, apps: Apps): Stores => {
        const rules: HostRules = {
          remembersSeen: (host) => apps.appOf(host)?.presence.lastSeen === true,
          // Clients make up such hosts at will, so nothing may stay of one that was left.
          isMadeUp: (host) => apps.isUnnamed(host),
        };
        return config.redis === undefined
          ? new MemoryStores(config, rules)
          : new RedisStores(config, config.redis, rules);
      },
      inject: [Config, Apps],
    },
    { provide: RosterStore, useFactory: ({ rosters }: Stores) => rosters, inject: [Stores] },
    { provide: UserDirectory, useFactory: ({ directory }: Stores) => directory, inject: [Stores] },
    { provide: PodRegistry, useFactory: ({ pods }: Stores) => pods, inject: [Stores] },
    { provide: SharedRosters, useFactory: shareRosters, inject: [RosterStore, Accounts, Apps, Config] },
    { provide: Views, useFactory: ({ views }: SharedRosters) => views, inject: [SharedRosters] },
    { provide: LocalRosters, useFactory: ({ rosters }: SharedRosters) => rosters, inject: [SharedRosters] },
    { provide: Ticks, useFactory: ticksOf, inject: [Views] },
    OtherDatacenters,
    Pulse,
  ],
  exports: [Stores, RosterStore, UserDirectory, PodRegistry, Views, LocalRosters, Ticks, OtherDatacenters],
})
export class StoreModule {}
