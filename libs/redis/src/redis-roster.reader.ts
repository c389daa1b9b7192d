/*
 * A host's roster as Redis has it, by commands that write nothing: also over a login, or at a replica, that may only
 * read. Names of keys are made here.
 */
import {
  type ConnectionRow,
  type Head,
  isExpired,
  type Lease,
  LOG_PAGE,
  type LogEntry,
  type LogListener,
  NOWHERE,
  RosterReader,
  type Snapshot,
  StoreUnavailable,
  type UserRecord,
} from '@rollcall/roster';
import { decodeEntry, decodeHead, decodeName, decodeRecord, decodeRow } from './codec';
import type { RedisLink } from './link';
import { RosterKeys } from './roster-keys';
import { FORMAT } from './script-parts';

export interface RedisRosterReaderOptions {
  readonly link: RedisLink;
  /** `<prefix>:<dc>`: the first part of every key. */
  readonly prefix: string;
  /** How many rows are asked for at once: more where each question takes long. */
  readonly pageRows?: number;
}

/** One HSCAN call takes about half a millisecond of Redis, and what it tells some milliseconds of this process. */
const PAGE_ROWS = 500;

/** A snapshot whose log was trimmed meanwhile is taken again. */
const SNAPSHOT_TRIES = 5;

export class RedisRosterReader extends RosterReader {
  private readonly link: RedisLink;
  private readonly keys: RosterKeys;
  private readonly pageRows: number;

  constructor({ link, prefix, pageRows = PAGE_ROWS }: RedisRosterReaderOptions) {
    super();
    this.link = link;
    this.pageRows = pageRows;
    this.keys = new RosterKeys(prefix);
  }

  override async head(host: string): Promise<Head> {
    return (await this.knownHead(host)) ?? NOWHERE;
  }

  /** `undefined`: there is no roster. */
  async knownHead(host: string): Promise<Head | undefined> {
    const meta = this.keys.of(host, 'meta');
    return decodeHead(await this.link.command(meta, 'HMGET', meta, 'epoch', 'epochAt', 'rev', 'tag', 't'));
  }

  override async leases(host: string): Promise<readonly Lease[]> {
    return (await this.readLeases(host)).leases;
  }

  /** The leases, and the time by which they count. */
  async readLeases(host: string): Promise<{ nowMs: number; leases: Lease[] }> {
    const reply = (await this.link.script('leases', this.keys.ofScript(host, ''), [])) as [string, unknown[]];
    const nowMs = Number(reply[0]);
    return { nowMs, leases: leasesOf(reply[1], nowMs) };
  }

  /** `headOf`: asks where the roster is before it is read, as `head` does. */
  override async snapshot(
    host: string,
    heard: readonly LogEntry[] = [],
    headOf = () => this.head(host),
  ): Promise<Snapshot> {
    await this.checkFormat();
    for (let tries = 0; tries < SNAPSHOT_TRIES; tries += 1) {
      const snapshot = await this.trySnapshot(host, await headOf(), heard);
      if (snapshot !== undefined) return snapshot;
    }
    throw new StoreUnavailable('The roster changes faster than it can be read.');
  }

  /** @throws Error if another release keeps the data in a way that this one does not know. */
  async checkFormat(): Promise<void> {
    const { format: key } = this.keys;
    const format = (await this.link.command(key, 'GET', key)) as string | null;
    if (format === null || format === String(FORMAT)) return;
    throw new Error(
      `Redis holds rosters in format ${format}, but this release knows format ${FORMAT}. Use another REDIS_PREFIX, or stop the other pods first.`,
    );
  }

  override async entriesAfter(host: string, revision: number): Promise<readonly LogEntry[]> {
    const log = this.keys.of(host, 'log');
    const from = `(${revision}-0`;
    const page = (await this.link.command(log, 'XRANGE', log, from, '+', 'COUNT', String(LOG_PAGE))) as [
      string,
      string[],
    ][];
    return page.flatMap(([, [, text = '']]) => decodeEntry(text) ?? []);
  }

  override async follow(host: string, listener: LogListener): Promise<() => void> {
    const { link } = this;
    const channel = this.keys.of(host, 'log');
    const hear = (message: string): void => {
      const entry = decodeEntry(message);
      if (entry === undefined) listener.interrupted();
      else listener.entry(entry);
    };
    const stop = await link.subscribe(channel, hear);
    const stopWatching = link.onReturn(() => listener.interrupted());
    return () => {
      stopWatching();
      stop();
    };
  }

