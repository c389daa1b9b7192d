import { Module } from '@nestjs/common';
import { DatacentersController } from './datacenters.controller';
import { Datacenters } from './datacenters.service';
import { Spread } from './spread.service';
import { TotalsController } from './totals.controller';
import { Totals } from './totals.service';

/** What all data centres have of a host, and how fresh that is. */
@Module({ controllers: [TotalsController, DatacentersController], providers: [Datacenters, Totals, Spread] })
export class CrossDcModule {}
