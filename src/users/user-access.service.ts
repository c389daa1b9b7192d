import { Injectable } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import { LocalRosters, RosterStore, UserDirectory } from '@rollcall/roster';
import { randomBytes } from 'node:crypto';
import { Accounts } from '../auth/accounts.service';
import { Apps, type Scope } from '../auth/apps.service';
import type { App } from '../config/app';
import { hashSecret } from '../config/secret-hash';
import { Closing } from '../sockets/closing.service';
import type { MintedTokenDto } from './users.dto';

/** More tokens than anybody has devices: what one user can take of a pod's memory must have a limit. */
const TOKENS_MAX = 100;

/** More at once would keep others of this pod waiting. */
const HOSTS_AT_ONCE = 100;

/** Lets users in and throws them out: tokens, kicks and erasure. Answers when the roster no longer shows who had to go. */
@Injectable()
export class UserAccess {
  constructor(
    private readonly directory: UserDirectory,
    private readonly accounts: Accounts,
    private readonly apps: Apps,
    private readonly closing: Closing,
    private readonly store: RosterStore,
    private readonly rosters: LocalRosters,
  ) {}

  async mintToken({ app }: Scope, id: string, expiresInSeconds: number | undefined): Promise<MintedTokenDto> {
    await this.accounts.refreshApp(app);
    const nowMs = Date.now();
    const sharedMs = await this.directory.nowMs(app.id);
    const token = randomBytes(32).toString('base64url');
    const expiresAtMs = expiresInSeconds === undefined ? undefined : sharedMs + expiresInSeconds * 1000;
    // Not by the clock of one pod, which may be ahead of what is revoked at another. And what is minted after a revocation is not
    // meant by it.
    const issuedAtMs = Math.max(sharedMs, this.accounts.issuedBeforeMs(app, id));
    const stored = { hash: hashSecret(token), issuedAtMs, expiresAtMs };
    // Those of the apps file, which have no date, are not in the directory and take their places beside its own.
    const undated = this.accounts.tokensOf(app, id, nowMs).filter((one) => one.issuedAtMs === undefined).length;
    // By the clock that is behind: whose is ahead would drop what still counts for others.
    const expiredMs = Math.min(nowMs, sharedMs);
    // Counted where it is written: others may mint for the same user at the same time.
    if (!(await this.directory.addToken(app.id, id, stored, expiredMs, TOKENS_MAX - undated))) {
      throw new AppError('RATE_LIMITED', `A user may have ${TOKENS_MAX} tokens; revoke some first.`);
    }
    return { token, ...(expiresAtMs === undefined ? {} : { expiresAt: new Date(expiresAtMs).toISOString() }) };
  }

  /**
   * Tokens are the app's, so the user's sockets close on all of its hosts. Resolves with the moment up to which tokens are
   * revoked, in ms.
   */
  async revokeTokens({ app }: Scope, id: string): Promise<number> {
    const untilMs = await this.untilMs(app);
    // Revoked first: a socket that was let in before is among those closed, and none is let in after.
    await this.directory.revokeTokens(app.id, id, untilMs);
    await this.closeEverywhere(app, id);
    return untilMs;
  }

  /** Closes the user's sockets on this host; they may come back. */
  kick(scope: Scope, id: string): Promise<number> {
    return this.closing.close(id, scope);
  }

  /** Erases profile, tokens, chosen statuses, when the user was last seen and what tokens said, on all hosts of the app. */
  async erase({ app }: Scope, id: string): Promise<void> {
    await this.directory.erase(app.id, id, await this.untilMs(app));
    const hosts = await this.closeEverywhere(app, id);
    for (let at = 0; at < hosts.length; at += HOSTS_AT_ONCE) {
      const some = hosts.slice(at, at + HOSTS_AT_ONCE);
      await Promise.all(some.map((host) => this.eraseOn({ app, host }, id)));
    }
    // Also on hosts on which nobody has been for long.
    await this.store.forgetLastSeen(id, (host) => this.isOwn({ app, host }));
  }

  /** @throws AppError UNAVAILABLE while the store is away; it is written when that is back, and harms nobody who has come since. */
  private async eraseOn(scope: Scope, id: string): Promise<void> {
    // Each write waits, and the host may have gone to another app meanwhile, whose user of the same id is somebody else.
    if (!this.isOwn(scope)) return;
    const { app, host } = scope;
    const erasure = { ...this.accounts.standingOf(app, { id }), erases: true };
    const written = await this.rosters.of(host).setUser(id, erasure);
    if (written === 'degraded') throw new AppError('UNAVAILABLE');
  }

  private isOwn({ app, host }: Scope): boolean {
    return this.apps.appOf(host)?.id === app.id;
  }

  /** The clock that is ahead: a token that was issued a moment ago would pass for a later one by the other. */
  private async untilMs({ id }: App): Promise<number> {
    return Math.max(Date.now(), await this.directory.nowMs(id));
  }

  /** Resolves with the app's hosts, as far as anybody knows them. */
  private async closeEverywhere(app: App, id: string): Promise<string[]> {
    // The store lists none on which nobody has been for long, and after a loss not all of the others, either.
    const known = [...(await this.store.hosts()), ...this.rosters.hosts(), ...app.hosts.filter((host) => host !== '*')];
    const hosts = [...new Set(known)].filter((host) => this.isOwn({ app, host }));
    await Promise.all(hosts.map((host) => this.closing.close(id, { app, host })));
    return hosts;
  }
}
