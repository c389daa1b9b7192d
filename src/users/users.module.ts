import { Module } from '@nestjs/common';
import { UserAccess } from './user-access.service';
import { UsersController } from './users.controller';
import { Users } from './users.service';

@Module({ controllers: [UsersController], providers: [Users, UserAccess] })
export class UsersModule {}
