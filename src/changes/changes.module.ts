import { Module } from '@nestjs/common';
import { ChangesController } from './changes.controller';
import { Changes } from './changes.service';

/** What has changed on a host, for those who poll. */
@Module({ controllers: [ChangesController], providers: [Changes] })
export class ChangesModule {}
