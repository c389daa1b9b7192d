import { Module } from '@nestjs/common';
import { PresenceEvents } from './presence-events';
import { PresenceLimit } from './presence-limit';
import { PresenceController } from './presence.controller';
import { UsersPresence } from './users-presence.service';

/** Who is online, away, busy or offline. */
@Module({ controllers: [PresenceController], providers: [PresenceEvents, PresenceLimit, UsersPresence] })
export class PresenceModule {}
