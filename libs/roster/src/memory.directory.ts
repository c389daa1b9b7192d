/*
 * The directory of a pod that is alone: lost with the process. Written by the REST routes of users, read by every
 * answer.
 */
import type { UserDetails } from './profile';
import { RevokedTokenSet } from './revoked-tokens';
import {
  type AppSettings,
  type DirectoryEntry,
  erased,
  laterRevocation,
  type StoredToken,
  UNKNOWN_USER,
  UserDirectory,
  withoutEarlier,
  withToken,
} from './user.directory';

export class MemoryUserDirectory extends UserDirectory {
  private readonly apps = new Map<string, Map<string, DirectoryEntry>>();
  private readonly settingsOf = new Map<string, AppSettings>();
  private readonly settingsListeners: ((app: string) => void)[] = [];
  private readonly revoked = new Map<string, RevokedTokenSet>();
  private readonly listeners: ((app: string, userId: string) => void)[] = [];
  private readonly revocationListeners: ((app: string) => void)[] = [];

  override refresh(): Promise<void> {
    return Promise.resolve();
  }

  override nowMs(): Promise<number> {
    return Promise.resolve(Date.now());
  }

  override isLoaded(): boolean {
    return true;
  }

  override find(app: string, userId: string): DirectoryEntry | undefined {
    return this.apps.get(app)?.get(userId);
  }

  override userIds(app: string): Iterable<string> {
    return this.apps.get(app)?.keys() ?? [];
  }

  override put(app: string, userId: string, details: UserDetails): Promise<void> {
    return this.write(app, userId, { details });
  }

  override erase(app: string, userId: string, atMs: number): Promise<void> {
    return this.write(app, userId, erased(this.find(app, userId) ?? UNKNOWN_USER, atMs));
  }

  override async addToken(
    app: string,
    userId: string,
    token: StoredToken,
    nowMs: number,
    most = Infinity,
  ): Promise<boolean> {
    const { issuedBeforeMs } = this.revokedTokens(app);
    const entry = this.find(app, userId) ?? UNKNOWN_USER;
    const next = withToken(entry, token, { nowMs, issuedBeforeMs, most });
    if (next === entry) return false;
    await this.write(app, userId, next);
    return true;
  }

  override revokeTokens(app: string, userId: string, atMs: number): Promise<void> {
    return this.write(app, userId, { tokens: [], revokedAtMs: this.revocation(app, userId, atMs) });
  }

  override revokeTokensBefore(app: string, userId: string | null, issuedBeforeMs: number): Promise<void> {
    if (userId !== null) {
      return this.write(app, userId, withoutEarlier(this.find(app, userId) ?? UNKNOWN_USER, issuedBeforeMs));
    }
    if (this.revokedTokens(app).revokeBefore(issuedBeforeMs)) this.tellOfRevocation(app);
    return Promise.resolve();
  }

  override revokeToken(app: string, jti: string, keptUntilMs: number, most: number): Promise<boolean> {
    const revoked = this.revokedTokens(app);
    if (!revoked.has(jti) && revoked.size >= most) return Promise.resolve(false);
    if (revoked.revoke(jti, keptUntilMs)) this.tellOfRevocation(app);
    return Promise.resolve(true);
  }

  override revokedTokens(app: string): RevokedTokenSet {
    const revoked = this.revoked.get(app) ?? new RevokedTokenSet();
    this.revoked.set(app, revoked);
    return revoked;
  }

  override async trim(nowMs: number): Promise<void> {
    const untilMs = Math.min(nowMs, await this.nowMs());
    for (const revoked of this.revoked.values()) revoked.trim(untilMs);
  }

  override onRevocation(listener: (app: string) => void): void {
    this.revocationListeners.push(listener);
  }

  override onChange(listener: (app: string, userId: string) => void): void {
    this.listeners.push(listener);
  }

  override settings(app: string): AppSettings {
    return this.settingsOf.get(app) ?? {};
  }

  override putSettings(app: string, settings: AppSettings): Promise<void> {
    const changes = this.settings(app).broadcastDisabled !== settings.broadcastDisabled;
    this.settingsOf.set(app, settings);
    if (changes) for (const listener of this.settingsListeners) listener(app);
    return Promise.resolve();
  }

  override onSettings(listener: (app: string) => void): void {
    this.settingsListeners.push(listener);
  }

  private tellOfRevocation(app: string): void {
    for (const listener of this.revocationListeners) listener(app);
  }

  private revocation(app: string, userId: string, atMs: number): number {
    return laterRevocation(this.find(app, userId) ?? UNKNOWN_USER, atMs);
  }

  private write(app: string, userId: string, change: Partial<DirectoryEntry>): Promise<void> {
    const users = this.apps.get(app) ?? new Map<string, DirectoryEntry>();
    this.apps.set(app, users.set(userId, { ...(users.get(userId) ?? UNKNOWN_USER), ...change }));
    for (const listener of this.listeners) listener(app, userId);
    return Promise.resolve();
  }
}
