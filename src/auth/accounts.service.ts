import { Injectable } from '@nestjs/common';
import {
  completeProfile,
  type Profile,
  type Profiles,
  type UserClaims,
  type UserDetails,
  UserDirectory,
} from '@rollcall/roster';
import type { App } from '../config/app';
import { Apps } from './apps.service';

/** Who an app knows: the directory over the apps file, and claims of tokens for what both leave open. */
@Injectable()
export class Accounts {
  constructor(
    private readonly apps: Apps,
    private readonly directory: UserDirectory,
  ) {}

  /** What is laid down about the user, or `undefined` if neither directory nor apps file knows them. */
  detailsOf(app: App, userId: string): UserDetails | undefined {
    const written = this.directory.find(app.id, userId)?.details;
    if (written === null) return undefined;
    return written ?? app.users.get(userId)?.details;
  }

  profileOf(app: App, userId: string, claims: UserClaims | null): Profile {
    return completeProfile(userId, this.detailsOf(app, userId), claims);
  }

  /** SHA-256 of the opaque tokens that count at `nowMs`. */
  tokenHashes(app: App, userId: string, nowMs: number): readonly Buffer[] {
    const entry = this.directory.find(app.id, userId);
    const fromFile = entry === undefined || entry.revokedAtMs === 0 ? (app.users.get(userId)?.tokenHashes ?? []) : [];
    const minted = (entry?.tokens ?? []).filter(({ expiresAtMs }) => expiresAtMs === undefined || nowMs < expiresAtMs);
    return [...fromFile, ...minted.map(({ hash }) => hash)];
  }

  /** Until when the user's tokens were revoked, in ms; 0: never. */
  revokedAtMs(app: App, userId: string): number {
    return this.directory.find(app.id, userId)?.revokedAtMs ?? 0;
  }

  /** The profiles of a host's app, as views ask for them. */
  profilesOf(host: string): Profiles {
    const app = this.apps.appOf(host);
    return {
      profileOf: (userId, claims) =>
        app === undefined ? completeProfile(userId, undefined, claims) : this.profileOf(app, userId, claims),
      bots: () => (app === undefined ? [] : this.botsOf(app)),
    };
  }

  private *botsOf(app: App): Iterable<string> {
    for (const [userId] of app.users) if (this.detailsOf(app, userId)?.bot) yield userId;
    for (const userId of this.directory.userIds(app.id)) {
      if (!app.users.has(userId) && this.detailsOf(app, userId)?.bot) yield userId;
    }
  }
}
