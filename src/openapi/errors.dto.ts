import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ERRORS } from '@rollcall/contract';

/** Errors of the `/message` family, as its original stack writes them. */
export class MessageErrorDto {
  @ApiProperty({ example: 'NotAuthenticated' })
  readonly name: string;

  @ApiProperty({ example: 'The API key is not valid for this host.' })
  readonly message: string;

  @ApiProperty({ type: 'integer', example: 401, description: 'The HTTP status again.' })
  readonly code: number;

  @ApiProperty({ example: 'not-authenticated' })
  readonly className: string;

  @ApiPropertyOptional({
    type: 'array',
    items: {
      type: 'object',
      required: ['field', 'message'],
      properties: { field: { type: 'string' }, message: { type: 'string' } },
    },
    description: 'The field at fault, where there is one.',
  })
  readonly errors?: { field: string; message: string }[];
}

/** The envelope of an error under `/api/v1`. */
export class PresenceErrorDto {
  @ApiProperty({ enum: [false], example: false })
  readonly success: false;

  @ApiProperty({ example: 'You must be logged in to do this.' })
  readonly error: string;

  @ApiPropertyOptional({ example: 'error-bad-request' })
  readonly errorType?: string;

  @ApiPropertyOptional({ enum: ['error'], description: 'On 401 only, for older clients.' })
  readonly status?: 'error';

  @ApiPropertyOptional({ example: 'You must be logged in to do this.', description: 'On 401 only, for older clients.' })
  readonly message?: string;
}

/** RFC 9457 problem details. */
export class ProblemDto {
  @ApiProperty({ example: 'about:blank' })
  readonly type: string;

  @ApiProperty({ example: 'The credentials are not valid here' })
  readonly title: string;

  @ApiProperty({ type: 'integer', example: 401 })
  readonly status: number;

  @ApiProperty({ example: 'The API key is not valid for this host.' })
  readonly detail: string;

  @ApiProperty({ enum: Object.keys(ERRORS), example: 'NOT_AUTHENTICATED', description: 'For programs to compare.' })
  readonly code: string;

  @ApiPropertyOptional({ example: 'email', description: 'The field at fault, where there is one.' })
  readonly field?: string;
}
