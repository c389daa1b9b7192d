import { Module } from '@nestjs/common';
import { KeysController } from './keys.controller';

/** Which keys an app has, and whether anybody still uses them. */
@Module({ controllers: [KeysController] })
export class KeysModule {}
