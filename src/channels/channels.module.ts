import { Module } from '@nestjs/common';
import { ChannelEvents } from './channel-events';
import { ChannelNames } from './channel-names.service';
import { ChannelPermissions } from './channel-permissions.service';
import { ChannelListTurns } from './channel-list-turns.service';
import { ChannelListsController } from './channel-lists.controller';
import { ChannelsController } from './channels.controller';
import { ChannelsGateway } from './channels.gateway';
import { ChannelWatches } from './channel-watches.service';
import { Messages } from './messages.service';
import { NewChannels } from './new-channels.service';
import { WatchEvents } from './watch-events';

/** Who is in which channel, and messages to them: the Socket.IO gateway, the `/message` family, and lists page by page. */
@Module({
  controllers: [ChannelsController, ChannelListsController],
  providers: [
    ChannelListTurns,
    ChannelNames,
    ChannelsGateway,
    ChannelEvents,
    ChannelPermissions,
    ChannelWatches,
    Messages,
    NewChannels,
    WatchEvents,
  ],
})
export class ChannelsModule {}
