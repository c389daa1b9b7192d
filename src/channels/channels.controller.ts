import { Body, Controller, Header, Post, Res, UseGuards } from '@nestjs/common';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiExtension,
  ApiExtraModels,
  ApiOperation,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import { Views } from '@rollcall/roster';
import type { FastifyReply } from 'fastify';
import type { App } from '../config/app';
import { ApiKeyGuard } from '../auth/api-key.guard';
import { type Caller, FromCaller } from '../auth/caller';
import { NeedsScope } from '../auth/needs-scope';
import { BodyPipe } from '../http/body.pipe';
import { LargeSends, SMALL_CONNECTIONS } from '../http/large-sends.service';
import { agedBy, tellReading, tellStale } from '../http/stale-header';
import { ChannelUserDto } from '../openapi/channel-user.dto';
import { ApiMessageErrors } from '../openapi/responses';
import { ChannelNames } from './channel-names.service';
import { ChannelNamesDto, ChannelsDto, ChannelUsersDto, SendMessageDto } from './channels.dto';
import { CHANNEL_MAP, CHANNEL_MAP_REQUESTS } from './channels.openapi';
import { Messages } from './messages.service';

const tabsOf = ({ dialect }: App): 'array' | 'object' => (dialect === 'betterforms' ? 'array' : 'object');

@ApiTags('Messaging (BetterForms, Klai)')
@ApiSecurity({})
@ApiSecurity('apiKey')
@ApiSecurity('apiKeyHeader')
@ApiExtension('x-auth-in-body', { field: 'apiKey' })
@UseGuards(ApiKeyGuard)
@Controller('message')
export class ChannelsController {
  constructor(
    private readonly views: Views,
    private readonly messages: Messages,
    private readonly names: ChannelNames,
    private readonly sends: LargeSends,
  ) {}

  @Post('users')
  @NeedsScope('read')
  @Header('Content-Type', 'application/json')
  @ApiOperation({
    summary: 'Who is connected, by channel',
    description:
      'All users that are connected to active channels of this host, over all pods of this data centre. A channel is active while it has a member. ' +
      'Authenticated channels list their users, anonymous ones count their connections. `authenticated` and `anonymous` are everybody of that kind, and each tab has a channel of its own. ' +
      'A name that is active in both kinds appears a second time as `name|anonymous`.',
  })
  @ApiBody({ type: ChannelUsersDto, examples: CHANNEL_MAP_REQUESTS })
  @ApiExtraModels(ChannelUserDto)
  @ApiCreatedResponse(CHANNEL_MAP)
  @ApiMessageErrors(400, 401, 'scope', 413, 415, 503)
  async users(
    @FromCaller() { app, host }: Caller,
    @Body(new BodyPipe(ChannelUsersDto)) { channel }: ChannelUsersDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const reading = await this.views.read(host);
    const waitedMs = reading.view.connections > SMALL_CONNECTIONS ? await this.sends.turn() : 0;
    const view = tellReading(reply, { ...reading, staleMs: agedBy(waitedMs, reading.staleMs) });
    if (channel != null && channel !== '') return view.channel(channel, tabsOf(app));
    const map = view.channelMap(tabsOf(app));
    // Sent, or given up: either way nobody reads it any more.
    reply.raw.once('close', map.hold());
    return map.bytes;
  }

  @Post('channels')
  @NeedsScope('counts')
  @Header('Content-Type', 'application/json; charset=utf-8')
  @ApiOperation({
    summary: 'The active channels',
    description: 'The names of the channels that have a member on this host, without built-in and tab channels.',
  })
  @ApiBody({ type: ChannelsDto, examples: { all: { value: { apiKey: 'BFAPI_demo' } } } })
  @ApiCreatedResponse({ type: ChannelNamesDto, description: 'The names, by kind.' })
  @ApiMessageErrors(400, 401, 'scope', 413, 415, 503)
  async channels(
    @FromCaller() { host }: Caller,
    @Body(new BodyPipe(ChannelsDto)) _: ChannelsDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const { view, staleMs } = await this.views.readRoster(host);
    const waitedMs = view.activeChannels > SMALL_CONNECTIONS ? await this.sends.turn() : 0;
    tellStale(reply, agedBy(waitedMs, staleMs));
    return this.names.of(view);
  }

  @Post('sendmessage')
  @NeedsScope('write')
  @ApiOperation({
    summary: 'Send a message to channels',
    description:
      'Every tab that one of the names reaches gets a `message` event, once, under the first of them. The answer repeats the request without its key.',
  })
  @ApiBody({
    type: SendMessageDto,
    examples: {
      channels: {
        value: {
          apiKey: 'BFAPI_demo',
          channels: ['salesRoom'],
          message: { actions: [], model: { greeting: 'Hello' }, app: {} },
        },
      },
    },
  })
  @ApiCreatedResponse({
    description: 'The request without its key.',
    content: {
      'application/json': {
        schema: { type: 'object', additionalProperties: true },
        example: { channels: ['salesRoom'], message: { actions: [], model: { greeting: 'Hello' }, app: {} } },
      },
    },
  })
  @ApiMessageErrors(400, 401, 'scope', 413, 415, 503)
  async sendMessage(
    @FromCaller() caller: Caller,
    @Body() body: object,
    @Body(new BodyPipe(SendMessageDto)) { channels, message }: SendMessageDto,
  ): Promise<object> {
    await this.messages.send(caller, [channels].flat(), message);
    return Object.fromEntries(Object.entries(body).filter(([field]) => field !== 'apiKey'));
  }
}
