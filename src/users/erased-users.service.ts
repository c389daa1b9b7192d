import { Injectable } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import { type RosterView, type UserClaims, UserDirectory, Views } from '@rollcall/roster';
import { Connections } from '../sockets/connections.service';
import type { LeftBehind } from './left-behind';
import type { Chosen } from './traces.service';

/** What there is of an erased user on a host. */
export interface Remains {
  /** Somebody of the id is connected to another pod, who has come back, or has yet to be closed there. */
  readonly isUnclear: boolean;
  /** Whether what is stored is from before the erasure, as far as anybody can tell. */
  readonly isOld: boolean;
  /** What whoever has come back has chosen since, if anything; absent: nobody has come back. */
  readonly chosen?: Chosen;
}

/** Tells what is left of users who were erased from what is of those who have come back since. */
@Injectable()
export class ErasedUsers {
  constructor(
    private readonly directory: UserDirectory,
    private readonly views: Views,
    private readonly connections: Connections,
  ) {}

  /** Whether the user was erased after a token of theirs had been looked at; they may have been written down anew since. */
  isErasedSince(appId: string, userId: string, checkedAgainstMs: number): boolean {
    return checkedAgainstMs < (this.directory.find(appId, userId)?.erasedAtMs ?? 0);
  }

  /**
   * By what the store says now; `undefined`: they were not erased.
   *
   * @throws StoreUnavailable, or AppError UNAVAILABLE: that cannot be had, or the connections themselves are still there.
   */
  async find(left: LeftBehind): Promise<Remains | undefined> {
    const { appId, host, userId, connectionIds, checkedAgainstMs } = left;
    await this.directory.refresh(appId);
    if (!this.isErasedSince(appId, userId, checkedAgainstMs)) return undefined;
    const { view, staleMs } = await this.views.readRoster(host);
    const there = view.connectionsOf(userId).map(({ connectionId }) => connectionId);
    if (staleMs > 0 || there.some((id) => connectionIds.has(id))) throw new AppError('UNAVAILABLE');
    // Of this pod's all were closed that were let in before.
    const here = this.connections.of(userId, host).map(({ claims }) => claims);
    const isThere = here.length + there.length > 0;
    const hasBeenBack = isThere || this.isKnownAnew(left);
    return {
      isUnclear: here.length === 0 && there.length > 0,
      isOld: this.areClaimsOld(view, left, { here, isThere }),
      ...(hasBeenBack ? { chosen: view.presence.choiceOf(userId) ?? {} } : {}),
    };
  }

  /** Whether the claims that are stored are those of the connections that were closed, and of nobody else. */
  private areClaimsOld(
    { presence }: RosterView,
    { appId, userId, claims }: LeftBehind,
    { here, isThere }: { here: readonly (UserClaims | null)[]; isThere: boolean },
  ): boolean {
    const stored = presence.record(userId)?.claims ?? null;
    if (stored === null) return !isThere;
    if (!has(claims, stored) || has(here, stored)) return false;
    // Whoever comes with a minted token claims nothing, and would be shown by what was claimed before.
    return !isThere || here.length > 0 || this.hasTokens(appId, userId);
  }

  /** Over REST one can choose and not be connected. */
  private isKnownAnew({ appId, userId }: LeftBehind): boolean {
    return this.hasTokens(appId, userId) || this.directory.find(appId, userId)?.details !== null;
  }

  /** None is left of those from before the erasure. */
  private hasTokens(appId: string, userId: string): boolean {
    return (this.directory.find(appId, userId)?.tokens.length ?? 0) > 0;
  }
}

/** Compared as texts, in which a claim that is not set is the same as none. */
const has = (some: readonly (UserClaims | null)[], claims: UserClaims): boolean =>
  some.some((one) => JSON.stringify(one) === JSON.stringify(claims));
