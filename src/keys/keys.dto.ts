import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { KEY_SCOPES, type KeyScope } from '../config/app';

export class KeyDto {
  @ApiPropertyOptional({ example: 'wallboard', description: 'As the apps file calls it.' })
  readonly name?: string;

  @ApiProperty({ enum: KEY_SCOPES, isArray: true, example: ['counts'] })
  readonly scopes: KeyScope[];

  @ApiProperty({
    pattern: '^[0-9a-f]{8}$',
    example: '5fde4f0b',
    description: "The first digits of the key's SHA-256, by which to find it in the apps file.",
  })
  readonly sha256Prefix: string;

  @ApiPropertyOptional({
    format: 'date-time',
    example: '2026-11-20T10:00:00.000Z',
    description: 'Absent: not used on any pod that is up, since that pod started.',
  })
  readonly lastUsedAt?: string;
}

export class KeysDto {
  @ApiProperty({ type: [KeyDto] })
  readonly keys: KeyDto[];
}
