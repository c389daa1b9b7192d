import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { AppError } from '@rollcall/contract';
import { Shutdown } from '../http/shutdown.service';
import { Stores } from '../store/stores';
import { ApiProblems } from '../openapi/responses';
import { HealthDto } from './health.dto';

@ApiTags('Health')
@ApiSecurity({})
@Controller('health')
export class HealthController {
  constructor(
    private readonly shutdown: Shutdown,
    private readonly stores: Stores,
  ) {}

  @Get('live')
  @ApiOperation({
    summary: 'Does the process work?',
    description: 'For the supervisor: anything but 200 means restart it. Answers on any host, without credentials.',
  })
  @ApiOkResponse({ type: HealthDto, description: 'It does.' })
  live(): HealthDto {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({
    summary: 'Shall this pod get traffic?',
    description:
      'For the load balancer: 503 before the first contact with Redis, while Redis has been away for too long, and once the pod has begun to go away. Answers on any host, without credentials.',
  })
  @ApiOkResponse({ type: HealthDto, description: 'It may.' })
  @ApiProblems(503)
  ready(): HealthDto {
    if (this.shutdown.begun) throw new AppError('UNAVAILABLE', 'This pod is going away.');
    const fault = this.stores.fault();
    if (fault !== undefined) throw new AppError('UNAVAILABLE', fault);
    return { status: 'ok' };
  }
}
