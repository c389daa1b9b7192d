import { createHmac } from 'node:crypto';
import type { AppsFile } from '../../src/config/apps-file';
import { DEMO } from './rollcall';
import type { TabOptions } from './tab';

export type WrittenApp = AppsFile['apps'][number];

export const tokenOf = (userId: string): string => `token-of-${userId}`;

const user = (id: string, name: string) => ({
  id,
  username: id,
  name,
  email: `${id}@example.com`,
  tokens: [tokenOf(id)],
});

/** An app that the demo's key and user belong to, with `ada`, `bob`, `eve`, `fay` and the bot `cat`. */
export const shop = (more: Partial<WrittenApp> = {}): WrittenApp => ({
  id: 'shop',
  hosts: ['localhost'],
  apiKeys: [DEMO.apiKey],
  anonymous: true,
  users: [
    { id: DEMO.userId, username: 'demo', name: 'Demo User', tokens: [DEMO.token] },
    user('ada', 'Ada Lovelace'),
    user('bob', 'Bob'),
    user('eve', 'Eve'),
    user('fay', 'Fay'),
    { id: 'cat', bot: true },
  ],
  ...more,
});

/** How one of the shop's users opens a tab. */
export const tabOf = (userId: string): TabOptions => ({ userId, token: tokenOf(userId) });

/** The headers with which one of the shop's users asks for presence. */
export const asUser = (userId: string): Record<string, string> => ({
  'x-auth-token': tokenOf(userId),
  'x-user-id': userId,
});

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JWT as an app's back end signs it. */
export function jwtOf(claims: object, secret: string, header: object = { alg: 'HS256', typ: 'JWT' }): string {
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}
