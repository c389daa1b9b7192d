import { Module } from '@nestjs/common';
import { BroadcastController } from './broadcast.controller';
import { BroadcastSetting } from './broadcast-setting.service';
import { PresenceEvents } from './presence-events';
import { PresenceWatchEvents } from './presence-watch-events';
import { PresenceWatches } from './presence-watches.service';
import { PresenceLimit } from './presence-limit';
import { PresenceController } from './presence.controller';
import { SettingsController } from './settings.controller';
import { StatusController } from './status.controller';
import { UserStatuses } from './user-statuses.service';
import { UsersPresence } from './users-presence.service';

/** Who is online, away, busy or offline. */
@Module({
  controllers: [PresenceController, StatusController, BroadcastController, SettingsController],
  providers: [
    BroadcastSetting,
    PresenceEvents,
    PresenceLimit,
    PresenceWatchEvents,
    PresenceWatches,
    UsersPresence,
    UserStatuses,
  ],
})
export class PresenceModule {}
