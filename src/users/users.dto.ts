import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type ChannelKind, type Status, STATUSES } from '@rollcall/contract';
import { type Role, ROLES } from '@rollcall/roster';
import { IsBoolean, IsIn, IsInt, IsNumber, IsOptional, Max, Min } from 'class-validator';
import { IsName, IsText } from '../http/name.validator';

/** Ten years: longer is no expiry at all. */
const EXPIRY_MAX_SECONDS = 315_360_000;

export class PutUserDto {
  @ApiPropertyOptional({ type: String, maxLength: 320, example: 'ada@example.com' })
  @IsOptional()
  @IsText(320)
  email?: string | null;

  @ApiPropertyOptional({ type: String, maxLength: 255, example: 'ada', description: 'Default: the id.' })
  @IsOptional()
  @IsName()
  username?: string | null;

  @ApiPropertyOptional({ type: String, maxLength: 255, example: 'Ada Lovelace', description: 'Default: the username.' })
  @IsOptional()
  @IsName()
  name?: string | null;

  @ApiPropertyOptional({ type: Number, minimum: -14, maximum: 14, example: 1, description: 'Hours east of UTC.' })
  @IsOptional()
  @IsNumber({ allowNaN: false, allowInfinity: false })
  @Min(-14)
  @Max(14)
  utcOffset?: number | null;

  @ApiPropertyOptional({ type: String, maxLength: 255, example: '5BB9B5ny5DkKdrwkq' })
  @IsOptional()
  @IsText(255)
  avatarETag?: string | null;

  @ApiPropertyOptional({ type: Boolean, example: false, description: 'A bot is online always, and enters no delta.' })
  @IsOptional()
  @IsBoolean()
  bot?: boolean | null;

  @ApiPropertyOptional({
    enum: ROLES,
    example: 'user',
    description:
      "An `admin` may set other users' statuses, and use `presence.enableBroadcast`. Default: what the user's token says, else `user`.",
  })
  @IsOptional()
  @IsIn(ROLES)
  role?: Role | null;
}

export class ProfileDto {
  @ApiProperty({ example: 'USER_1' })
  readonly id: string;

  @ApiProperty({ type: String, nullable: true, example: 'ada@example.com' })
  readonly email: string | null;

  @ApiProperty({ example: 'ada' })
  readonly username: string;

  @ApiProperty({ example: 'Ada Lovelace' })
  readonly name: string;

  @ApiProperty({ example: 1, description: 'Hours east of UTC.' })
  readonly utcOffset: number;

  @ApiPropertyOptional({ example: '5BB9B5ny5DkKdrwkq', description: 'Absent if it was never set.' })
  readonly avatarETag?: string;

  @ApiProperty({ example: false })
  readonly bot: boolean;

  @ApiPropertyOptional({ enum: ROLES, example: 'user', description: 'Absent if it was never set.' })
  readonly role?: Role;
}

export class UserChannelDto {
  @ApiProperty({ example: 'salesRoom' })
  readonly channel: string;

  @ApiProperty({ enum: ['authenticated', 'anonymous'] })
  readonly kind: ChannelKind;
}

export class UserConnectionDto {
  @ApiProperty({ example: 'Zm9vYmFyYmF6AAAB', description: "The socket's id." })
  readonly connectionId: string;

  @ApiProperty({ example: '3f9c2a1b7d04.1' })
  readonly pod: string;

  @ApiProperty({ example: 'us-east-1' })
  readonly dc: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-20T10:00:00.000Z' })
  readonly since: string;

  @ApiProperty({ example: false, description: 'The client says that nobody is using it.' })
  readonly idle: boolean;

  @ApiProperty({
    type: [UserChannelDto],
    description: 'Channels that it joined; built-in and tab channels are left out.',
  })
  readonly channels: UserChannelDto[];
}

export class UserDto extends ProfileDto {
  @ApiProperty({ enum: STATUSES, description: 'As shown on this host now.' })
  readonly status: Status;

  @ApiPropertyOptional({ example: 'In a meeting', description: 'Absent if none is set.' })
  readonly statusText?: string;

  @ApiPropertyOptional({
    format: 'date-time',
    example: '2026-11-20T12:00:00.000Z',
    description: 'When status and text end by themselves. Absent if they do not.',
  })
  readonly statusExpiresAt?: string;

  @ApiPropertyOptional({
    format: 'date-time',
    example: '2026-11-20T10:00:00.000Z',
    description:
      'When the last connection on this host went, for apps that say `presence.lastSeen`. Absent while the user is connected, and where it is not known; kept for 90 days.',
  })
  readonly lastSeenAt?: string;

  @ApiProperty({ type: [UserConnectionDto], description: 'On this host, in the order of connecting.' })
  readonly connections: UserConnectionDto[];
}

export class MintTokenDto {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: EXPIRY_MAX_SECONDS,
    example: 3600,
    description: 'Absent: the token does not expire by itself.',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(EXPIRY_MAX_SECONDS)
  expiresInSeconds?: number | null;
}

export class MintedTokenDto {
  @ApiProperty({
    example: 'wmF0ZSBub3QgYSByZWFsIHRva2VuIGJ1dCBhIHNhbXBsZQ',
    description: 'Shown this once; only its SHA-256 is kept.',
  })
  readonly token: string;

  @ApiPropertyOptional({ format: 'date-time', example: '2026-11-20T11:00:00.000Z' })
  readonly expiresAt?: string;
}

export class ClosedDto {
  @ApiProperty({ type: 'integer', minimum: 0, example: 2, description: 'How many connections were closed.' })
  readonly closed: number;
}