  /** Reads the tables in chunks, and then what happened meanwhile from the log: together it is one moment. */
  private async trySnapshot(host: string, before: Head, heard: readonly LogEntry[]): Promise<Snapshot | undefined> {
    const rows = new Map<string, ConnectionRow>();
    const users = new Map<string, UserRecord>();
    await Promise.all([this.readAllRows(host, rows), this.readUsers(host, users)]);
    const tally = await this.link.script('tally', this.keys.ofScript(host, ''), []);
    const [reply, rowCount, userCount] = tally as [unknown, number, number];
    const after = decodeHead(reply) ?? NOWHERE;
    if (after.epoch !== before.epoch) return undefined;
    const next = following(heard);
    let at = before;
    while (at.revision < after.revision) {
      const told = next(at);
      const entries = told === undefined ? await this.entriesAfter(host, at.revision) : [told];
      if (entries.length === 0) return undefined;
      for (const entry of entries) {
        if (at.revision === after.revision) break;
        if (entry.fromRevision !== at.revision || entry.previousTag !== at.tag) return undefined;
        for (const [connectionId, row] of entry.rows) put(rows, connectionId, row);
        for (const [userId, record] of entry.users) put(users, userId, record);
        at = { ...after, revision: entry.toRevision, tag: entry.tag };
      }
    }
    if (at.revision !== after.revision || at.tag !== after.tag) return undefined;
    // A scan that went on at another server, after a failover or when the slot moved, has missed some, and nobody said so.
    if (rows.size !== rowCount || users.size !== userCount) return undefined;
    return { head: after, rows, users };
  }

  private async readAllRows(host: string, rows: Map<string, ConnectionRow>): Promise<void> {
    for (const { instance } of (await this.readLeases(host)).leases) await this.readRows(host, instance, rows);
  }

  private async readUsers(host: string, users: Map<string, UserRecord>): Promise<void> {
    for await (const pairs of this.scan(this.keys.of(host, 'users'))) {
      for (let at = 0; at < pairs.length; at += 2)
        users.set(decodeName(pairs[at] ?? ''), decodeRecord(pairs[at + 1] ?? ''));
    }
  }

  /** A scan may tell a row twice; then both are true at their time, and the later one counts. */
  async readRows(host: string, instance: string, rows: Map<string, ConnectionRow>): Promise<void> {
    for await (const pairs of this.scan(this.keys.rows(host, instance))) {
      for (let at = 0; at < pairs.length; at += 2) {
        const field = pairs[at] ?? '';
        if (field.startsWith('!')) continue;
        const row = decodeRow(field, pairs[at + 1] ?? '');
        rows.set(row.connectionId, row);
      }
    }
  }

  /** The fields and values of a hash in turn, some at a time; while they are taken, Redis looks for the next ones. */
  private async *scan(key: string): AsyncIterable<readonly string[]> {
    let next = this.scanFrom(key, '0');
    for (;;) {
      const [cursor, pairs] = await next;
      if (cursor !== '0') {
        next = this.scanFrom(key, cursor);
        // Whoever takes them may fail first, and nobody would hear of this one.
        next.catch(() => undefined);
      }
      yield pairs;
      if (cursor === '0') return;
    }
  }

  private async scanFrom(key: string, cursor: string): Promise<[cursor: string, pairs: string[]]> {
    return (await this.link.command(key, 'HSCAN', key, cursor, 'COUNT', String(this.pageRows))) as [string, string[]];
  }
}

/** Tells of the entries that were heard, in turn, the one that follows on a place; asked for later places only. */
function following(heard: readonly LogEntry[]): (at: Head) => LogEntry | undefined {
  let index = 0;
  return ({ revision, tag }) => {
    while ((heard[index]?.toRevision ?? Infinity) <= revision) index += 1;
    const entry = heard[index];
    return entry?.fromRevision === revision && entry.previousTag === tag ? entry : undefined;
  };
}

function put<Value>(map: Map<string, Value>, key: string, value: Value | null): void {
  if (value === null) map.delete(key);
  else map.set(key, value);
}

/** Members and scores in turn (RESP2), or in pairs (RESP3). */
export function leasesOf(reply: unknown[], nowMs: number): Lease[] {
  const flat = reply.flat();
  const leases: Lease[] = [];
  for (let at = 0; at < flat.length; at += 2) {
    const score = Number(flat[at + 1]);
    leases.push({ instance: String(flat[at]), score, expired: isExpired(score, nowMs) });
  }
  return leases;
}
