import { ApiProperty } from '@nestjs/swagger';
import type { ChannelUser } from '@rollcall/contract';

export class ChannelUserDto implements ChannelUser {
  @ApiProperty({ example: 'USER_1' })
  readonly id: string;

  @ApiProperty({ type: String, nullable: true, example: 'a@example.com' })
  readonly email: string | null;
}
