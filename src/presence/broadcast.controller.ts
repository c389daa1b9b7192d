import { Body, Controller, Header, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { AppError } from '@rollcall/contract';
import { Accounts } from '../auth/accounts.service';
import { type Caller, FromCaller } from '../auth/caller';
import { UserTokenGuard } from '../auth/user-token.guard';
import { BodyPipe } from '../http/body.pipe';
import { ApiPresenceErrors } from '../openapi/responses';
import { BroadcastSetting } from './broadcast-setting.service';
import { PresenceLimitGuard } from './presence-limit.guard';
import { SuccessDto } from './status.dto';
import { ApiAnswer } from './status.openapi';

/** Nothing of it is read. */
class AnyBodyDto {}

@ApiTags('Presence (Rocket.Chat)')
@ApiSecurity({ userToken: [], userId: [] })
@UseGuards(UserTokenGuard, PresenceLimitGuard)
@Controller('api/v1')
export class BroadcastController {
  constructor(
    private readonly broadcast: BroadcastSetting,
    private readonly accounts: Accounts,
  ) {}

  @Post('presence.enableBroadcast')
  @HttpCode(200)
  @Header('Content-Type', 'application/json')
  @ApiOperation({
    summary: 'Tell of presence again',
    description:
      'Sets `broadcastDisabled` to false, as `PUT /v1/settings` does. Takes the role `admin`. Nothing of a body is read.',
  })
  @ApiBody({ required: false, schema: { type: 'object' } })
  @ApiAnswer(SuccessDto, 'Every answer tells of presence from now on.', {
    enabled: { summary: 'It is enabled', value: { success: true } },
  })
  @ApiPresenceErrors(400, 401, 403, 413, 415, 429, 503)
  async enableBroadcast(
    @FromCaller() { app, user }: Caller,
    @Body(new BodyPipe(AnyBodyDto)) _: AnyBodyDto,
  ): Promise<Buffer> {
    if (user === undefined || !this.accounts.isAdmin(app, user.id, user.claimedRole)) throw new AppError('FORBIDDEN');
    await this.broadcast.write(app, false);
    return Buffer.from('{"success":true}');
  }
}
