import { Body, Controller, Get, Header, HttpCode, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { AppError } from '@rollcall/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Caller, FromCaller } from '../auth/caller';
import { UserTokenGuard } from '../auth/user-token.guard';
import { BodyPipe } from '../http/body.pipe';
import { tellStale } from '../http/stale-header';
import { ApiPresenceErrors } from '../openapi/responses';
import { type Choice, choiceOf, endOf } from './choice';
import { namedInQuery, namedUser } from './named-user';
import { PresenceLimitGuard } from './presence-limit.guard';
import { SetStatusDto, SuccessDto, UserPresenceDto, UserStatusDto } from './status.dto';
import { ApiAnswer, ApiOneUser } from './status.openapi';
import { UserStatuses } from './user-statuses.service';

@ApiTags('Presence (Rocket.Chat)')
@ApiSecurity({ userToken: [], userId: [] })
@UseGuards(UserTokenGuard, PresenceLimitGuard)
@Controller('api/v1')
export class StatusController {
  constructor(private readonly statuses: UserStatuses) {}

  @Get('users.getPresence')
  @Header('Content-Type', 'application/json')
  @ApiOperation({
    summary: 'Presence of one user',
    description: 'Of yourself, without parameters or by your own name, it also says what your connections say.',
  })
  @ApiOneUser(UserPresenceDto, {
    self: { summary: 'Of oneself', value: { presence: 'busy', connectionStatus: 'online', success: true } },
    other: { summary: 'Of somebody else', value: { presence: 'online', success: true } },
  })
  @ApiPresenceErrors(401, 429, 503)
  async getPresence(
    @FromCaller() caller: Caller,
    @Req() { url }: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const { status, connectionStatus, isCaller, staleMs } = await this.statuses.read(caller, namedInQuery(url));
    tellStale(reply, staleMs);
    return success({ presence: status, ...(isCaller ? { connectionStatus } : {}) });
  }

  @Get('users.getStatus')
  @Header('Content-Type', 'application/json')
  @ApiOperation({
    summary: 'Status of one user',
    description:
      'The same under other names, and when the status ends, if it does so by itself. The status text is in `users.presence`.',
  })
  @ApiOneUser(UserStatusDto, {
    self: {
      summary: 'Of oneself',
      value: { _id: 'aobEdbYhXfu5hkeqG', connectionStatus: 'online', status: 'busy', success: true },
    },
    other: { summary: 'Of somebody else', value: { _id: 'rocket.cat', status: 'online', success: true } },
    timed: {
      summary: 'Of somebody in a meeting',
      value: { _id: 'rocket.cat', status: 'busy', statusExpiresAt: '2026-11-20T12:00:00.000Z', success: true },
    },
  })
  @ApiPresenceErrors(401, 429, 503)
  async getStatus(
    @FromCaller() caller: Caller,
    @Req() { url }: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const { userId, isCaller, staleMs, ...shown } = await this.statuses.read(caller, namedInQuery(url));
    const { status, connectionStatus, choiceEndsAtMs } = shown;
    tellStale(reply, staleMs);
    return success({ _id: userId, ...(isCaller ? { connectionStatus } : {}), status, ...expiryOf(choiceEndsAtMs) });
  }

  @Post('users.setStatus')
  @HttpCode(200)
  @Header('Content-Type', 'application/json')
  @ApiOperation({
    summary: 'Set a status, a status text, or both',
    description:
      "What the socket's `presence:set` does, also for a user without a connection: then it shows with the next one. Yours without a name; anybody else's takes the role `admin`. From `expiresAt` on it is as if nothing had been chosen: no text, and the status that the connections say; without it, what is set stays until it is set anew. When the answer comes, every other answer shows it; while Redis is away it comes with `X-Rollcall-Degraded: true`, and is written later.",
  })
  @ApiBody({
    type: SetStatusDto,
    examples: {
      both: { summary: 'Both', value: { status: 'busy', message: 'In a meeting' } },
      timed: {
        summary: 'For a while',
        value: { status: 'busy', message: 'In a meeting', expiresAt: '2099-11-20T12:00:00Z' },
      },
      clear: { summary: 'Clear the text', value: { message: '' } },
    },
  })
  @ApiAnswer(SuccessDto, 'It is set.', { set: { summary: 'It is set', value: { success: true } } })
  @ApiPresenceErrors(400, 401, 403, 413, 415, 429, 503)
  async setStatus(
    @FromCaller() caller: Caller,
    @Body(new BodyPipe(SetStatusDto)) body: SetStatusDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const written = await this.statuses.set(caller, namedUser({ ...body }), choiceIn(body));
    if (written === 'degraded') void reply.header('x-rollcall-degraded', 'true');
    return success({});
  }
}

function choiceIn({ status, message, expiresAt }: SetStatusDto): Choice {
  const choice = choiceOf(
    { status: status === '' ? undefined : (status ?? undefined), message: message ?? undefined },
    'message',
  );
  if (Object.keys(choice).length > 0) return { ...choice, ...endOf(expiresAt) };
  throw new AppError('BAD_REQUEST', 'status or message is missing: send one of them, or both.', 'message');
}

const expiryOf = (endsAtMs: number | undefined): { statusExpiresAt?: string } =>
  endsAtMs === undefined ? {} : { statusExpiresAt: new Date(endsAtMs).toISOString() };

/** As bytes: Fastify would add a charset to a string. */
const success = (fields: object): Buffer => Buffer.from(JSON.stringify({ ...fields, success: true }));
