import { ApiPropertyOptional } from '@nestjs/swagger';
import { Allow } from 'class-validator';

/** The key may stand in the body; the guard has checked it, and handlers have no use for it. */
export class ApiKeyDto {
  @ApiPropertyOptional({
    type: String,
    format: 'password',
    writeOnly: true,
    example: 'BFAPI_demo',
    description: "The app's API key. Instead, it may come as `Authorization: Bearer <key>` or as `X-Api-Key`.",
  })
  @Allow()
  apiKey?: string;
}
