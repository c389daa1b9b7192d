/*
 * The users of all apps, shared by the pods of a data centre. Redis has a hash an app (user → entry) and a log of which
 * users have changed; each pod keeps a copy, because every answer needs profiles at hand, and reads the log before it
 * relies on the copy. Entries are written by compare-and-set.
 *
 * If Redis forgets, profiles and minted tokens are lost with it; revocations are not: pods write them back.
 */
import { type DirectoryEntry, SharedCheck, type StoredToken, type UserDetails, UserDirectory } from '@rollcall/roster';
import { decodeName, encodeName } from './codec';
import type { RedisLink } from './link';

export interface RedisUserDirectoryOptions {
  readonly link: RedisLink;
  /** `<prefix>:<dc>` */
  readonly prefix: string;
}

interface EntryText {
  /** `null`: erased. Absent: never put. */
  readonly details?: UserDetails | null;
  readonly tokens: [hash: string, expiresAtMs: number | null][];
  readonly revokedAtMs: number;
}

/** How many changes the log remembers; a pod that missed more reads everything again. */
const LOG_MAX = '10000';

const PAGE = '500';

/** Another pod may write the same user at the same time, a few times over. */
const WRITE_TRIES = 20;

const UNKNOWN: DirectoryEntry = { details: undefined, tokens: [], revokedAtMs: 0 };

export class RedisUserDirectory extends UserDirectory {
  private readonly apps = new Map<string, AppCopy>();
  private readonly listeners: ((app: string, userId: string) => void)[] = [];

  constructor(private readonly options: RedisUserDirectoryOptions) {
    super();
  }

  override refresh(app: string): Promise<void> {
    return this.copyOf(app).check.ask();
  }

  override isLoaded(app: string): boolean {
    return this.copyOf(app).position !== undefined;
  }

  override find(app: string, userId: string): DirectoryEntry | undefined {
    return this.copyOf(app).entries.get(userId);
  }

  override userIds(app: string): Iterable<string> {
    return this.copyOf(app).entries.keys();
  }

  override put(app: string, userId: string, details: UserDetails): Promise<void> {
    return this.write(app, userId, (entry) => ({ ...entry, details }));
  }

  override erase(app: string, userId: string, atMs: number): Promise<void> {
    return this.write(app, userId, () => ({ details: null, tokens: [], revokedAtMs: atMs }));
  }

  override addToken(app: string, userId: string, token: StoredToken, nowMs: number): Promise<void> {
    return this.write(app, userId, (entry) => ({
      ...entry,
      tokens: [...entry.tokens.filter(({ expiresAtMs = Infinity }) => nowMs < expiresAtMs), token],
    }));
  }

  override revokeTokens(app: string, userId: string, atMs: number): Promise<void> {
    return this.write(app, userId, (entry) => ({ ...entry, tokens: [], revokedAtMs: atMs }));
  }

  override onChange(listener: (app: string, userId: string) => void): void {
    this.listeners.push(listener);
  }

  private async write(app: string, userId: string, change: (entry: DirectoryEntry) => DirectoryEntry): Promise<void> {
    const { link } = this.options;
    const [entries, log] = this.keys(app);
    const field = encodeName(userId);
    let before = (await link.command(entries, 'HGET', entries, field)) as string | null;
    for (let tries = 0; tries < WRITE_TRIES; tries += 1) {
      const after = encode(change(before === null ? UNKNOWN : decode(before)));
      const [done, current] = (await link.script(
        'directory',
        [entries, log],
        [field, before ?? '', after, LOG_MAX],
      )) as [number, string | null];
      if (done === 1) return this.refresh(app);
      before = current;
    }
    throw new Error('A user was changed by others all the time.');
  }

  private copyOf(app: string): AppCopy {
    let copy = this.apps.get(app);
    if (copy === undefined) {
      const made: AppCopy = {
        entries: new Map(),
        position: undefined,
        check: new SharedCheck(() => this.catchUp(app, made)),
      };
      copy = made;
      this.apps.set(app, made);
    }
    return copy;
  }

