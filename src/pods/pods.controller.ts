import { Controller, Get, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { PodRegistry } from '@rollcall/roster';
import { ApiKeyGuard } from '../auth/api-key.guard';
import { NeedsScope } from '../auth/needs-scope';
import { ApiProblems } from '../openapi/responses';
import { PodsDto } from './pods.dto';

@ApiTags('Pods')
@ApiSecurity('apiKey')
@ApiSecurity('apiKeyHeader')
@UseGuards(ApiKeyGuard)
@Controller('v1/pods')
export class PodsController {
  constructor(private readonly registry: PodRegistry) {}

  @Get()
  @NeedsScope('admin')
  @ApiOperation({
    summary: 'The pods of this data centre',
    description: 'Each pod with what it last told of itself. A pod that has been silent for a lease is not listed.',
  })
  @ApiOkResponse({ type: PodsDto, description: 'The pods, longest running first.' })
  @ApiProblems(401, 'scope', 503)
  async pods(): Promise<PodsDto> {
    const pods = [...(await this.registry.list())].sort((a, b) => a.startedAtMs - b.startedAtMs);
    return {
      pods: pods.map(({ instance, dc, version, startedAtMs, connections, beatAgeMs, viewLag }) => ({
        pod: instance,
        dc,
        version,
        since: new Date(startedAtMs).toISOString(),
        connections,
        leaseAgeMs: Math.round(beatAgeMs),
        revisionLag: viewLag,
      })),
    };
  }
}
