import { Injectable } from '@nestjs/common';
import { AppError, type Status } from '@rollcall/contract';
import { LocalRosters, type Reading, Views, type Written } from '@rollcall/roster';
import { Accounts } from '../auth/accounts.service';
import { Apps, type Scope } from '../auth/apps.service';
import type { Identity } from '../auth/authenticator.service';
import type { Caller } from '../auth/caller';
import { Shutdown } from '../http/shutdown.service';
import type { Choice } from './choice';
import type { NamedUser } from './named-user';

export interface UserStatus {
  readonly userId: string;
  readonly isCaller: boolean;
  readonly status: Status;
  /** What the connections alone say, whatever was chosen. */
  readonly connectionStatus: Status;
  /** When what was chosen ends by itself; absent: never. */
  readonly choiceEndsAtMs?: number;
  readonly staleMs: number;
}

type Picture = Pick<Reading, 'view' | 'atMs'>;
type UserCaller = Scope & { readonly user: Identity };

/** The status of one user, read and set over REST. */
@Injectable()
export class UserStatuses {
  constructor(
    private readonly views: Views,
    private readonly rosters: LocalRosters,
    private readonly accounts: Accounts,
    private readonly apps: Apps,
    private readonly shutdown: Shutdown,
  ) {}

  /** @throws AppError BAD_REQUEST for a user whom nobody knows here. */
  async read(asking: Caller, named: NamedUser): Promise<UserStatus> {
    const caller = userCaller(asking);
    const { view, atMs, staleMs } = await this.views.readPresence(caller.host);
    const isCaller = this.isCaller(caller, named);
    const userId = isCaller ? caller.user.id : this.find(caller, named, { view, atMs });
    return {
      userId,
      isCaller,
      status: view.presence.statusAt(userId, atMs),
      connectionStatus: view.presence.connectionStatus(userId),
      choiceEndsAtMs: view.presence.choiceEndsAtMs(userId, atMs),
      staleMs,
    };
  }

  /**
   * As the socket's `presence:set`.
   *
   * @throws AppError FORBIDDEN, or BAD_REQUEST for a user whom nobody knows here, or for a choice that has ended already.
   */
  async set(asking: Caller, named: NamedUser, choice: Choice): Promise<Written> {
    const caller = userCaller(asking);
    const isCaller = this.isCaller(caller, named);
    const userId = isCaller ? caller.user.id : await this.other(caller, named);
    await this.checkIsInUse(caller);
    if (choice.untilMs !== undefined) await this.checkIsToCome(caller, choice.untilMs);
    // What a pod keeps for later while the store is away would end with it.
    if (this.shutdown.begun) throw new AppError('UNAVAILABLE', 'This pod is going away.');
    this.apps.checkOwner(caller);
    const { app, host, user } = caller;
    const standing = this.accounts.standingOf(app, isCaller ? user : { id: userId });
    return this.rosters.of(host).setUser(userId, { ...choice, ...standing });
  }

  /** Whoever asks can make up hosts of an app that takes any: one that keeps nothing but statuses would be kept for good. */
  private async checkIsInUse({ app, host }: UserCaller): Promise<void> {
    if (app.hosts.includes(host)) return;
    const { view } = await this.views.readRoster(host);
    if (!view.isVacant) return;
    throw new AppError(
      'BAD_REQUEST',
      'Nobody is connected to this host, which the app does not name: no status is kept there.',
    );
  }

  /** By the store's clock, as far as it is known; where it is not, the store finds out when it writes. */
  private async checkIsToCome({ host }: Scope, untilMs: number): Promise<void> {
    const { atMs = 0 } = (await this.views.latest(host, 'readPresence')) ?? {};
    if (untilMs <= atMs) throw new AppError('BAD_REQUEST', 'expiresAt must be in the future.', 'expiresAt');
  }

  private isCaller({ app, user }: UserCaller, { userId, username }: NamedUser): boolean {
    if (userId !== undefined) return userId === user.id;
    return username === undefined || username === this.accounts.profileOf(app, user.id, user.claims).username;
  }

  private async other(caller: UserCaller, named: NamedUser): Promise<string> {
    if (!this.accounts.isAdmin(caller.app, caller.user.id, caller.user.claimedRole)) throw new AppError('FORBIDDEN');
    // Old news will do: it only tells who is known, and a status can be set while the store is away.
    return this.find(caller, named, await this.views.latest(caller.host, 'readPresence'));
  }

  /** Known is whom the app has laid down, and who is, or has said something, on this host. */
  private find({ app }: Scope, { userId, username = '' }: NamedUser, picture: Picture | undefined): string {
    const { atMs = 0 } = picture ?? {};
    const presence = picture?.view.presence;
    const id = userId ?? this.accounts.idOf(app, username) ?? presence?.idOf(username, atMs);
    if (id !== undefined && (this.accounts.knows(app, id) || presence?.knows(id, atMs) === true)) return id;
    throw new AppError('BAD_REQUEST', 'There is no such user.', 'user');
  }
}

/** The route's guard lets nobody in who is no user. */
function userCaller({ app, host, user }: Caller): UserCaller {
  if (user === undefined) throw new AppError('NOT_AUTHENTICATED');
  return { app, host, user };
}
