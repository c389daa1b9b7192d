import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { ApiKeyDto } from '../http/api-key.dto';
import { IsJsonObject } from '../http/json-object.validator';
import { IsName, IsNames } from '../http/name.validator';

/** More would make one request's work unbounded. */
const CHANNELS_MAX = 100;

export class ChannelUsersDto extends ApiKeyDto {
  @ApiPropertyOptional({
    type: String,
    nullable: true,
    maxLength: 255,
    example: 'salesRoom',
    description: 'If set, the answer has this channel alone. Null, absent or empty: all of them.',
  })
  @IsOptional()
  @IsName({ orEmpty: true })
  channel?: string | null;
}

export class ChannelsDto extends ApiKeyDto {}

export class SendMessageDto extends ApiKeyDto {
  @ApiProperty({
    oneOf: [
      { type: 'array', minItems: 1, maxItems: CHANNELS_MAX, items: { type: 'string', minLength: 1, maxLength: 255 } },
      { type: 'string', minLength: 1, maxLength: 255 },
    ],
    example: ['salesRoom', 'user|USER_1'],
    description:
      'Channels of either kind, `name|anonymous`, `authenticated`, `anonymous`, `tab|<connectionId>` or `user|<userId>`.',
  })
  @IsNames(CHANNELS_MAX)
  channels: string | string[];

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    example: { actions: [{ action: 'showAlert', options: { text: 'Hello' } }], model: {}, app: {} },
    description: 'Passed on as it is.',
  })
  @IsJsonObject()
  message: object;
}

export class ChannelNamesDto {
  @ApiProperty({ type: [String], example: ['salesRoom'] })
  readonly authenticated: string[];

  @ApiProperty({ type: [String], example: ['anonymousChat'] })
  readonly anonymous: string[];
}
