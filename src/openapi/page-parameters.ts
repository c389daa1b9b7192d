import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { LIMIT_DEFAULT, LIMIT_MAX } from '../http/paging';

/** The parameters that every list takes which is read page by page; `items` says what of. */
export const ApiPageParameters = (items: string): MethodDecorator =>
  applyDecorators(
    ApiQuery({
      name: 'limit',
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: LIMIT_MAX, default: LIMIT_DEFAULT },
      description: `${items} a page.`,
    }),
    ApiQuery({
      name: 'cursor',
      required: false,
      schema: { type: 'string' },
      description: '`nextCursor` of the page before.',
    }),
  );
