import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type Status, STATUS_TEXT_MAX_LENGTH, STATUSES } from '@rollcall/contract';
import { Allow } from 'class-validator';

/** What the connections alone can say. */
const CONNECTION_STATUSES = ['online', 'away', 'offline'] as const satisfies Status[];

const CONNECTION_STATUS = {
  enum: CONNECTION_STATUSES,
  description: 'Of oneself only: what the connections alone say, whatever was chosen.',
};

export class SuccessDto {
  @ApiProperty({ enum: [true] })
  readonly success: true;
}

export class UserPresenceDto extends SuccessDto {
  @ApiProperty({ enum: STATUSES, description: 'As shown on this host now.' })
  readonly presence: Status;

  @ApiPropertyOptional(CONNECTION_STATUS)
  readonly connectionStatus?: Status;
}

export class UserStatusDto extends SuccessDto {
  @ApiProperty({ example: 'rocket.cat' })
  readonly _id: string;

  @ApiPropertyOptional(CONNECTION_STATUS)
  readonly connectionStatus?: Status;

  @ApiProperty({ enum: STATUSES, description: 'As shown on this host now.' })
  readonly status: Status;

  @ApiPropertyOptional({
    format: 'date-time',
    example: '2026-11-20T12:00:00.000Z',
    description: 'When what was chosen ends by itself. Absent: it lasts, or nothing was chosen.',
  })
  readonly statusExpiresAt?: string;
}

/** What is wrong with a field is said by the rules that the socket's events obey, too. */
export class SetStatusDto {
  @ApiPropertyOptional({
    type: String,
    enum: STATUSES,
    example: 'busy',
    description: 'Absent keeps the chosen status.',
  })
  @Allow()
  status?: unknown;

  @ApiPropertyOptional({
    type: String,
    maxLength: STATUS_TEXT_MAX_LENGTH,
    example: 'In a meeting',
    description: 'The status text, without the spaces around it. Absent keeps it, and an empty one clears it.',
  })
  @Allow()
  message?: unknown;

  @ApiPropertyOptional({
    type: String,
    maxLength: 255,
    example: 'aobEdbYhXfu5hkeqG',
    description: 'Whose status to set.',
  })
  @Allow()
  userId?: unknown;

  @ApiPropertyOptional({ type: String, maxLength: 255, example: 'demo', description: 'The same by username.' })
  @Allow()
  username?: unknown;

  @ApiPropertyOptional({ type: String, maxLength: 255, example: 'demo', description: 'The same as `username`.' })
  @Allow()
  user?: unknown;

  @ApiPropertyOptional({
    type: String,
    example: '2099-11-20T12:00:00Z',
    description:
      'When it ends: ISO 8601, in the future; without a zone it is UTC. It is the end of status and text alike, also of one that was set before and is kept. Absent: it stays until it is set anew.',
  })
  @Allow()
  expiresAt?: unknown;
}
