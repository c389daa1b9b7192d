/* An app whose users have roles and usernames of their own, and how they ask for statuses. */
import { type Answer, DEMO, Rollcall } from './rollcall';
import { asUser, jwtOf, shop, tokenOf } from './shop';

export const SECRET = 'a-secret-of-the-back-end';
export const THERE = 'other.example.com';
export const USERS = [
  { id: DEMO.userId, username: 'demo', tokens: [DEMO.token] },
  { id: 'ada', username: 'countess', tokens: [tokenOf('ada')] },
  { id: 'bob', tokens: [tokenOf('bob')] },
  { id: 'root', role: 'admin' as const, tokens: [tokenOf('root')] },
  { id: 'cat', username: 'tom', bot: true },
];

/** An office in which `root` is an admin, and `ada`'s username is `countess`. */
export async function office(more: Parameters<typeof shop>[0] = {}) {
  const jwt = { algorithms: ['HS256' as const], secret: SECRET };
  const rollcall = await Rollcall.start([shop({ users: USERS, jwt, ...more })], { OFFLINE_GRACE_MS: '0' });
  const get = (verb: 'getPresence' | 'getStatus', query: string, userId: string, host?: string): Promise<Answer> =>
    rollcall.rocket('GET', `users.${verb}${query}`, { host, headers: asUser(userId) });
  const set = (body: unknown, userId: string, host?: string): Promise<Answer> =>
    rollcall.rocket('POST', 'users.setStatus', { host, body, headers: asUser(userId) });
  const row = async (userId: string, host?: string): Promise<unknown> =>
    ((await rollcall.presence(`?ids=${userId}`, { host })).json as { users: unknown[] }).users[0];
  return { rollcall, get, set, row };
}

/** The headers of a user whose token the app's back end has signed. */
export const asSigned = (sub: string, claims: object = {}, secret = SECRET): Record<string, string> => ({
  'x-auth-token': jwtOf({ sub, iat: Math.floor(Date.now() / 1000), ...claims }, secret),
  'x-user-id': sub,
});

export const DONE = { status: 200, text: '{"success":true}' };
export const FORBIDDEN = { status: 403, text: '{"success":false,"error":"unauthorized"}' };
export const UNKNOWN = {
  status: 400,
  json: {
    success: false,
    error: 'There is no such user. [error-invalid-user]',
    errorType: 'error-invalid-user',
  },
};
