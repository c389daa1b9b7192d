import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { ChannelKind } from '@rollcall/contract';

export const DATACENTER_STATES = ['live', 'stale', 'missing'] as const;
export type DatacenterState = (typeof DATACENTER_STATES)[number];

export class DatacenterDto {
  @ApiProperty({ example: 'us-east-1' })
  readonly dc: string;

  @ApiProperty({
    enum: DATACENTER_STATES,
    description:
      '`live`: it answered within this call. `stale`: what it last said. `missing`: never heard of, or silent for too long; then nothing else is told of it.',
  })
  readonly state: DatacenterState;

  @ApiPropertyOptional({
    format: 'date-time',
    example: '2026-11-20T10:00:00.000Z',
    description: "Until when the figures were true for certain, by this pod's clock.",
  })
  readonly asOf?: string;

  @ApiPropertyOptional({
    type: Number,
    minimum: 0,
    example: 84.2,
    description: 'How long its last answer took, in ms.',
  })
  readonly roundTripMs?: number;

  @ApiPropertyOptional({ type: 'integer', minimum: 0, example: 3, description: 'On all hosts. Absent until it told.' })
  readonly pods?: number;

  @ApiPropertyOptional({ type: 'integer', minimum: 0, example: 12, description: 'Distinct users of this host there.' })
  readonly authenticated?: number;

  @ApiPropertyOptional({ type: 'integer', minimum: 0, example: 4, description: 'Anonymous connections of this host.' })
  readonly anonymous?: number;
}

export class DatacentersTotalDto {
  @ApiProperty({
    type: 'integer',
    minimum: 0,
    example: 19,
    description: 'The sum: who is in two data centres counts twice.',
  })
  readonly authenticated: number;

  @ApiProperty({ type: 'integer', minimum: 0, example: 6 })
  readonly anonymous: number;

  @ApiProperty({ type: 'integer', minimum: 0, example: 17, description: 'Users, each once, over all data centres.' })
  readonly distinctUsers: number;
}

export class SpreadChannelDto {
  @ApiProperty({ example: 'salesRoom' })
  readonly channel: string;

  @ApiProperty({ enum: ['authenticated', 'anonymous'] })
  readonly kind: ChannelKind;
}

export class SpreadConnectionDto {
  @ApiProperty({ example: 'us-east-1' })
  readonly dc: string;

  @ApiProperty({ example: '3f9c2a1b7d04.1' })
  readonly pod: string;

  @ApiProperty({ example: 'Zm9vYmFyYmF6AAAB', description: "The socket's id." })
  readonly connectionId: string;

  @ApiProperty({ type: [SpreadChannelDto], description: 'Channels that it joined, without built-in and tab channels.' })
  readonly channels: SpreadChannelDto[];
}

export class SpreadUserDto {
  @ApiProperty({ example: 'USER_1' })
  readonly id: string;

  @ApiProperty({ type: String, nullable: true, example: 'ada@example.com' })
  readonly email: string | null;

  @ApiProperty({ type: [SpreadConnectionDto], description: 'In all data centres that are not missing.' })
  readonly connections: SpreadConnectionDto[];
}

export class DatacentersDto {
  @ApiProperty({ type: [DatacenterDto], description: 'This one first.' })
  readonly datacenters: DatacenterDto[];

  @ApiProperty({ type: DatacentersTotalDto, description: 'Over all that are not missing.' })
  readonly total: DatacentersTotalDto;

  @ApiPropertyOptional({
    type: [SpreadUserDto],
    description: 'With `users=true`: a page of them, in the order of their ids.',
  })
  readonly users?: SpreadUserDto[];

  @ApiPropertyOptional({
    example: 'IlVTRVJfMSI',
    description: 'With `users=true`: gets the next page; absent on the last one.',
  })
  readonly nextCursor?: string;
}
