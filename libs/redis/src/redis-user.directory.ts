/*
 * The users of all apps and what was revoked of their tokens, shared by the pods of a data centre. Redis has two hashes an
 * app (user → entry, revoked id → until when it matters) and a log of which fields have changed; each pod keeps a copy,
 * because every answer needs profiles at hand, and reads the log before it relies on the copy. Fields are written by
 * compare-and-set. The settings of the app are an entry, too, of a name that is no user's.
 *
 * If Redis forgets, all or one of the hashes, profiles and minted tokens are lost with it; revocations and erasures are not:
 * each pod's copy holds on to them, and whichever pod reads first writes them back. Lost is one that no living pod had read.
 */
import {
  type AppSettings,
  type DirectoryEntry,
  erased,
  laterRevocation,
  type RevokedTokenSet,
  type StoredToken,
  StoreUnavailable,
  UNKNOWN_USER,
  type UserDetails,
  UserDirectory,
  withoutEarlier,
  withToken,
} from '@rollcall/roster';
import { setTimeout } from 'node:timers/promises';
import { encodeName } from './codec';
import { changesAccess, encodeUser } from './directory-copy';
import { type DirectoryKeys, FollowedApp, SETTINGS } from './followed-app';
import type { RedisLink } from './link';
import { decodeMoment, encodeMoment, ISSUED_BEFORE } from './revoked-copy';

export interface RedisUserDirectoryOptions {
  readonly link: RedisLink;
  /** `<prefix>:<dc>` */
  readonly prefix: string;
  /** Another data centre's, which is only looked at. */
  readonly readOnly?: boolean;
}

/** Another pod may write the same field at the same time, a few times over. */
const WRITE_TRIES = 20;

/** Whoever was outrun waits for longer each time, up to this, at random: else all of them would meet again. */
const OUTRUN_WAIT_MAX_MS = 100;

export class RedisUserDirectory extends UserDirectory {
  private readonly apps = new Map<string, FollowedApp>();
  private readonly listeners: ((app: string, userId: string) => void)[] = [];
  private readonly settingsListeners: ((app: string) => void)[] = [];
  private readonly revocationListeners: ((app: string) => void)[] = [];

  constructor(private readonly options: RedisUserDirectoryOptions) {
    super();
  }

  override refresh(app: string): Promise<void> {
    return this.followed(app).refresh();
  }

  override nowMs(app: string): Promise<number> {
    return this.followed(app).nowMs();
  }

  override isLoaded(app: string): boolean {
    return this.followed(app).isLoaded;
  }

  override find(app: string, userId: string): DirectoryEntry | undefined {
    return this.followed(app).users.find(userId);
  }

  override userIds(app: string): Iterable<string> {
    return this.followed(app).users.userIds();
  }

  override put(app: string, userId: string, details: UserDetails): Promise<void> {
    return this.write(app, userId, (entry) => ({ ...entry, details }));
  }

  override erase(app: string, userId: string, atMs: number): Promise<void> {
    return this.write(app, userId, (entry) => erased(entry, atMs));
  }

  override async addToken(
    app: string,
    userId: string,
    token: StoredToken,
    nowMs: number,
    most = Infinity,
  ): Promise<boolean> {
    let added = false;
    await this.write(app, userId, (entry) => {
      const { issuedBeforeMs } = this.revokedTokens(app);
      const next = withToken(entry, token, { nowMs, issuedBeforeMs, most });
      added = next !== entry;
      return next;
    });
    return added;
  }

  override revokeTokens(app: string, userId: string, atMs: number): Promise<void> {
    return this.write(app, userId, (entry) => ({
      ...entry,
      tokens: [],
      revokedAtMs: laterRevocation(entry, atMs),
    }));
  }

  override async revokeTokensBefore(app: string, userId: string | null, issuedBeforeMs: number): Promise<void> {
    if (userId !== null) return this.write(app, userId, (entry) => withoutEarlier(entry, issuedBeforeMs));
    await this.revoke(app, ISSUED_BEFORE, issuedBeforeMs);
  }

  override revokeToken(app: string, jti: string, keptUntilMs: number, most: number): Promise<boolean> {
    return this.revoke(app, encodeName(jti), keptUntilMs, most);
  }

  override revokedTokens(app: string): RevokedTokenSet {
    return this.followed(app).revoked.tokens;
  }

  override async trim(nowMs: number): Promise<void> {
    await Promise.all([...this.apps.values()].map((followed) => followed.trim(nowMs)));
  }

