/** Every route that wants credentials. */
export const KEY_ROUTES: readonly (readonly [method: string, path: string])[] = [
  ['POST', '/message/users'],
  ['POST', '/message/allusers'],
  ['POST', '/message/channels'],
  ['POST', '/message/sendmessage'],
  ['PUT', '/v1/users/USER_1'],
  ['GET', '/v1/users/USER_1'],
  ['DELETE', '/v1/users/USER_1'],
  ['POST', '/v1/users/USER_1/tokens'],
  ['DELETE', '/v1/users/USER_1/tokens'],
  ['DELETE', '/v1/users/USER_1/connections'],
  ['POST', '/v1/revocations'],
  ['GET', '/v1/channels'],
  ['GET', '/v1/channels/salesRoom'],
  ['GET', '/v1/channels/salesRoom/members'],
  ['GET', '/v1/changes'],
  ['GET', '/v1/settings'],
  ['PUT', '/v1/settings'],
  ['GET', '/v1/pods'],
  ['GET', '/v1/keys'],
  ['GET', '/v1/datacenters'],
];

export const TOKEN_ROUTES: typeof KEY_ROUTES = [
  ['GET', '/api/v1/users.presence'],
  ['GET', '/api/v1/users.getPresence'],
  ['GET', '/api/v1/users.getStatus'],
  ['POST', '/api/v1/users.setStatus'],
  ['POST', '/api/v1/presence.enableBroadcast'],
];

/** Those that read a body. */
export const BODY_ROUTES = [...KEY_ROUTES, ...TOKEN_ROUTES].filter(([method]) => method !== 'GET');

/** Those that have nothing to do without a field. */
export const FIELD_ROUTES = ['/message/sendmessage', '/api/v1/users.setStatus', '/v1/settings', '/v1/revocations'];

/** Those that the demo app's user may not use. */
export const ADMIN_ROUTES = ['/api/v1/presence.enableBroadcast'];

/** A body that each of them takes. */
export function fittingBody(path: string): object {
  if (path === '/v1/settings') return { presence: { broadcastDisabled: false } };
  return path.startsWith('/api/v1/') ? { status: 'busy' } : { channels: 'a', message: {}, jti: 'j' };
}

/** With what each of them answers to a request in which nothing is wrong. */
export const fineStatuses = (path: string): readonly number[] =>
  ADMIN_ROUTES.includes(path) ? [403] : [200, 201, 204];
/** An error of that status in the shape of the path's face. */
export function errorOf(path: string, status: number, name: string): object {
  if (path.startsWith('/message/')) {
    const className = name.replace(/(?!^)[A-Z]/g, '-$&').toLowerCase();
    return { name, code: status, className, message: expect.any(String) as unknown };
  }
  if (path.startsWith('/api/v1/')) return { success: false, error: expect.any(String) as unknown };
  return { type: 'about:blank', status, title: expect.any(String) as unknown, code: expect.any(String) as unknown };
}

export const typeOf = (path: string): string => {
  if (path.startsWith('/message/')) return 'application/json; charset=utf-8';
  return path.startsWith('/api/v1/') ? 'application/json' : 'application/problem+json';
};
