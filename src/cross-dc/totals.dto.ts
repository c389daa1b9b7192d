import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsOptional } from 'class-validator';
import { ApiKeyDto } from '../http/api-key.dto';

export class AllUsersDto extends ApiKeyDto {
  @ApiPropertyOptional({
    type: Boolean,
    nullable: true,
    example: true,
    description: 'List the users of each data centre instead of counting them. Default: false.',
  })
  @IsOptional()
  @IsBoolean()
  includeUsers?: boolean | null;

  @ApiPropertyOptional({
    type: Boolean,
    nullable: true,
    example: true,
    description: 'Default: true, each user once per data centre. False: one entry, and one count, per connection.',
  })
  @IsOptional()
  @IsBoolean()
  dedupeUsers?: boolean | null;
}
