import { Injectable } from '@nestjs/common';
import { AppError, nameFault } from '@rollcall/contract';
import type { Socket } from 'socket.io';
import { Apps, type Scope } from './apps.service';
import { Authenticator } from './authenticator.service';
import type { Identity } from './identity';

/** Who a socket belongs to: decided once, at the handshake. */
export interface Visitor extends Scope {
  /** `null`: anonymous. */
  readonly user: Identity | null;
}

/** The socket door: a handshake's `auth: {token?, userId?}`, or the headers `X-Auth-Token` and `X-User-Id`. */
@Injectable()
export class SocketDoor {
  constructor(
    private readonly apps: Apps,
    private readonly authenticator: Authenticator,
  ) {}

  /** @throws AppError UNKNOWN_HOST, ORIGIN_REFUSED, BAD_REQUEST, NOT_AUTHENTICATED or ANONYMOUS_REFUSED. */
  async admit({ auth, headers }: Socket['handshake']): Promise<Visitor> {
    const scope = this.apps.scopeOf(headers);
    if (scope === undefined) throw new AppError('UNKNOWN_HOST');
    const { app, host } = scope;
    if (!this.apps.allowsOrigin(app, headers)) throw new AppError('ORIGIN_REFUSED');
    const token = textOf(auth, 'token') ?? headerOf(headers['x-auth-token']);
    const userId = textOf(auth, 'userId') ?? headerOf(headers['x-user-id']);
    if (token === undefined) {
      if (!app.anonymous) throw new AppError('ANONYMOUS_REFUSED');
      return { app, host, user: null };
    }
    const fault = userId === undefined ? undefined : nameFault(userId);
    if (fault !== undefined) throw new AppError('BAD_REQUEST', `auth.userId ${fault}.`, 'userId');
    return { app, host, user: await this.authenticator.identify(app, token, userId) };
  }
}

function textOf(auth: Record<string, unknown>, field: 'token' | 'userId'): string | undefined {
  const value = Object.hasOwn(auth, field) ? auth[field] : undefined;
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw new AppError('BAD_REQUEST', `auth.${field} must be a string.`, field);
  return value;
}

const headerOf = (value: string | string[] | undefined): string | undefined =>
  (Array.isArray(value) ? value[0] : value) || undefined;
