import { Controller, Get, Header, Req, Res, UseGuards } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiQuery, ApiSecurity, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Caller, FromCaller } from '../auth/caller';
import { tellStale } from '../http/stale-header';
import { UserTokenGuard } from '../auth/user-token.guard';
import { ApiPresenceErrors } from '../openapi/responses';
import { PresenceAnswerDto } from './presence.dto';
import { PRESENCE_ANSWER } from './presence.openapi';
import { PresenceLimit } from './presence-limit';
import { PresenceLimitGuard } from './presence-limit.guard';
import { readPresenceQuery } from './presence-query';
import { UsersPresence } from './users-presence.service';

/** An answer counts once more for each of so many users: whatever is asked for, a user's minute is half a second of a pod. */
const USERS_OF_A_CALL = 500;

@ApiTags('Presence (Rocket.Chat)')
@ApiSecurity({ userToken: [], userId: [] })
@UseGuards(UserTokenGuard, PresenceLimitGuard)
@Controller('api/v1')
export class PresenceController {
  constructor(
    private readonly presence: UsersPresence,
    private readonly limit: PresenceLimit,
  ) {}

  @Get('users.presence')
  @Header('Content-Type', 'application/json')
  @Header('Pragma', 'no-cache')
  @ApiOperation({
    summary: 'Presence of users',
    description:
      'Without parameters: everybody who is not offline, and `full` is true. With `from`: everybody but yourself whose presence changed at or after that time, also who went offline, and `full` is false; a time that is 10 minutes old or older, or unreadable, gives the full list. ' +
      "With `ids`: those of them who are not offline. Poll with the last reply's `Date`, or its `X-Rollcall-Time` as an ISO time, as the next `from`, and no change is missed. An app with `broadcastDisabled` gets an empty list.",
  })
  @ApiQuery({
    name: 'ids',
    required: false,
    style: 'form',
    explode: false,
    schema: { type: 'array', items: { type: 'string' } },
    example: ['rocket.cat'],
    description: 'User ids, with commas, repeated, or as `ids[]=`; they win over `from`.',
  })
  @ApiQuery({
    name: 'from',
    required: false,
    schema: { type: 'string' },
    example: '2019-05-22T12:11:45.392Z',
    description: 'ISO 8601; time zone, milliseconds and seconds are optional, and without a zone it is UTC.',
  })
  @ApiExtraModels(PresenceAnswerDto)
  @ApiOkResponse(PRESENCE_ANSWER)
  @ApiPresenceErrors(401, 429, 503)
  async usersPresence(
    @FromCaller() caller: Caller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const { body, atMs, cursor, staleMs } = await this.presence.answer(
      caller,
      readPresenceQuery(request.url),
      (users) => this.payFor(users, caller, reply),
    );
    tellStale(reply, staleMs);
    void reply.headers({
      date: new Date(atMs).toUTCString(),
      'x-rollcall-time': String(atMs),
      'x-rollcall-cursor': cursor,
    });
    return body;
  }

  /** One call is always possible, however low the limit is. */
  private async payFor(users: number, { app, user }: Caller, reply: FastifyReply): Promise<void> {
    const calls = Math.min(Math.floor(users / USERS_OF_A_CALL), app.limits.usersPresencePerMinute - 1);
    if (calls > 0) await this.limit.take(app, user?.id ?? '', this.usersPresence.name, calls, reply);
  }
}
