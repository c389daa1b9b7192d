import { Controller, Get, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { PodRegistry } from '@rollcall/roster';
import { ApiKeyGuard } from '../auth/api-key.guard';
import { type Caller, FromCaller } from '../auth/caller';
import { KeyUses, prefixOf } from '../auth/key-uses.service';
import { NeedsScope } from '../auth/needs-scope';
import { ApiProblems } from '../openapi/responses';
import { KeysDto } from './keys.dto';

@ApiTags('API keys')
@ApiSecurity('apiKey')
@ApiSecurity('apiKeyHeader')
@UseGuards(ApiKeyGuard)
@Controller('v1/keys')
export class KeysController {
  constructor(
    private readonly uses: KeyUses,
    private readonly pods: PodRegistry,
  ) {}

  @Get()
  @NeedsScope('admin')
  @ApiOperation({
    summary: "The app's API keys",
    description:
      'What each may do, and when it was last used on any pod of this data centre that is up now. Pods keep that in memory and tell it with each beat: what a pod knew that has ended is gone, so an old key is best watched for a while before it is removed.',
  })
  @ApiOkResponse({ type: KeysDto, description: 'The keys, in the order of the apps file.' })
  @ApiProblems(401, 'scope', 503)
  async keys(@FromCaller() { app }: Caller): Promise<KeysDto> {
    const lastUsed = new Map<string, number>();
    const told = (await this.pods.list()).flatMap(({ keyUses = [] }) => keyUses);
    for (const use of [...told, ...this.uses.all()]) {
      if (use.app !== app.id) continue;
      lastUsed.set(use.sha256Prefix, Math.max(use.atMs, lastUsed.get(use.sha256Prefix) ?? 0));
    }
    return {
      keys: app.apiKeys.map((key) => {
        const sha256Prefix = prefixOf(key);
        const atMs = lastUsed.get(sha256Prefix);
        return {
          ...(key.name === undefined ? {} : { name: key.name }),
          scopes: [...key.scopes],
          sha256Prefix,
          ...(atMs === undefined ? {} : { lastUsedAt: new Date(atMs).toISOString() }),
        };
      }),
    };
  }
}
