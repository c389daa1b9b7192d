import { Body, Controller, Get, Put, UseGuards } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { ApiKeyGuard } from '../auth/api-key.guard';
import { type Caller, FromCaller } from '../auth/caller';
import { NeedsScope } from '../auth/needs-scope';
import { ApiProblems } from '../openapi/responses';
import { BroadcastSetting } from './broadcast-setting.service';
import { SettingsDto, settingsIn } from './settings.dto';

@ApiTags('Settings')
@ApiSecurity('apiKey')
@ApiSecurity('apiKeyHeader')
@UseGuards(ApiKeyGuard)
@Controller('v1/settings')
export class SettingsController {
  constructor(private readonly broadcast: BroadcastSetting) {}

  @Get()
  @NeedsScope('admin')
  @ApiOperation({ summary: "The app's settings", description: 'As the apps file has them until they are set.' })
  @ApiOkResponse({ type: SettingsDto, description: 'What counts now, on all hosts of the app.' })
  @ApiProblems(401, 'scope', 503)
  async getSettings(@FromCaller() { app }: Caller): Promise<SettingsDto> {
    return { presence: { broadcastDisabled: await this.broadcast.read(app) } };
  }

  @Put()
  @NeedsScope('admin')
  @ApiOperation({
    summary: "Change the app's settings",
    description:
      'Without a restart, on all hosts of the app and all pods of this data centre. They are kept where the profiles are: where that forgets, the apps file counts again.',
  })
  @ApiBody({
    type: SettingsDto,
    examples: {
      silence: { summary: 'Tell nobody of presence', value: { presence: { broadcastDisabled: true } } },
      tell: { summary: 'Tell of it again', value: { presence: { broadcastDisabled: false } } },
    },
  })
  @ApiOkResponse({ type: SettingsDto, description: 'Every answer obeys from now on.' })
  @ApiProblems(400, 401, 'scope', 413, 415, 503)
  async putSettings(@FromCaller() { app }: Caller, @Body() body: unknown): Promise<SettingsDto> {
    const { presence } = settingsIn(body);
    await this.broadcast.write(app, presence.broadcastDisabled);
    return { presence };
  }
}
