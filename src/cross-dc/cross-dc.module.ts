import { Module } from '@nestjs/common';
import { PodRegistry, Views } from '@rollcall/roster';
import { Accounts } from '../auth/accounts.service';
import { Config } from '../config/config';
import { profilesIn } from '../store/followed-datacenter';
import { OtherDatacenters } from '../store/other-datacenters.service';
import { DatacentersController } from './datacenters.controller';
import { Datacenters } from './datacenters';
import { Spread } from './spread.service';
import { TotalsController } from './totals.controller';
import { Totals } from './totals.service';

function allDatacenters(
  views: Views,
  pods: PodRegistry,
  accounts: Accounts,
  others: OtherDatacenters,
  { dc, dcTimeoutMs, staleMaxMs }: Config,
): Datacenters {
  const own = { dc, views, pods, staleMaxMs, isOwn: true, profiles: profilesIn(accounts) };
  return new Datacenters([own, ...others.all], dcTimeoutMs);
}

/** What all data centres have of a host, and how fresh that is. */
@Module({
  controllers: [TotalsController, DatacentersController],
  providers: [
    {
      provide: Datacenters,
      useFactory: allDatacenters,
      inject: [Views, PodRegistry, Accounts, OtherDatacenters, Config],
    },
    Totals,
    Spread,
  ],
})
export class CrossDcModule {}