  private async catchUp(app: string, copy: AppCopy): Promise<void> {
    const { link } = this.options;
    const [, log] = this.keys(app);
    const [newest] = (await link.command(log, 'XREVRANGE', log, '+', '-', 'COUNT', '1')) as [string][];
    const end = newest?.[0] ?? '';
    if (end === copy.position) return;
    const from = copy.position ?? '';
    if (from === '' || end === '' || !(await this.readLog(app, copy, from))) await this.readAll(app, copy, end);
  }

  /** `false`: the log does not reach back to where the copy is. */
  private async readLog(app: string, copy: AppCopy, from: string): Promise<boolean> {
    const { link } = this.options;
    const [entries, log] = this.keys(app);
    const [here] = (await link.command(log, 'XRANGE', log, from, from)) as [string][];
    if (here === undefined) return false;
    for (let at = from; ;) {
      const page = (await link.command(log, 'XRANGE', log, `(${at}`, '+', 'COUNT', PAGE)) as [string, string[]][];
      const fields = [...new Set(page.map(([, [, field = '']]) => field))];
      const last = page.at(-1);
      if (last === undefined) return true;
      const texts = (await link.command(entries, 'HMGET', entries, ...fields)) as (string | null)[];
      fields.forEach((field, index) => this.take(app, copy, decodeName(field), texts[index] ?? null));
      at = last[0];
      copy.position = at;
    }
  }

  private async readAll(app: string, copy: AppCopy, end: string): Promise<void> {
    const { link } = this.options;
    const [entries] = this.keys(app);
    const before = new Map(copy.entries);
    let cursor = '0';
    do {
      const [next, pairs] = (await link.command(entries, 'HSCAN', entries, cursor, 'COUNT', PAGE)) as [
        string,
        string[],
      ];
      for (let at = 0; at < pairs.length; at += 2) {
        const userId = decodeName(pairs[at] ?? '');
        before.delete(userId);
        this.take(app, copy, userId, pairs[at + 1] ?? null);
      }
      cursor = next;
    } while (cursor !== '0');
    copy.position = end;
    for (const [userId, { revokedAtMs }] of before) {
      this.take(app, copy, userId, null);
      if (revokedAtMs > 0) void this.writeBack(app, userId, revokedAtMs);
    }
  }

  /** What Redis has forgotten of a revocation, this pod has not. */
  private async writeBack(app: string, userId: string, revokedAtMs: number): Promise<void> {
    try {
      await this.write(app, userId, (entry) =>
        entry.revokedAtMs >= revokedAtMs ? entry : { ...entry, tokens: [], revokedAtMs },
      );
    } catch {
      // Redis is away again: until it is back this pod holds on to it by itself.
      this.copyOf(app).entries.set(userId, { ...UNKNOWN, revokedAtMs });
    }
  }

  private take(app: string, copy: AppCopy, userId: string, text: string | null): void {
    if (text === null) copy.entries.delete(userId);
    else copy.entries.set(userId, decode(text));
    for (const listener of this.listeners) listener(app, userId);
  }

  private keys(app: string): [entries: string, log: string] {
    const tag = `{${this.options.prefix}:app:${encodeName(app)}}`;
    return [`${tag}:users`, `${tag}:log`];
  }
}

interface AppCopy {
  readonly entries: Map<string, DirectoryEntry>;
  /** Where in the log the copy is; '' before the first entry, `undefined` before the first load. */
  position: string | undefined;
  readonly check: SharedCheck<void>;
}

function encode({ details, tokens, revokedAtMs }: DirectoryEntry): string {
  const text: EntryText = {
    ...(details === undefined ? {} : { details }),
    tokens: tokens.map(({ hash, expiresAtMs }) => [hash.toString('base64'), expiresAtMs ?? null]),
    revokedAtMs,
  };
  return JSON.stringify(text);
}

function decode(text: string): DirectoryEntry {
  const { details, tokens, revokedAtMs } = JSON.parse(text) as EntryText;
  return {
    details,
    tokens: tokens.map(([hash, expiresAtMs]) => ({
      hash: Buffer.from(hash, 'base64'),
      ...(expiresAtMs === null ? {} : { expiresAtMs }),
    })),
    revokedAtMs,
  };
}
