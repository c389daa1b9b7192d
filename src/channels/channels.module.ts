import { Module } from '@nestjs/common';
import { ChannelEvents } from './channel-events';
import { ChannelsController } from './channels.controller';
import { ChannelsGateway } from './channels.gateway';
import { Messages } from './messages.service';

/** Who is in which channel, and messages to them: the Socket.IO gateway and the `/message` family. */
@Module({ controllers: [ChannelsController], providers: [ChannelsGateway, ChannelEvents, Messages] })
export class ChannelsModule {}
