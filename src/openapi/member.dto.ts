import { ApiProperty } from '@nestjs/swagger';

/** A member of an authenticated channel, as back ends see one. */
export class MemberDto {
  @ApiProperty({ example: 'USER_1' })
  readonly id: string;

  @ApiProperty({ example: 'ada' })
  readonly username: string;

  @ApiProperty({ example: 'Ada Lovelace' })
  readonly name: string;

  @ApiProperty({ type: String, nullable: true, example: 'ada@example.com' })
  readonly email?: string | null;
}
