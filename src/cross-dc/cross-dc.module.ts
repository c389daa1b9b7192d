import { Module } from '@nestjs/common';
import { CrossDcController } from './cross-dc.controller';
import { CrossDc } from './cross-dc.service';

/** Totals over data centres. */
@Module({ controllers: [CrossDcController], providers: [CrossDc] })
export class CrossDcModule {}
