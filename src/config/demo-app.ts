import type { AppsFile } from './apps-file';

/** The user and token of the presence document's own examples, so that its curl lines work as they stand. */
export const DEMO_USER_ID = 'aobEdbYhXfu5hkeqG';
export const DEMO_TOKEN = '9HqLlyZOugoStsXCUfD_0YdwnNnunAJF8V47U3QHXSq';
export const DEMO_API_KEY = 'BFAPI_demo';

/** Served when no apps file is named. Its secrets are public, so it listens on this machine only. */
export const DEMO_APPS: AppsFile = {
  apps: [
    {
      id: 'demo',
      hosts: ['localhost', '127.0.0.1'],
      // The second one is what the document itself prints for a key.
      apiKeys: [DEMO_API_KEY, 'BFAPI_...'],
      anonymous: true,
      users: [
        {
          id: DEMO_USER_ID,
          email: 'demo@example.com',
          username: 'demo',
          name: 'Demo User',
          tokens: [DEMO_TOKEN],
        },
        {
          id: 'rocket.cat',
          email: 'cat@example.com',
          username: 'rocket.cat',
          name: 'Rocket.Cat',
          utcOffset: 0,
          avatarETag: '5BB9B5ny5DkKdrwkq',
          bot: true,
        },
      ],
    },
  ],
};
