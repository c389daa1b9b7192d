import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { BUILT_IN_CHANNELS, type ChannelKind } from '@rollcall/contract';
import { MemberDto } from '../openapi/member.dto';
import { PresenceRowDto } from '../openapi/presence-row.dto';

export class ChangedChannelDto {
  @ApiProperty({ example: 'salesRoom' })
  readonly channel: string;

  @ApiProperty({ enum: BUILT_IN_CHANNELS })
  readonly kind: ChannelKind;

  @ApiPropertyOptional({
    type: [MemberDto],
    description: 'Everybody who is there, if the answer is full. Empty for an anonymous channel.',
  })
  readonly users?: readonly MemberDto[];

  @ApiPropertyOptional({ type: [MemberDto], description: 'Users who have come.' })
  readonly joined?: readonly MemberDto[];

  @ApiPropertyOptional({ type: [String], example: ['USER_2'], description: 'Ids of users who have gone.' })
  readonly left?: readonly string[];

  @ApiProperty({
    type: 'integer',
    minimum: 0,
    example: 0,
    description: 'How many connections an anonymous channel has now; 0 for an authenticated one.',
  })
  readonly anonymous: number;
}

export class ChangesDto {
  @ApiProperty({ example: 'kVn0y2mQ3xZp.42.Xy1Zk9QwErTy.1795251947711', description: 'Gets what comes after this.' })
  readonly cursor: string;

  @ApiProperty({
    description:
      'Whether this is everything, and replaces what was known: there was no cursor, or one of which nothing is remembered.',
  })
  readonly full: boolean;

  @ApiProperty({ type: [ChangedChannelDto], description: 'A full answer lists all active channels.' })
  readonly channels: readonly ChangedChannelDto[];

  @ApiProperty({
    type: [PresenceRowDto],
    description: 'Rows that have changed, offline ones included; in a full answer those who are not offline.',
  })
  readonly presence: readonly PresenceRowDto[];
}