  override onChange(listener: (app: string, userId: string) => void): void {
    this.listeners.push(listener);
  }

  override settings(app: string): AppSettings {
    return this.followed(app).users.settings;
  }

  override async putSettings(app: string, settings: AppSettings): Promise<void> {
    const followed = this.followed(app);
    const text = JSON.stringify(settings);
    await untilDone(async () => {
      const seen = await this.read(this.keys(app).users, SETTINGS);
      const replaced = await followed.replace('u', { field: SETTINGS, seen, text }, { announced: true });
      return replaced !== 'full' && replaced.text === text ? true : undefined;
    });
    await followed.refresh();
  }

  override onSettings(listener: (app: string) => void): void {
    this.settingsListeners.push(listener);
  }

  override onRevocation(listener: (app: string) => void): void {
    this.revocationListeners.push(listener);
  }

  private async write(app: string, userId: string, change: (entry: DirectoryEntry) => DirectoryEntry): Promise<void> {
    const followed = this.followed(app);
    const { users } = followed;
    const field = encodeName(userId);
    await untilDone(async () => {
      const seen = await this.read(this.keys(app).users, field);
      // On top of what Redis may have forgotten: else what is written now would be taken for older than the revocation.
      const held = users.heldAgainst(userId, seen);
      const entry = change(held);
      const text = encodeUser(entry);
      const announced = changesAccess(seen, entry);
      const replaced = text === seen ? { text } : await followed.replace('u', { field, seen, text }, { announced });
      if (replaced === 'full' || replaced.text !== text) return undefined;
      await followed.refresh();
      const { revokedAtMs, issuedBeforeMs } = users.find(userId) ?? UNKNOWN_USER;
      // Redis may have gone back before this pod has read it: acknowledged, the revocation would be known to nobody.
      return entry.revokedAtMs <= revokedAtMs && entry.issuedBeforeMs <= issuedBeforeMs ? true : undefined;
    });
  }

  /** Moves a field on to `ms`, unless it is there or further. `false`: there is no room for it. */
  private revoke(app: string, field: string, ms: number, most = Infinity): Promise<boolean> {
    const followed = this.followed(app);
    const { revoked } = followed;
    const { revoked: key } = this.keys(app);
    return untilDone(async () => {
      const seen = await this.read(key, field);
      const text = encodeMoment(Math.max(ms, decodeMoment(seen), revoked.valueOf(field)));
      // The moment for everybody is no id, but a field beside them.
      const room = most + (revoked.tokens.issuedBeforeMs > 0 ? 1 : 0);
      const replaced = await followed.replace('r', { field, seen, text }, { announced: true, most: room });
      if (replaced === 'full') return false;
      if (replaced.text !== text) return undefined;
      await followed.refresh();
      // As with a user: what Redis has lost already nobody would know of.
      return revoked.valueOf(field) >= ms ? true : undefined;
    });
  }

  private async read(key: string, field: string): Promise<string | null> {
    return (await this.options.link.command(key, 'HGET', key, field)) as string | null;
  }

  private followed(app: string): FollowedApp {
    let followed = this.apps.get(app);
    if (followed === undefined) {
      const { link, readOnly = false } = this.options;
      followed = new FollowedApp({
        link,
        readOnly,
        keys: this.keys(app),
        onUser: (userId) => this.listeners.forEach((listener) => listener(app, userId)),
        onSettings: () => this.settingsListeners.forEach((listener) => listener(app)),
        onRevocation: () => this.revocationListeners.forEach((listener) => listener(app)),
      });
      this.apps.set(app, followed);
    }
    return followed;
  }

  private keys(app: string): DirectoryKeys {
    const tag = `{${this.options.prefix}:app:${encodeName(app)}}`;
    return { users: `${tag}:users`, revoked: `${tag}:revoked`, log: `${tag}:log` };
  }
}

/** Tries again where others were first. @throws StoreUnavailable */
async function untilDone<Done>(attempt: () => Promise<Done | undefined>): Promise<Done> {
  for (let tries = 0; tries < WRITE_TRIES; tries += 1) {
    if (tries > 0) await setTimeout(Math.random() * Math.min(2 ** tries, OUTRUN_WAIT_MAX_MS));
    const done = await attempt();
    if (done !== undefined) return done;
  }
  throw new StoreUnavailable('The same was written by others all the time.');
}
