import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppError, type AuthRefreshAnswer, type Degradable } from '@rollcall/contract';
import { Accounts } from '../auth/accounts.service';
import { Authenticator } from '../auth/authenticator.service';
import type { Connection } from './connection';
import { type Fields, fieldsOf } from './payload';
import { SocketEvents } from './socket-events';

/** What it does it begins at once; what it resolves with is added to the answer. */
type RenewalListener = (connection: Connection) => Promise<Partial<AuthRefreshAnswer> & Degradable>;

/**
 * A connection goes on with a newer token of its user. A token takes time to check, so of several that a client sends at
 * once the last one that is good must win, whichever was checked first: each waits for the one before.
 */
@Injectable()
export class TokenRefresh implements OnModuleInit {
  private readonly underWay = new WeakMap<Connection, Promise<unknown>>();
  private readonly renewals: RenewalListener[] = [];

  constructor(
    private readonly events: SocketEvents,
    private readonly authenticator: Authenticator,
    private readonly accounts: Accounts,
  ) {}

  onModuleInit(): void {
    this.events.on('auth:refresh', (connection, payload) => {
      const token = tokenOf(fieldsOf(payload));
      const before = this.underWay.get(connection) ?? Promise.resolve();
      const refreshed = before.then(() => this.refresh(connection, token));
      // Whoever waits for this one only waits for its end.
      this.underWay.set(
        connection,
        refreshed.catch(() => undefined),
      );
      return refreshed;
    });
  }

  /** Has a say whenever a connection lives by another token from now on, before anything else happens to it. */
  onRenewal(listener: RenewalListener): void {
    this.renewals.push(listener);
  }

  private async refresh(connection: Connection, token: string): Promise<AuthRefreshAnswer & Degradable> {
    const { app, user } = connection.visitor;
    if (user === null) throw new AppError('USER_REQUIRED');
    const renewed = await this.authenticator.identify(app, token, user.id);
    // The apps file was read anew meanwhile: what counts now decides.
    if (connection.visitor.app !== app) return this.refresh(connection, token);
    // Revoked since it was looked at: whoever closes such connections has not found it on this one.
    if (this.accounts.isRevoked(app, renewed)) throw new AppError('NOT_AUTHENTICATED', 'The token was revoked.');
    connection.renew(renewed, Date.now());
    const said = await Promise.all(this.renewals.map((listener) => listener(connection)));
    const { expiresAtMs } = renewed;
    const expiry = expiresAtMs === undefined ? {} : { expiresAt: new Date(expiresAtMs).toISOString() };
    return Object.assign(expiry, ...said) as AuthRefreshAnswer & Degradable;
  }
}

function tokenOf({ token }: Fields): string {
  if (typeof token === 'string' && token !== '') return token;
  throw new AppError('BAD_REQUEST', 'token must be a text that is not empty.', 'token');
}
