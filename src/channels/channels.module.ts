import { Module } from '@nestjs/common';
import { ChannelEvents } from './channel-events';
import { ChannelListsController } from './channel-lists.controller';
import { ChannelsController } from './channels.controller';
import { ChannelsGateway } from './channels.gateway';
import { Messages } from './messages.service';

/** Who is in which channel, and messages to them: the Socket.IO gateway, the `/message` family, and lists page by page. */
@Module({
  controllers: [ChannelsController, ChannelListsController],
  providers: [ChannelsGateway, ChannelEvents, Messages],
})
export class ChannelsModule {}
