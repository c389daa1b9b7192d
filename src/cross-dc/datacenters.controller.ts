import { Controller, Get, Query, Res, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiSecurity, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ApiKeyGuard } from '../auth/api-key.guard';
import { type Caller, FromCaller } from '../auth/caller';
import { NeedsScope } from '../auth/needs-scope';
import { goneFrom } from '../http/gone-from';
import { ApiPageParameters } from '../openapi/page-parameters';
import { ApiProblems } from '../openapi/responses';
import { DatacentersDto } from './datacenters.dto';
import { readDatacentersQuery } from './datacenters-query';
import { Spread } from './spread.service';

@ApiTags('Data centres')
@ApiSecurity('apiKey')
@ApiSecurity('apiKeyHeader')
@UseGuards(ApiKeyGuard)
@Controller('v1/datacenters')
export class DatacentersController {
  constructor(private readonly spread: Spread) {}

  @Get()
  @NeedsScope('counts', { widenedBy: 'users' })
  @ApiOperation({
    summary: 'The data centres, as seen from here',
    description:
      'What each has of this host, how fresh that is, and how many distinct users there are over all of them. With `users=true` also who they are and where, page by page in the order of their ids: who is connected while all pages are read is on one of them.',
  })
  @ApiPageParameters('Users')
  @ApiQuery({ name: 'users', required: false, schema: { type: 'boolean', default: false } })
  @ApiOkResponse({ type: DatacentersDto, description: 'The data centres, and the total.' })
  @ApiProblems(400, 401, 'scope', 503)
  datacenters(
    @FromCaller() caller: Caller,
    @Query() query: Record<string, unknown>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<DatacentersDto> {
    return this.spread.of(caller, readDatacentersQuery(query), () => goneFrom(reply));
  }
}
