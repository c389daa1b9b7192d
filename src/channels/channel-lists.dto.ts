import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { BUILT_IN_CHANNELS, type ChannelKind } from '@rollcall/contract';
import { MemberDto } from '../openapi/member.dto';

const NEXT_CURSOR = 'Gets the next page; absent on the last one.';

export class ChannelKindDto {
  @ApiProperty({ enum: BUILT_IN_CHANNELS })
  readonly kind: ChannelKind;

  @ApiProperty({
    type: 'integer',
    minimum: 1,
    example: 12,
    description: 'Distinct users, or connections of an anonymous channel.',
  })
  readonly count: number;
}

export class ActiveChannelDto extends ChannelKindDto {
  @ApiProperty({ example: 'salesRoom' })
  readonly channel: string;
}

export class ActiveChannelsDto {
  @ApiProperty({
    type: [ActiveChannelDto],
    description: 'By name, in the order of UTF-16 units. A name that is active in both kinds comes twice, users first.',
  })
  readonly channels: ActiveChannelDto[];

  @ApiPropertyOptional({ example: 'WyJzYWxlc1Jvb20iLCJhdXRoZW50aWNhdGVkIl0', description: NEXT_CURSOR })
  readonly nextCursor?: string;
}

export class ChannelDto {
  @ApiProperty({ example: 'salesRoom' })
  readonly channel: string;

  @ApiProperty({ type: [ChannelKindDto], description: 'One, or both if the name is active in both.' })
  readonly kinds: ChannelKindDto[];
}

export class ChannelMemberDto extends MemberDto {
  @ApiProperty({ type: 'integer', minimum: 1, example: 2, description: "The user's connections in this channel." })
  readonly connections: number;
}

export class ChannelMembersDto extends ActiveChannelDto {
  @ApiPropertyOptional({
    type: [ChannelMemberDto],
    description:
      'A page of users, in the order of their first membership that still lasts. Absent for an anonymous channel.',
  })
  readonly members?: ChannelMemberDto[];

  @ApiPropertyOptional({ example: 'WzQyLCJVU0VSXzEiXQ', description: NEXT_CURSOR })
  readonly nextCursor?: string;
}
