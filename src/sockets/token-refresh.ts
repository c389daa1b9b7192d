import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AppError, type AuthRefreshAnswer, type Degradable } from '@rollcall/contract';
import { Accounts } from '../auth/accounts.service';
import { Authenticator, SECRET_MAX_LENGTH } from '../auth/authenticator.service';
import type { Connection } from './connection';
import type { Fields } from './payload';
import { SocketEvents } from './socket-events';
import { TokenBucket } from './token-bucket';

/** What it does it begins at once; what it resolves with is added to the answer. */
type RenewalListener = (connection: Connection) => Promise<Partial<AuthRefreshAnswer> & Degradable>;

/** Each may wait for an issuer's keys. A client has no use for more, and its tokens would wait in this process's memory. */
const WAITING_MAX = 5;

/** A token lives for minutes at least; each is held against the rules of all channels of the connection. */
const REFRESHES_PER_SECOND = 0.2;
const REFRESHES_AT_ONCE = 10;

/** The tokens of a connection that are to be checked, one after another. */
interface Line {
  readonly bucket: TokenBucket;
  count: number;
  /** The end of the last one. Never rejects. */
  last: Promise<unknown>;
}

/**
 * A connection goes on with a newer token of its user. A token takes time to check, so of several that a client sends at
 * once the last one that is good must win, whichever was checked first: each waits for the one before.
 */
@Injectable()
export class TokenRefresh implements OnModuleInit {
  private readonly lines = new WeakMap<Connection, Line>();
  private readonly renewals: RenewalListener[] = [];

  constructor(
    private readonly events: SocketEvents,
    private readonly authenticator: Authenticator,
    private readonly accounts: Accounts,
  ) {}

  onModuleInit(): void {
    this.events.on('auth:refresh', tokenIn, (connection, token) => {
      const line = this.lines.get(connection) ?? newLine();
      this.lines.set(connection, line);
      if (line.count >= WAITING_MAX) {
        throw new AppError('RATE_LIMITED', `A connection may have ${WAITING_MAX} tokens checked at one time.`);
      }
      if (!line.bucket.take(performance.now())) {
        throw new AppError(
          'RATE_LIMITED',
          `A connection may have ${REFRESHES_AT_ONCE} tokens checked, and one more every 5 seconds.`,
        );
      }
      line.count += 1;
      const refreshed = line.last.then(() => this.refresh(connection, token)).finally(() => (line.count -= 1));
      // Whoever waits for this one only waits for its end.
      line.last = refreshed.catch(() => undefined);
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

const newLine = (): Line => ({
  bucket: new TokenBucket(REFRESHES_PER_SECOND, REFRESHES_AT_ONCE),
  count: 0,
  last: Promise.resolve(),
});

function tokenIn(_: Connection, { token }: Fields): string {
  if (typeof token !== 'string' || token === '') {
    throw new AppError('BAD_REQUEST', 'token must be a text that is not empty.', 'token');
  }
  // It would wait for those before it, to be refused then.
  if (token.length > SECRET_MAX_LENGTH) {
    throw new AppError('NOT_AUTHENTICATED', 'The token is not valid for this user here.');
  }
  return token;
}
