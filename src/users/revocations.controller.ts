import { Body, Controller, Post, UseGuards } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiOperation, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { ApiKeyGuard } from '../auth/api-key.guard';
import { type Caller, FromCaller } from '../auth/caller';
import { NeedsScope } from '../auth/needs-scope';
import { BodyPipe } from '../http/body.pipe';
import { ApiProblems } from '../openapi/responses';
import { RevocationDto, RevokeDto } from './revocations.dto';
import { TokenRevocations } from './token-revocations.service';

const EXAMPLES = {
  token: {
    summary: 'One JWT',
    value: { jti: '0b6f4c0e-7a43-4f0e-9a51-6d1c3f2f8a11', expiresAt: '2026-11-20T11:00:00Z' },
  },
  user: { summary: 'All tokens of a user', value: { userId: 'USER_1' } },
  everybody: { summary: 'Everything from before', value: { issuedBefore: '2026-11-20T10:00:00Z' } },
};

@ApiTags('Users')
@ApiSecurity('apiKey')
@ApiSecurity('apiKeyHeader')
@UseGuards(ApiKeyGuard)
@Controller('v1/revocations')
export class RevocationsController {
  constructor(private readonly revocations: TokenRevocations) {}

  @Post()
  @NeedsScope('admin')
  @ApiOperation({
    summary: 'Revoke tokens',
    description:
      'One JWT by its `jti`; the tokens of a user (`userId`, as with `DELETE /v1/users/{id}/tokens`, or with `issuedBefore` those from before that moment); or with `issuedBefore` alone the tokens of everybody from before. They are refused from now on, and within a second the sockets that live by them are closed, on all pods and all hosts of the app. A token without a date, such as those of the apps file and JWTs without `iat`, counts as issued before any moment.',
  })
  @ApiBody({ type: RevokeDto, examples: EXAMPLES })
  @ApiCreatedResponse({ type: RevocationDto, description: 'Revoked.' })
  @ApiProblems(400, 401, 'scope', 413, 415, 429, 503)
  revoke(@FromCaller() caller: Caller, @Body(new BodyPipe(RevokeDto)) body: RevokeDto): Promise<RevocationDto> {
    return this.revocations.revoke(caller, body);
  }
}
