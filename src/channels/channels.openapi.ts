import { type ApiResponseOptions, getSchemaPath } from '@nestjs/swagger';
import { ChannelUserDto } from '../openapi/channel-user.dto';
import { CURSOR_HEADER } from '../openapi/responses';

const user = (id: string, email: string): ChannelUserDto => ({ id, email });

/** The documents' own examples; the older one's is mended where it was not valid JSON. */
const KLAI = {
  'tab|abc123': user('USER_ID', 'person@example.com'),
  salesRoom: [user('USER_1', 'a@example.com'), user('USER_2', 'b@example.com')],
  anonymousChat: 3,
};

const BETTERFORMS = {
  authenticated: [
    user('USER1-HELPER-FILE-ID', 'user1@email.com'),
    user('USER2-HELPER-FILE-ID', 'user2@email.com'),
    user('USER3-HELPER-FILE-ID', 'user3@email.com'),
  ],
  myChannel: [user('USER1-HELPER-FILE-ID', 'user1@email.com'), user('USER4-HELPER-FILE-ID', 'user4@email.com')],
  'tab|connectionID1': [user('USER1-HELPER-FILE-ID', 'user1@email.com')],
  'tab|connectionID2': 1,
  'tab|connectionID3': 1,
  anonymous: 2,
  myAnonymousChannel: 4,
};

export const CHANNEL_MAP: ApiResponseOptions = {
  description: 'An object keyed by channel name; empty when nobody is there.',
  headers: CURSOR_HEADER,
  content: {
    'application/json': {
      schema: {
        type: 'object',
        additionalProperties: {
          oneOf: [
            {
              type: 'array',
              items: { $ref: getSchemaPath(ChannelUserDto) },
              description: 'An authenticated channel: each user once, in the order of joining.',
            },
            { type: 'integer', minimum: 1, description: 'An anonymous channel or tab: its connections.' },
            { $ref: getSchemaPath(ChannelUserDto) },
          ],
        },
      },
      examples: {
        klai: { summary: 'Dialect klai (default): a tab is a bare user', value: KLAI },
        betterforms: { summary: 'Dialect betterforms: a tab is a list of one user', value: BETTERFORMS },
      },
    },
  },
};

export const CHANNEL_MAP_REQUESTS = {
  all: { summary: 'All channels', value: { apiKey: 'BFAPI_demo' } },
  one: { summary: 'One channel', value: { apiKey: 'BFAPI_demo', channel: 'salesRoom' } },
};
