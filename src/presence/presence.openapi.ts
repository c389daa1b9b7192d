import { type ApiResponseOptions, getSchemaPath } from '@nestjs/swagger';
import { PresenceAnswerDto } from './presence.dto';

const USERS = [
  {
    _id: 'rocket.cat',
    name: 'Rocket.Cat',
    username: 'rocket.cat',
    status: 'online',
    utcOffset: 0,
    avatarETag: '5BB9B5ny5DkKdrwkq',
  },
  {
    _id: 'rocketchat.internal.admin.test',
    name: 'RocketChat Internal Admin Test',
    username: 'rocketchat.internal.admin.test',
    status: 'online',
    utcOffset: -2,
    avatarETag: 'iEbEm4bTT327NJjXt',
  },
];

const text = (description: string): { description: string; schema: { type: 'string' } } => ({
  description,
  schema: { type: 'string' },
});

export const LIMIT_HEADERS = {
  'X-RateLimit-Limit': text('Calls a minute, per user.'),
  'X-RateLimit-Remaining': text('Calls left in this minute.'),
  'X-RateLimit-Reset': text('When the minute ends, in milliseconds since 1970.'),
  'RateLimit-Policy': text('The limit: calls (`q`) in so many seconds (`w`).'),
  RateLimit: text('Calls left (`r`), and the seconds until the minute ends (`t`).'),
};

export const PRESENCE_ANSWER: ApiResponseOptions = {
  description: 'Presence of users of this host.',
  headers: {
    ...LIMIT_HEADERS,
    'X-Rollcall-Time': text(
      'The moment that the answer shows, in milliseconds since 1970. As an ISO time it is the next `from`.',
    ),
    'X-Rollcall-Cursor': text('The point in the roster that this answer shows.'),
  },
  content: {
    'application/json': {
      schema: { $ref: getSchemaPath(PresenceAnswerDto) },
      examples: {
        full: { summary: 'Without parameters', value: { users: USERS, full: true, success: true } },
        changed: { summary: 'With from', value: { users: USERS, full: false, success: true } },
      },
    },
  },
};
