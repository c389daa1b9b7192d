/*
 * The users of all apps, shared by the pods of a data centre. Redis has a hash an app (user → entry) and a log of which
 * users have changed; each pod keeps a copy, because every answer needs profiles at hand, and reads the log before it
 * relies on the copy. Entries are written by compare-and-set. The settings of the app are an entry, too, of a name that is no
 * user's.
 *
 * If Redis forgets, profiles and minted tokens are lost with it; revocations and erasures are not: each pod's copy holds on
 * to them, and whichever pod reads first writes them back. Lost is one that no living pod had read.
 */
import {
  type AppSettings,
  type DirectoryEntry,
  laterRevocation,
  SharedCheck,
  StoreUnavailable,
  type StoredToken,
  type UserDetails,
  UserDirectory,
} from '@rollcall/roster';
import { decodeName, encodeName } from './codec';
import { DirectoryCopy, encodeUser } from './directory-copy';
import type { RedisLink } from './link';

export interface RedisUserDirectoryOptions {
  readonly link: RedisLink;
  /** `<prefix>:<dc>` */
  readonly prefix: string;
  /** Another data centre's, which is only looked at. */
  readonly readOnly?: boolean;
}

/** How many changes the log remembers; a pod that missed more reads everything again. */
const LOG_MAX = '10000';

/** So much is asked for, or written back, at once: more would keep the other commands of this pod waiting. */
const PAGE = 500;

/** A failover in the middle of reading is no reason to fail; one after the other is. */
const READ_TRIES = 5;

/** Users' names are JSON texts, and begin with a quote. */
const SETTINGS = '!settings';

/** Another pod may write the same user at the same time, a few times over. */
const WRITE_TRIES = 20;

export class RedisUserDirectory extends UserDirectory {
  private readonly apps = new Map<string, FollowedApp>();
  private readonly listeners: ((app: string, userId: string) => void)[] = [];
  private readonly settingsListeners: ((app: string) => void)[] = [];

  constructor(private readonly options: RedisUserDirectoryOptions) {
    super();
  }

  override refresh(app: string): Promise<void> {
    return this.followed(app).check.ask();
  }

  override isLoaded(app: string): boolean {
    return this.followed(app).copy.position !== undefined;
  }

  override find(app: string, userId: string): DirectoryEntry | undefined {
    return this.followed(app).copy.find(userId);
  }

  override userIds(app: string): Iterable<string> {
    return this.followed(app).copy.userIds();
  }

  override put(app: string, userId: string, details: UserDetails): Promise<void> {
    return this.write(app, userId, (entry) => ({ ...entry, details }));
  }

  override erase(app: string, userId: string, atMs: number): Promise<void> {
    return this.write(app, userId, (entry) => ({
      details: null,
      tokens: [],
      revokedAtMs: laterRevocation(entry, atMs),
    }));
  }

  override addToken(app: string, userId: string, token: StoredToken, nowMs: number): Promise<void> {
    return this.write(app, userId, (entry) => ({
      ...entry,
      tokens: [...entry.tokens.filter(({ expiresAtMs = Infinity }) => nowMs < expiresAtMs), token],
    }));
  }

  override revokeTokens(app: string, userId: string, atMs: number): Promise<void> {
    return this.write(app, userId, (entry) => ({
      ...entry,
      tokens: [],
      revokedAtMs: laterRevocation(entry, atMs),
    }));
  }

  override onChange(listener: (app: string, userId: string) => void): void {
    this.listeners.push(listener);
  }

  override settings(app: string): AppSettings {
    return this.followed(app).copy.settings;
  }

  override async putSettings(app: string, settings: AppSettings): Promise<void> {
    const [entries] = this.keys(app);
    const after = JSON.stringify(settings);
    let before = (await this.options.link.command(entries, 'HGET', entries, SETTINGS)) as string | null;
    for (let tries = 0; tries < WRITE_TRIES; tries += 1) {
      before = await this.replace(app, SETTINGS, before, after);
      if (before === after) return this.refresh(app);
    }
    throw new Error('The settings were changed by others all the time.');
  }

  override onSettings(listener: (app: string) => void): void {
    this.settingsListeners.push(listener);
  }

  private async write(app: string, userId: string, change: (entry: DirectoryEntry) => DirectoryEntry): Promise<void> {
    const { copy } = this.followed(app);
    const [entries] = this.keys(app);
    let before = (await this.options.link.command(entries, 'HGET', entries, encodeName(userId))) as string | null;
    for (let tries = 0; tries < WRITE_TRIES; tries += 1) {
      // On top of what Redis may have forgotten: else what is written now would be taken for older than the revocation.
      const entry = change(copy.heldAgainst(userId, before));
      const after = encodeUser(entry);
      before = await this.replace(app, encodeName(userId), before, after);
      if (before !== after) continue;
      await this.refresh(app);
      // Redis may have gone back before this pod has read it: acknowledged, the revocation would be known to nobody.
      if (entry.revokedAtMs <= (copy.find(userId)?.revokedAtMs ?? 0)) return;
    }
    throw new Error('A user was changed by others all the time.');
  }

