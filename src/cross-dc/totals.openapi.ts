import { type ApiResponseOptions, getSchemaPath } from '@nestjs/swagger';
import { ChannelUserDto } from '../openapi/channel-user.dto';

const count = { type: 'integer', minimum: 0 } as const;
export const ALL_USERS: ApiResponseOptions = {
  description: 'An object keyed by data centre, and `_total`, which sums them.',
  headers: {
    'X-Rollcall-Dc': {
      description:
        'The state of each data centre: `live` (it answered within this query), `stale` (last known figures, with their age in seconds) or `missing` (left out of the body).',
      schema: { type: 'string', example: 'us-east-1=live, eu-west-1=stale;age=12' },
    },
  },
  content: {
    'application/json': {
      schema: {
        type: 'object',
        required: ['_total'],
        properties: {
          _total: {
            type: 'object',
            required: ['authenticated', 'anonymous'],
            properties: { authenticated: count, anonymous: count },
            additionalProperties: false,
          },
        },
        additionalProperties: {
          oneOf: [
            {
              type: 'object',
              required: ['authenticated', 'anonymous'],
              properties: { authenticated: count, anonymous: count },
              additionalProperties: false,
            },
            {
              type: 'object',
              required: ['authenticated', 'authenticatedCount', 'anonymous'],
              properties: {
                authenticated: { type: 'array', items: { $ref: getSchemaPath(ChannelUserDto) } },
                authenticatedCount: count,
                anonymous: count,
              },
              additionalProperties: false,
            },
          ],
        },
      },
      examples: {
        counts: {
          summary: 'Counts (default)',
          value: {
            'us-east-1': { authenticated: 12, anonymous: 4 },
            'eu-west-1': { authenticated: 7, anonymous: 2 },
            _total: { authenticated: 19, anonymous: 6 },
          },
        },
        users: {
          summary: 'With includeUsers',
          value: {
            'us-east-1': {
              authenticated: [
                { id: 'USER_1', email: 'a@example.com' },
                { id: 'USER_2', email: 'b@example.com' },
              ],
              authenticatedCount: 2,
              anonymous: 4,
            },
            _total: { authenticated: 2, anonymous: 4 },
          },
        },
      },
    },
  },
};

export const ALL_USERS_REQUESTS = {
  counts: { summary: 'Counts', value: { apiKey: 'BFAPI_demo' } },
  users: { summary: 'Users', value: { apiKey: 'BFAPI_demo', includeUsers: true } },
  connections: {
    summary: 'One entry a connection',
    value: { apiKey: 'BFAPI_demo', includeUsers: true, dedupeUsers: false },
  },
};
