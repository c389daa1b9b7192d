import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  type PipeTransform,
  Post,
  Put,
  Res,
  UseGuards,
} from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import { AppError, nameFault } from '@rollcall/contract';
import { Views } from '@rollcall/roster';
import type { FastifyReply } from 'fastify';
import { ApiKeyGuard } from '../auth/api-key.guard';
import { type Caller, FromCaller } from '../auth/caller';
import { NeedsScope } from '../auth/needs-scope';
import { BodyPipe } from '../http/body.pipe';
import { goneFrom } from '../http/gone-from';
import { tellStale } from '../http/stale-header';
import { ApiProblems } from '../openapi/responses';
import { UserAccess } from './user-access.service';
import { UserTurns } from './user-turns.service';
import { ClosedDto, MintedTokenDto, MintTokenDto, ProfileDto, PutUserDto, UserDto } from './users.dto';
import { Users } from './users.service';

class UserIdPipe implements PipeTransform<string, string> {
  transform(id: string): string {
    const fault = nameFault(id);
    if (fault !== undefined) throw new AppError('BAD_REQUEST', `The user id ${fault}.`, 'id');
    return id;
  }
}

const UserId = (): ParameterDecorator => Param('id', UserIdPipe);

const USER_ID = { name: 'id', example: 'USER_1', description: '1 to 255 characters, no control characters.' };

@ApiTags('Users')
@ApiSecurity('apiKey')
@ApiSecurity('apiKeyHeader')
@ApiParam(USER_ID)
@UseGuards(ApiKeyGuard)
@Controller('v1/users')
export class UsersController {
  constructor(
    private readonly users: Users,
    private readonly access: UserAccess,
    private readonly views: Views,
    private readonly turns: UserTurns,
  ) {}

  @Put(':id')
  @NeedsScope('write')
  @ApiOperation({
    summary: 'Create or replace a profile',
    description:
      'Replaces the whole profile: what you leave out is unset. Shows at once in every answer. The directory wins over the apps file, and the claims of a token fill what is missing.',
  })
  @ApiOkResponse({ type: ProfileDto, description: 'The profile as answers show it.' })
  @ApiProblems(400, 401, 'scope', 413, 415, 503)
  put(
    @FromCaller() caller: Caller,
    @UserId() id: string,
    @Body(new BodyPipe(PutUserDto)) body: PutUserDto,
  ): Promise<ProfileDto> {
    const given = Object.entries(body).filter(([, value]) => value !== null && value !== undefined);
    return this.users.put(caller, id, Object.fromEntries(given));
  }

  @Get(':id')
  @NeedsScope('read')
  @ApiParam({ ...USER_ID, example: 'rocket.cat' })
  @ApiOperation({ summary: 'A user, with status and connections on this host' })
  @ApiOkResponse({ type: UserDto, description: 'The user.' })
  @ApiProblems(400, 401, 'scope', 404, 503)
  async get(
    @FromCaller() caller: Caller,
    @UserId() id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UserDto> {
    // What ends by itself is to have ended here when it has in `users.presence`: a roster that was only read has an older time.
    const read = await this.views.readPresence(caller.host);
    const reading = await this.turns.take(caller, id, read, () => goneFrom(reply));
    // Also where that knows nobody of the name.
    tellStale(reply, reading.staleMs);
    return this.users.get(caller, id, reading);
  }

  @Delete(':id')
  @NeedsScope('write')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Erase a user',
    description:
      "Forgets the profile, the tokens and the chosen status on all hosts of the app, and closes the user's sockets. JWTs issued until now are refused from now on. Also fine for a user who is not there.",
  })
  @ApiNoContentResponse({ description: 'The user is erased, and no answer shows the user any more.' })
  @ApiProblems(400, 401, 'scope', 413, 415, 503)
  erase(@FromCaller() caller: Caller, @UserId() id: string): Promise<void> {
    return this.access.erase(caller, id);
  }

  @Post(':id/tokens')
  @NeedsScope('write')
  @ApiOperation({
    summary: 'Mint a token',
    description:
      'An opaque token with which the user connects: `auth: {token, userId}`, or `X-Auth-Token` and `X-User-Id`.',
  })
  @ApiCreatedResponse({ type: MintedTokenDto, description: 'The token, shown this once.' })
  @ApiProblems(400, 401, 'scope', 413, 415, 429, 503)
  mintToken(
    @FromCaller() caller: Caller,
    @UserId() id: string,
    @Body(new BodyPipe(MintTokenDto)) { expiresInSeconds }: MintTokenDto,
  ): Promise<MintedTokenDto> {
    return this.access.mintToken(caller, id, expiresInSeconds ?? undefined);
  }

  @Delete(':id/tokens')
  @NeedsScope('write')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Revoke all tokens of a user',
    description:
      "Minted ones, those of the apps file, and JWTs issued until now; closes the user's sockets on all hosts of the app.",
  })
  @ApiNoContentResponse({ description: 'No token from before counts any more, and the sockets are closed.' })
  @ApiProblems(400, 401, 'scope', 413, 415, 503)
  async revokeTokens(@FromCaller() caller: Caller, @UserId() id: string): Promise<void> {
    await this.access.revokeTokens(caller, id);
  }

  @Delete(':id/connections')
  @NeedsScope('write')
  @ApiOperation({
    summary: 'Kick a user',
    description: "Closes the user's sockets on this host. The user may come back.",
  })
  @ApiOkResponse({ type: ClosedDto, description: 'The sockets are closed, and no answer shows them.' })
  @ApiProblems(400, 401, 'scope', 413, 415, 503)
  async kick(@FromCaller() caller: Caller, @UserId() id: string): Promise<ClosedDto> {
    return { closed: await this.access.kick(caller, id) };
  }
}
