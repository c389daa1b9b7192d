import { Module } from '@nestjs/common';
import { LateErasures } from './late-erasures.service';
import { RevocationsController } from './revocations.controller';
import { TokenRevocations } from './token-revocations.service';
import { UserAccess } from './user-access.service';
import { UserTurns } from './user-turns.service';
import { UsersController } from './users.controller';
import { Users } from './users.service';

@Module({
  controllers: [UsersController, RevocationsController],
  providers: [LateErasures, Users, UserAccess, UserTurns, TokenRevocations],
})
export class UsersModule {}
