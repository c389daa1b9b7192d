import { Module } from '@nestjs/common';
import { PresenceEvents } from './presence-events';
import { PresenceWatchEvents } from './presence-watch-events';
import { PresenceWatches } from './presence-watches.service';
import { PresenceLimit } from './presence-limit';
import { PresenceController } from './presence.controller';
import { StatusController } from './status.controller';
import { UserStatuses } from './user-statuses.service';
import { UsersPresence } from './users-presence.service';

/** Who is online, away, busy or offline. */
@Module({
  controllers: [PresenceController, StatusController],
  providers: [PresenceWatchEvents, PresenceWatches, PresenceEvents, PresenceLimit, UsersPresence, UserStatuses],
})
export class PresenceModule {}
