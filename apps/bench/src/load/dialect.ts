/* The same crowd speaks to Rollcall and to plain Socket.IO servers; who they say they are and what events are called differs. */
import { createHmac } from 'node:crypto';

/** A login that the server takes on trust, or a token that it has to check. */
export type Dialect =
  /** Without a secret everybody is anonymous. */
  { readonly server: 'rollcall'; readonly jwtSecret?: string } | { readonly server: 'plain' };

export interface Words {
  auth(user: number): object;
  readonly readyEvent?: string;
  readonly join: string;
  readonly leave: string;
}

export const userId = (user: number): string => `user${user}`;
export const emailOf = (user: number): string => `user${user}@example.com`;
export const roomOf = (user: number, rooms: number): string => `room-${user % rooms}`;

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const HEADER = part({ alg: 'HS256', typ: 'JWT' });

export function jwtOf(user: number, secret: string): string {
  const claims = { sub: userId(user), email: emailOf(user), username: userId(user), name: `User ${user}` };
  const signed = `${HEADER}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

export function wordsOf(dialect: Dialect): Words {
  switch (dialect.server) {
    case 'rollcall':
      return {
        auth: (user) => (dialect.jwtSecret === undefined ? {} : { token: jwtOf(user, dialect.jwtSecret) }),
        readyEvent: 'session',
        join: 'channel:join',
        leave: 'channel:leave',
      };
    case 'plain':
      return { auth: (user) => ({ id: userId(user), email: emailOf(user) }), join: 'join', leave: 'leave' };
  }
}
