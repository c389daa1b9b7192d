import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type PresenceRow, type Status, STATUS_TEXT_MAX_LENGTH, STATUSES } from '@rollcall/contract';

export class PresenceRowDto implements PresenceRow {
  @ApiProperty({ example: 'rocket.cat' })
  readonly _id: string;

  @ApiProperty({ example: 'Rocket.Cat' })
  readonly name: string;

  @ApiProperty({ example: 'rocket.cat' })
  readonly username: string;

  @ApiProperty({ enum: STATUSES, example: 'online' })
  readonly status: Status;

  @ApiProperty({ example: 0, description: 'Hours east of UTC.' })
  readonly utcOffset: number;

  @ApiPropertyOptional({ example: '5BB9B5ny5DkKdrwkq', description: 'Absent if it was never set.' })
  readonly avatarETag?: string;

  @ApiPropertyOptional({
    maxLength: STATUS_TEXT_MAX_LENGTH,
    example: 'In a meeting',
    description: 'Absent if none is set.',
  })
  readonly statusText?: string;
}
