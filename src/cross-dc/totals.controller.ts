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
import type { FastifyReply } from 'fastify';
import { ApiKeyGuard } from '../auth/api-key.guard';
import { type Caller, FromCaller } from '../auth/caller';
import { NeedsScope } from '../auth/needs-scope';
import { BodyPipe } from '../http/body.pipe';
import { ChannelUserDto } from '../openapi/channel-user.dto';
import { ApiMessageErrors } from '../openapi/responses';
import { AllUsersDto } from './totals.dto';
import { ALL_USERS, ALL_USERS_REQUESTS } from './totals.openapi';
import { Totals } from './totals.service';

@ApiTags('Messaging (BetterForms, Klai)')
@ApiSecurity({})
@ApiSecurity('apiKey')
@ApiSecurity('apiKeyHeader')
@ApiExtension('x-auth-in-body', { field: 'apiKey' })
@UseGuards(ApiKeyGuard)
@Controller('message')
export class TotalsController {
  constructor(private readonly totals: Totals) {}

  @Post('allusers')
  @NeedsScope('counts', { widenedBy: 'includeUsers' })
  @Header('Content-Type', 'application/json')
  @ApiOperation({
    summary: 'Totals over all data centres',
    description:
      'How many users and anonymous connections this host has in each data centre, and in all of them. A user who is in two data centres counts in both, and twice in `_total`.',
  })
  @ApiBody({ type: AllUsersDto, examples: ALL_USERS_REQUESTS })
  @ApiExtraModels(ChannelUserDto)
  @ApiCreatedResponse(ALL_USERS)
  @ApiMessageErrors(400, 401, 'scope', 413, 415, 503)
  async allUsers(
    @FromCaller() { host }: Caller,
    @Body(new BodyPipe(AllUsersDto)) { includeUsers, dedupeUsers }: AllUsersDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const asked = { includeUsers: includeUsers ?? false, dedupeUsers: dedupeUsers ?? true };
    const { body, states } = await this.totals.of(host, asked);
    void reply.header('x-rollcall-dc', states);
    return body;
  }
}
