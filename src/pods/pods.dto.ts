import { ApiProperty } from '@nestjs/swagger';

export class PodDto {
  @ApiProperty({ example: '3f9c2a1b7d04' })
  readonly pod: string;

  @ApiProperty({ example: 'us-east-1' })
  readonly dc: string;

  @ApiProperty({ example: '0.2.0' })
  readonly version: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-20T10:00:00.000Z' })
  readonly since: string;

  @ApiProperty({ type: 'integer', minimum: 0, example: 4711, description: 'On all hosts.' })
  readonly connections: number;

  @ApiProperty({ type: 'integer', minimum: 0, example: 840, description: 'How long ago it last renewed its lease.' })
  readonly leaseAgeMs: number;

  @ApiProperty({
    type: 'integer',
    minimum: 0,
    example: 0,
    description: 'How many changes the view furthest behind had yet to see at the last beat.',
  })
  readonly revisionLag: number;
}

export class PodsDto {
  @ApiProperty({ type: [PodDto] })
  readonly pods: PodDto[];
}
