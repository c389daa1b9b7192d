import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { IsMoment } from '../http/moment.validator';
import { IsName } from '../http/name.validator';

export class RevokeDto {
  @ApiPropertyOptional({
    type: String,
    minLength: 1,
    maxLength: 255,
    example: '0b6f4c0e-7a43-4f0e-9a51-6d1c3f2f8a11',
    description: 'The id of one JWT, its `jti`.',
  })
  @IsOptional()
  @IsName()
  jti?: string | null;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    example: '2026-11-20T11:00:00Z',
    description: 'With `jti`: when the token expires by itself, so that the revocation can be forgotten after that.',
  })
  @IsOptional()
  @IsMoment()
  expiresAt?: string | null;

  @ApiPropertyOptional({
    type: String,
    minLength: 1,
    maxLength: 255,
    example: 'USER_1',
    description: 'The tokens of this user.',
  })
  @IsOptional()
  @IsName()
  userId?: string | null;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    example: '2026-11-20T10:00:00Z',
    description:
      "Tokens that were issued before this moment, which has been: the user's, or without `userId` everybody's.",
  })
  @IsOptional()
  @IsMoment()
  issuedBefore?: string | null;
}

export class RevocationDto {
  @ApiPropertyOptional({ example: '0b6f4c0e-7a43-4f0e-9a51-6d1c3f2f8a11' })
  readonly jti?: string;

  @ApiPropertyOptional({
    format: 'date-time',
    example: '2026-11-20T11:01:05.000Z',
    description:
      'With `jti`: when the revocation is forgotten. Absent: never, for nobody knows when the token expires.',
  })
  readonly keptUntil?: string;

  @ApiPropertyOptional({ example: 'USER_1' })
  readonly userId?: string;

  @ApiPropertyOptional({
    format: 'date-time',
    example: '2026-11-20T10:00:00.000Z',
    description: 'No token from before this moment counts any more.',
  })
  readonly issuedBefore?: string;
}
