import { Injectable } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import {
  completeProfile,
  type Profile,
  type Profiles,
  type Role,
  type Standing,
  type StoredToken,
  StoreUnavailable,
  UNKNOWN_USER,
  type UserClaims,
  type UserDetails,
  UserDirectory,
} from '@rollcall/roster';
import { setTimeout } from 'node:timers/promises';
import type { App } from '../config/app';
import { changedUsers } from './app-table';
import { Apps } from './apps.service';
import { tenantOf } from './tenant';
import type { Identity } from './identity';
import { UserIndex } from './user-index';

/** A line that was given up is there again so soon, if the store is. */
const LINE_BACK_MS = 250;

/** Whoever comes later than this after the store was lost waits for nothing. */
const JUST_LOST_MS = 500;

/** By what a revocation may mean a token. */
export type TokenMarks = Pick<Identity, 'id' | 'jti' | 'issuedAtMs' | 'checkedAgainstMs'>;

/** Who an app knows: the directory over the apps file, and claims of tokens for what both leave open. */
@Injectable()
export class Accounts {
  /** Made when first asked for, from the app as it is there: requests under way may hold one that the file has replaced. */
  private readonly indexes = new WeakMap<App, UserIndex>();
  /** When the store was first found away; `undefined`: it answered the last time. */
  private lostAtMs: number | undefined;

  constructor(
    private readonly apps: Apps,
    private readonly directory: UserDirectory,
  ) {
    directory.onChange((appId, userId) => {
      const app = apps.byId(appId);
      if (app !== undefined) this.indexes.get(app)?.set(userId, this.detailsOf(app, userId));
    });
  }

  /** Tells a listener of each user of whom something has changed, on whichever pod or in the apps file. */
  onChange(listener: (appId: string, userId: string) => void): void {
    this.directory.onChange(listener);
    this.apps.onReplace((before, after) => {
      for (const [appId, userId] of changedUsers(before, after)) listener(appId, userId);
    });
  }

  /** The same for what is revoked without regard to a user. */
  onRevocation(listener: (appId: string) => void): void {
    this.directory.onRevocation(listener);
  }

  /** Brings the profiles of a host's app up to date; without the store they stay as they were. */
  async refresh(host: string): Promise<void> {
    const app = this.apps.appOf(host);
    if (app !== undefined) await this.refreshApp(app);
  }

  /** Whether it was ever brought up to date. */
  isKnown(host: string): boolean {
    const app = this.apps.appOf(host);
    return app === undefined || this.directory.isLoaded(app.id);
  }

  /**
   * Brings an app's users up to date, so that what was revoked on any pod counts here. While the store is away what
   * this pod knows must do.
   *
   * @throws AppError UNAVAILABLE if it has never known anything.
   */
  async refreshApp(app: App): Promise<void> {
    if (await this.isRefreshed(app)) return;
    if (!this.directory.isLoaded(app.id)) throw new AppError('UNAVAILABLE');
  }

  /**
   * The same for who comes with a token. Where the store has only just been lost it is asked once more: a pod that stood still, so
   * that its line was given up, is back in a moment, and much may have been revoked meanwhile.
   *
   * @throws AppError UNAVAILABLE
   */
  async refreshForToken(app: App): Promise<void> {
    if (await this.isRefreshed(app)) return;
    if (performance.now() - (this.lostAtMs ?? -Infinity) < JUST_LOST_MS) await setTimeout(LINE_BACK_MS);
    await this.refreshApp(app);
  }

  private async isRefreshed({ id }: App): Promise<boolean> {
    try {
      await this.directory.refresh(id);
      this.lostAtMs = undefined;
      return true;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      this.lostAtMs ??= performance.now();
      return false;
    }
  }

  /** What is laid down about the user, or `undefined` if neither directory nor apps file knows them. */
  detailsOf(app: App, userId: string): UserDetails | undefined {
    const written = this.directory.find(app.id, userId)?.details;
    if (written === null) return undefined;
    return written ?? app.users.get(userId)?.details;
  }

  profileOf(app: App, userId: string, claims: UserClaims | null): Profile {
    return completeProfile(userId, this.detailsOf(app, userId), claims);
  }

  /** Whether anything at all is written of the user, if only a token, and no erasure. */
  knows(app: App, userId: string): boolean {
    const entry = this.directory.find(app.id, userId);
    return entry === undefined ? app.users.has(userId) : entry.details !== null;
  }

