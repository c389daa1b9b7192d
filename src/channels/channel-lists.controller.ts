import { Controller, Get, Param, type PipeTransform, Query, Res, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiQuery, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { Views } from '@rollcall/roster';
import type { FastifyReply } from 'fastify';
import { ApiKeyGuard } from '../auth/api-key.guard';
import { type Caller, FromCaller } from '../auth/caller';
import { NeedsScope } from '../auth/needs-scope';
import { goneFrom } from '../http/gone-from';
import { tellReading } from '../http/stale-header';
import { ApiPageParameters } from '../openapi/page-parameters';
import { ApiProblems, CURSOR_HEADER, failing } from '../openapi/responses';
import { ChannelListTurns } from './channel-list-turns.service';
import { readChannel, readChannelsQuery, readMembersQuery } from './channel-lists-query';
import { ActiveChannelsDto, ChannelDto, ChannelMembersDto } from './channel-lists.dto';
import { channelNamed, channelsOn, isLargeOf, isLargeOn, membersOf } from './channel-pages';

class ChannelPipe implements PipeTransform<string, string> {
  transform(name: string): string {
    return readChannel(name);
  }
}

const NAME = {
  name: 'channel',
  example: 'salesRoom',
  description: 'Any channel name, percent-encoded, or `authenticated` or `anonymous` for everybody of that kind.',
};

const NOT_ACTIVE = failing('Nobody is in such a channel.', 'NOT_FOUND', 'The channel "salesRoom" is not active.');

@ApiTags('Channels')
@ApiSecurity('apiKey')
@ApiSecurity('apiKeyHeader')
@UseGuards(ApiKeyGuard)
@Controller('v1/channels')
export class ChannelListsController {
  constructor(
    private readonly views: Views,
    private readonly turns: ChannelListTurns,
  ) {}

  @Get()
  @NeedsScope('counts')
  @ApiOperation({
    summary: 'The active channels, page by page',
    description:
      'With their kinds and counts, without built-in and tab channels. A channel that is active while all pages are read is on exactly one of them.',
  })
  @ApiPageParameters('Channels')
  @ApiQuery({
    name: 'prefix',
    required: false,
    schema: { type: 'string', maxLength: 255 },
    example: 'sales',
    description: 'Only names that begin so.',
  })
  @ApiOkResponse({ type: ActiveChannelsDto, description: 'A page of channels.', headers: CURSOR_HEADER })
  @ApiProblems(400, 401, 'scope', 503)
  async activeChannels(
    @FromCaller() caller: Caller,
    @Query() query: Record<string, unknown>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ActiveChannelsDto> {
    const asked = readChannelsQuery(query);
    const reading = await this.views.readRoster(caller.host);
    const isLarge = isLargeOn(reading.view, asked);
    const { lists } = tellReading(reply, isLarge ? await this.turns.take(caller, reading, goneFrom(reply)) : reading);
    return channelsOn(lists, asked);
  }

  @Get(':channel')
  @NeedsScope('counts')
  @ApiParam(NAME)
  @ApiOperation({ summary: 'A channel, with its count', description: 'Both kinds of it, if both are active.' })
  @ApiOkResponse({ type: ChannelDto, description: 'The channel.', headers: CURSOR_HEADER })
  @ApiProblems(400, 401, 'scope', NOT_ACTIVE, 503)
  async channel(
    @FromCaller() { host }: Caller,
    @Param('channel', ChannelPipe) channel: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ChannelDto> {
    const { lists } = tellReading(reply, await this.views.readRoster(host));
    return channelNamed(lists, channel);
  }

  @Get(':channel/members')
  @NeedsScope('read')
  @ApiParam(NAME)
  @ApiOperation({
    summary: 'The members of a channel, page by page',
    description:
      'Users, each once, in the order of their first membership that still lasts; an anonymous channel has a count and no list. ' +
      'A user whose first membership lasts while all pages are read is on exactly one of them, whoever else comes and goes. ' +
      'One who is there with several connections and closes the first of them meanwhile moves further behind, and may come a second time. ' +
      'Any `nextCursor`, given to `GET /v1/changes` or to a watch, tells what has changed since the first page was read.',
  })
  @ApiPageParameters('Members')
  @ApiQuery({
    name: 'anonymous',
    required: false,
    schema: { type: 'boolean', default: false },
    description:
      'Asks for the anonymous channel of that name instead of the authenticated one. Not needed for the built-in `anonymous`.',
  })
  @ApiOkResponse({ type: ChannelMembersDto, description: 'A page of members, or a count.', headers: CURSOR_HEADER })
  @ApiProblems(400, 401, 'scope', NOT_ACTIVE, 503)
  async channelMembers(
    @FromCaller() caller: Caller,
    @Param('channel', ChannelPipe) channel: string,
    @Query() query: Record<string, unknown>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ChannelMembersDto> {
    const asked = readMembersQuery(query);
    const reading = await this.views.read(caller.host);
    const isLarge = isLargeOf(reading.view.lists, channel, asked);
    const view = tellReading(reply, isLarge ? await this.turns.take(caller, reading, goneFrom(reply)) : reading);
    return membersOf(view, channel, asked);
  }
}
