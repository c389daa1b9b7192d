import { Module } from '@nestjs/common';
import { ErasedUsers } from './erased-users.service';
import { LateErasures } from './late-erasures.service';
import { RevocationsController } from './revocations.controller';
import { TokenRevocations } from './token-revocations.service';
import { Traces } from './traces.service';
import { UserAccess } from './user-access.service';
import { UsersController } from './users.controller';
import { Users } from './users.service';

@Module({
  controllers: [UsersController, RevocationsController],
  providers: [ErasedUsers, LateErasures, Users, UserAccess, TokenRevocations, Traces],
})
export class UsersModule {}
