import { Controller, Get, Header, Query, Res, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiSecurity, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ApiKeyGuard } from '../auth/api-key.guard';
import { type Caller, FromCaller } from '../auth/caller';
import { NeedsScope } from '../auth/needs-scope';
import { goneFrom } from '../http/gone-from';
import { tellStale } from '../http/stale-header';
import { ApiProblems, failing } from '../openapi/responses';
import { readChangesQuery, WAIT_MAX_SECONDS } from './changes-query';
import { ChangesDto } from './changes.dto';
import { Changes } from './changes.service';
import { textOf } from './kept-bodies';

const TOO_LARGE = failing(
  'Everything at once would be more than 50,000 members of channels and rows of presence; the text says what to do instead.',
  'PAYLOAD_TOO_LARGE',
);

@ApiTags('Changes')
@ApiSecurity('apiKey')
@ApiSecurity('apiKeyHeader')
@UseGuards(ApiKeyGuard)
@Controller('v1/changes')
export class ChangesController {
  constructor(private readonly changes: Changes) {}

  @Get()
  @Header('Content-Type', 'application/json; charset=utf-8')
  @NeedsScope('read')
  @ApiOperation({
    summary: 'What has changed, as soon as it has',
    description:
      'Without a cursor: everything, at once, unless that is too much. With the cursor of an earlier answer: what is different from what that answer showed, as soon as something is, or nothing after `waitSeconds`. ' +
      'Each change is told once, and none is missed, on whichever pod. A cursor of the socket, of a list or of an `X-Rollcall-Cursor` header works as well. ' +
      'Who vanished with a connection is told of when the offline grace is over, so that a page that is loaded again is no change.',
  })
  @ApiQuery({ name: 'cursor', required: false, schema: { type: 'string' }, description: 'Of an earlier answer.' })
  @ApiQuery({
    name: 'channel',
    required: false,
    schema: { type: 'string', minLength: 1, maxLength: 255 },
    example: 'salesRoom',
    description: 'Only this channel, both kinds of it, and no presence unless it is asked for.',
  })
  @ApiQuery({
    name: 'presence',
    required: false,
    schema: { type: 'boolean' },
    description: "Whether users' presence is told as well: yes, unless a channel is named.",
  })
  @ApiQuery({
    name: 'waitSeconds',
    required: false,
    schema: { type: 'integer', minimum: 0, maximum: WAIT_MAX_SECONDS, default: WAIT_MAX_SECONDS },
    description: 'How long to wait if nothing has changed.',
  })
  @ApiOkResponse({ type: ChangesDto, description: 'What has changed, or everything.' })
  @ApiProblems(400, 401, 'scope', TOO_LARGE, 429, 503)
  async changed(
    @FromCaller() caller: Caller,
    @Query() query: Record<string, unknown>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const asked = readChangesQuery(query);
    const { body, staleMs } = await this.changes.answer(caller, asked, goneFrom(reply));
    tellStale(reply, staleMs);
    return textOf(body);
  }
}
