import { ApiProperty } from '@nestjs/swagger';
import { PresenceRowDto } from '../openapi/presence-row.dto';

export class PresenceAnswerDto {
  @ApiProperty({ type: [PresenceRowDto] })
  readonly users: PresenceRowDto[];

  @ApiProperty({ description: 'True: everybody who is not offline. False: those who were asked for, or who changed.' })
  readonly full: boolean;

  @ApiProperty({ enum: [true] })
  readonly success: true;
}