  /** Answers what Redis has then: `after`, or what somebody else has written over `before`. */
  private async replace(app: string, field: string, before: string | null, after: string): Promise<string | null> {
    const argv = [field, before ?? '', after, LOG_MAX];
    const reply = await this.options.link.script('directory', this.keys(app), argv);
    const [done, current] = reply as [number, string | null];
    return done === 1 ? after : current;
  }

  private followed(app: string): FollowedApp {
    let followed = this.apps.get(app);
    if (followed === undefined) {
      const copy = new DirectoryCopy(
        (userId) => this.listeners.forEach((listener) => listener(app, userId)),
        () => this.settingsListeners.forEach((listener) => listener(app)),
      );
      followed = { copy, check: new SharedCheck(() => this.catchUp(app, copy)) };
      this.apps.set(app, followed);
    }
    return followed;
  }

  /** One at a time for each app, so nothing else writes to the copy while one of these waits for Redis. */
  private async catchUp(app: string, copy: DirectoryCopy): Promise<void> {
    await this.read(app, copy);
    if (this.options.readOnly === true) return;
    try {
      await this.writeBack(app, copy);
    } catch (error) {
      // All was read, and that is what was asked for; what is owed stays so, and the next one tries again.
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }

  private async read(app: string, copy: DirectoryCopy): Promise<void> {
    const { link } = this.options;
    const [, log] = this.keys(app);
    const [newest] = (await link.command(log, 'XREVRANGE', log, '+', '-', 'COUNT', '1')) as [string][];
    const end = newest?.[0] ?? '';
    if (end === copy.position) return;
    const from = copy.position ?? '';
    if (from === '' || end === '' || !(await this.readLog(app, copy, from))) await this.readAll(app, copy, end);
  }

  /** `false`: the log does not reach back to where the copy is. */
  private async readLog(app: string, copy: DirectoryCopy, from: string): Promise<boolean> {
    const { link } = this.options;
    const [entries, log] = this.keys(app);
    const [here] = (await link.command(log, 'XRANGE', log, from, from)) as [string][];
    if (here === undefined) return false;
    for (let at = from; ;) {
      const range = ['XRANGE', log, `(${at}`, '+', 'COUNT', String(PAGE)];
      const page = (await link.command(log, ...range)) as [string, string[]][];
      const fields = [...new Set(page.map(([, [, field = '']]) => field))];
      const last = page.at(-1);
      if (last === undefined) return true;
      const texts = (await link.command(entries, 'HMGET', entries, ...fields)) as (string | null)[];
      fields.forEach((field, index) => take(copy, field, texts[index] ?? null));
      at = last[0];
      copy.position = at;
    }
  }

  private async readAll(app: string, copy: DirectoryCopy, end: string): Promise<void> {
    for (let tries = 0; tries < READ_TRIES; tries += 1) {
      const missing = await this.scan(app, copy);
      if (missing === undefined) continue;
      copy.position = end;
      for (const field of missing) take(copy, field, null);
      return;
    }
    throw new StoreUnavailable('The users could not be read as a whole.');
  }

  /** Takes all that Redis has; returns the fields that it has no more, or `undefined` if it has told of fewer than there were. */
  private async scan(app: string, copy: DirectoryCopy): Promise<ReadonlySet<string> | undefined> {
    const { link } = this.options;
    const [entries] = this.keys(app);
    const count = Number(await link.command(entries, 'HLEN', entries));
    const missing = new Set([SETTINGS, ...[...copy.userIds()].map(encodeName)]);
    const seen = new Set<string>();
    let cursor = '0';
    do {
      const scan = ['HSCAN', entries, cursor, 'COUNT', String(PAGE)];
      const [next, pairs] = (await link.command(entries, ...scan)) as [string, string[]];
      for (let at = 0; at < pairs.length; at += 2) {
        const field = pairs[at] ?? '';
        missing.delete(field);
        seen.add(field);
        take(copy, field, pairs[at + 1] ?? null);
      }
      cursor = next;
    } while (cursor !== '0');
    // A scan that went on at another server, after a failover, has missed some, and nobody said so. Entries only get more.
    return seen.size < count ? undefined : missing;
  }

  /**
   * Once over, whatever comes of it: what another pod has written in between is taken, and weighed again the next time.
   * Each only over what Redis was seen to have, so pods that do so together write each user once.
   */
  private async writeBack(app: string, copy: DirectoryCopy): Promise<void> {
    const owed = copy.owed();
    for (let at = 0; at < owed.length; at += PAGE) {
      const page = owed.slice(at, at + PAGE);
      const texts = await Promise.all(
        page.map(({ userId, seen, text }) => this.replace(app, encodeName(userId), seen, text)),
      );
      page.forEach(({ userId }, index) => copy.take(userId, texts[index] ?? null));
    }
  }

  private keys(app: string): [entries: string, log: string] {
    const tag = `{${this.options.prefix}:app:${encodeName(app)}}`;
    return [`${tag}:users`, `${tag}:log`];
  }
}

function take(copy: DirectoryCopy, field: string, stored: string | null): void {
  if (field === SETTINGS) copy.takeSettings(stored);
  else copy.take(decodeName(field), stored);
}

interface FollowedApp {
  readonly copy: DirectoryCopy;
  readonly check: SharedCheck<void>;
}