  /** Whom the app has laid down under a username; `undefined`: nobody. */
  idOf(app: App, username: string): string | undefined {
    const namesake = this.detailsOf(app, username);
    if (namesake !== undefined && (namesake.username ?? username) === username) return username;
    return this.indexOf(app).usernames.idsOf(username)[0];
  }

  /** What is laid down wins over what a token claims, as ever; asked anew each time, so that a demotion counts at once. */
  isAdmin(app: App, userId: string, claimedRole: Role | undefined): boolean {
    return (this.detailsOf(app, userId)?.role ?? claimedRole) === 'admin';
  }

  /** The role by which channels are opened: what is laid down wins over any that a token names; without either `user`. */
  roleOf(app: App, { id, grants }: Pick<Identity, 'id' | 'grants'>): string {
    return this.detailsOf(app, id)?.role ?? grants.role ?? 'user';
  }

  /** The opaque tokens that count at `nowMs`. Those of the apps file have no date: they count as issued before any. */
  tokensOf(app: App, userId: string, nowMs: number): readonly StoredToken[] {
    const issuedBeforeMs = this.issuedBeforeMs(app, userId);
    const isTouched = issuedBeforeMs > 0 || this.revokedAtMs(app, userId) > 0;
    const fromFile = isTouched ? [] : (app.users.get(userId)?.tokenHashes ?? []);
    const minted = (this.directory.find(app.id, userId)?.tokens ?? []).filter(
      ({ issuedAtMs = 0, expiresAtMs = Infinity }) => nowMs < expiresAtMs && issuedAtMs >= issuedBeforeMs,
    );
    return [...fromFile.map((hash) => ({ hash })), ...minted];
  }

  /** No token of the user that was issued before this moment counts, in ms; 0: none was revoked so. */
  issuedBeforeMs(app: App, userId: string): number {
    const { issuedBeforeMs } = this.directory.find(app.id, userId) ?? UNKNOWN_USER;
    return Math.max(issuedBeforeMs, this.directory.revokedTokens(app.id).issuedBeforeMs);
  }

  /** Until when the user's tokens were revoked, in ms; 0: never. */
  revokedAtMs(app: App, userId: string): number {
    return this.directory.find(app.id, userId)?.revokedAtMs ?? 0;
  }

  /** When the user was erased last, in ms; 0: never. */
  erasedAtMs(app: App, userId: string): number {
    return this.directory.find(app.id, userId)?.erasedAtMs ?? 0;
  }

  /**
   * With what is written down of a user: the erasure that their token is known to have come after (one that it is from before
   * gives a moment before that), or without a token the last one.
   */
  standingOf(app: App, { id, checkedAgainstMs = Infinity }: Partial<TokenMarks> & { id: string }): Required<Standing> {
    return { erasedAtMs: Math.min(this.erasedAtMs(app, id), checkedAgainstMs), tenant: tenantOf(app) };
  }

  /** Whether a token that was held against one revocation of its user's tokens has met a later one, or one of another kind. */
  isRevoked(app: App, { id, jti, issuedAtMs = 0, checkedAgainstMs }: TokenMarks): boolean {
    return (
      this.revokedAtMs(app, id) > checkedAgainstMs ||
      issuedAtMs < this.issuedBeforeMs(app, id) ||
      (jti !== undefined && this.directory.revokedTokens(app.id).has(jti))
    );
  }

  /** The profiles of a host's app, as views ask for them. */
  profilesOf(host: string): Profiles {
    // Asked for each time: a view may live longer than the app that it began with.
    return {
      profileOf: (userId, claims) => {
        const app = this.apps.appOf(host);
        return app === undefined ? completeProfile(userId, undefined, claims) : this.profileOf(app, userId, claims);
      },
      bots: () => {
        const app = this.apps.appOf(host);
        return app === undefined ? new Set() : this.indexOf(app).bots;
      },
    };
  }

  private indexOf(app: App): UserIndex {
    let index = this.indexes.get(app);
    if (index === undefined) {
      index = new UserIndex();
      for (const userId of this.userIds(app)) index.set(userId, this.detailsOf(app, userId));
      this.indexes.set(app, index);
    }
    return index;
  }

  private *userIds(app: App): Iterable<string> {
    yield* app.users.keys();
    for (const userId of this.directory.userIds(app.id)) if (!app.users.has(userId)) yield userId;
  }
}
