/*
 * The store that the pods of a data centre share. All keys of a host lie in one slot, so a host is one machine to the
 * protocol, whatever Redis is made of; no other code writes a roster.
 */
import {
  type Applied,
  type Batch,
  type Beat,
  GONE_KEPT_MS,
  type Head,
  isExpired,
  type Known,
  type Lease,
  LOG_PAGE,
  type LogEntry,
  type LogListener,
  type Opened,
  type PodLife,
  RosterStore,
  type ConnectionRow,
  type Snapshot,
  StoreUnavailable,
  SWEEP_MAX,
  type Swept,
  type UserRecord,
} from '@rollcall/roster';
import { randomBytes } from 'node:crypto';
import { decodeEntry, decodeHead, decodeName, decodeRecord, decodeRow, encodeBatch } from './codec';
import type { RedisLink } from './link';
import { FORMAT } from './script-parts';

export interface RedisRosterStoreOptions {
  readonly link: RedisLink;
  /** `<prefix>:<dc>`: the first part of every key. */
  readonly prefix: string;
  readonly leaseMs: number;
  readonly graceMs: number;
}

/** One HSCAN call takes about half a millisecond of Redis, and what it tells some milliseconds of this process. */
const SCAN_COUNT = '500';

/** A pod that wrote the hint has long registered, or never will. */
const HINT_KEPT_MS = 60_000;

/** A snapshot whose log was trimmed meanwhile is taken again. */
const SNAPSHOT_TRIES = 5;

const randomName = (): string => randomBytes(9).toString('base64url');

export class RedisRosterStore extends RosterStore {
  constructor(private readonly options: RedisRosterStoreOptions) {
    super();
  }

  /** @throws Error if another release keeps the data in a way that this one does not know. */
  async checkFormat(): Promise<void> {
    const key = `{${this.options.prefix}}:format`;
    await this.options.link.command(key, 'SET', key, String(FORMAT), 'NX');
    const format = await this.options.link.command(key, 'GET', key);
    if (format !== String(FORMAT)) {
      throw new Error(
        `Redis holds rosters in format ${String(format)}, but this release knows format ${FORMAT}. Use another REDIS_PREFIX, or stop the other pods first.`,
      );
    }
  }

  override async open(host: string, life: PodLife, known: Known | undefined): Promise<Opened> {
    // Each beat tells it again; where the hint lies must not keep a host from opening.
    await this.hint(host).catch(ignoreAbsence);
    const lastSeen = [known?.epoch ?? '', String(known?.revision ?? 0)];
    const argv = [...names(), life.instance, String(life.generation), ...lastSeen, String(this.options.leaseMs)];
    const [state, epochOrGeneration] = (await this.script('open', host, life.instance, argv)) as [string, string];
    if (state === 'OLD') return { state: 'old', generation: Number(epochOrGeneration) };
    const rows = new Map<string, ConnectionRow>();
    await this.readRows(host, life.instance, rows);
    return { state: 'open', epoch: epochOrGeneration, rows: [...rows.values()] };
  }

  override async apply(host: string, batch: Batch): Promise<Applied> {
    const { leaseMs, graceMs } = this.options;
    const life = [batch.instance, String(batch.generation), String(batch.sequence)];
    const times = [String(leaseMs), String(graceMs), String(GONE_KEPT_MS)];
    const argv = [...names(), ...life, randomName(), ...times, ...encodeBatch(batch)];
    const [state, detail] = (await this.script('apply', host, batch.instance, argv)) as [string, unknown];
    if (state === 'GONE') return { state: 'gone' };
    if (state === 'GAP') return { state: 'gap', epoch: detail as string };
    const head = decodeHead(state === 'DUP' ? JSON.parse(detail as string) : detail);
    if (head === undefined) throw new Error(`Redis answered a batch with ${String(state)}.`);
    return { state: 'ok', head };
  }

  override async beat(host: string, life: PodLife): Promise<Beat> {
    void this.hint(host).catch(() => undefined);
    const argv = [...names(), life.instance, String(life.generation), String(this.options.leaseMs)];
    const reply = (await this.script('beat', host, life.instance, argv)) as [
      unknown,
      string[] | null,
      unknown[],
      string,
    ];
    const head = decodeHead(reply[0]) as Head;
    const own = reply[1] === null ? undefined : reply[1].map(Number);
    return {
      head,
      own: own && { generation: own[0] ?? 0, sequence: own[1] ?? 0, rows: own[2] ?? 0 },
      leases: leasesOf(reply[2], Number(reply[3])),
    };
  }

  override async leases(host: string): Promise<readonly Lease[]> {
    const { nowMs, leases } = await this.readLeases(host);
    if (leases.length === 0) await this.dropHint(host, nowMs);
    return leases;
  }

  override async sweep(host: string, instance: string, scoreSeen: number, cursor: string): Promise<Swept> {
    const argv = [
      ...names(),
      instance,
      String(scoreSeen),
      cursor,
      randomName(),
      String(GONE_KEPT_MS),
      String(SWEEP_MAX),
    ];
    const [state, next] = (await this.script('sweep', host, instance, argv)) as [string, string];
    if (state === 'MORE') return { state: 'more', cursor: next };
    return { state: state === 'ALIVE' ? 'alive' : 'done' };
  }

  override async close(host: string, life: PodLife): Promise<void> {
    await this.script('close', host, life.instance, [life.instance, String(life.generation)]);
  }

  override async head(host: string): Promise<Head> {
    const meta = this.key(host, 'meta');
    const head = decodeHead(
      await this.options.link.command(meta, 'HMGET', meta, 'epoch', 'epochAt', 'rev', 'tag', 't'),
    );
    return head ?? this.now(host, 0);
  }

  override async now(host: string, shownMs: number): Promise<Head> {
    return decodeHead(await this.script('now', host, '', [...names(), String(shownMs)])) as Head;
  }

  override async renewEpoch(host: string, epochSeen: string): Promise<void> {
    await this.script('renew', host, '', [...names(), epochSeen]);
  }

  override async snapshot(host: string): Promise<Snapshot> {
    for (let tries = 0; tries < SNAPSHOT_TRIES; tries += 1) {
      const snapshot = await this.trySnapshot(host);
      if (snapshot !== undefined) return snapshot;
    }
    throw new StoreUnavailable('The roster changes faster than it can be read.');
  }

  override async entriesAfter(host: string, revision: number): Promise<readonly LogEntry[]> {
    const log = this.key(host, 'log');
    const from = `(${revision}-0`;
    const page = (await this.options.link.command(log, 'XRANGE', log, from, '+', 'COUNT', String(LOG_PAGE))) as [
      string,
      string[],
    ][];
    return page.flatMap(([, [, text = '']]) => decodeEntry(text) ?? []);
  }

  override async follow(host: string, listener: LogListener): Promise<() => void> {
    const { link } = this.options;
    const channel = this.key(host, 'log');
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

  override async hosts(): Promise<readonly string[]> {
    const key = this.hostsKey;
    return ((await this.options.link.command(key, 'ZRANGE', key, '0', '-1')) as string[]).map(decodeName);
  }

  /** Reads the tables in chunks, and then what happened meanwhile from the log: together it is one moment. */
  private async trySnapshot(host: string): Promise<Snapshot | undefined> {
    const before = await this.now(host, 0);
    const rows = new Map<string, ConnectionRow>();
    const users = new Map<string, UserRecord>();
    await Promise.all([this.readAllRows(host, rows), this.readUsers(host, users)]);
    const [reply, rowCount, userCount] = (await this.script('tally', host, '', names())) as [unknown, number, number];
    const after = decodeHead(reply) as Head;
    if (after.epoch !== before.epoch) return undefined;
    let at = before;
    while (at.revision < after.revision) {
      const entries = await this.entriesAfter(host, at.revision);
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

  private async readLeases(host: string): Promise<{ nowMs: number; leases: Lease[] }> {
    const [nowMs, scores] = (await this.script('leases', host, '', [])) as [string, unknown[]];
    return { nowMs: Number(nowMs), leases: leasesOf(scores, Number(nowMs)) };
  }

  private async readAllRows(host: string, rows: Map<string, ConnectionRow>): Promise<void> {
    for (const { instance } of (await this.readLeases(host)).leases) await this.readRows(host, instance, rows);
  }

  private async readUsers(host: string, users: Map<string, UserRecord>): Promise<void> {
    for await (const pairs of this.scan(this.key(host, 'users'))) {
      for (let at = 0; at < pairs.length; at += 2)
        users.set(decodeName(pairs[at] ?? ''), decodeRecord(pairs[at + 1] ?? ''));
    }
  }

  /** A scan may tell a row twice; then both are true at their time, and the later one counts. */
  private async readRows(host: string, instance: string, rows: Map<string, ConnectionRow>): Promise<void> {
    for await (const pairs of this.scan(this.rowsKey(host, instance))) {
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
    const { link } = this.options;
    return (await link.command(key, 'HSCAN', key, cursor, 'COUNT', SCAN_COUNT)) as [string, string[]];
  }

  /** So that somebody finds the host when all its pods have died. */
  private async hint(host: string): Promise<void> {
    await this.options.link.command(this.hostsKey, 'ZADD', this.hostsKey, String(Date.now()), JSON.stringify(host));
  }

  /**
   * A pod may have written the hint just now and be about to register, so only an old one goes; and only when nobody is
   * left who has to be forgotten first.
   */
  private async dropHint(host: string, nowMs: number): Promise<void> {
    const key = this.hostsKey;
    const at = await this.options.link.command(key, 'ZSCORE', key, JSON.stringify(host));
    if (at === null || Number(at) >= nowMs - HINT_KEPT_MS) return;
    const isForgotten = (await this.script('trim', host, '', [String(GONE_KEPT_MS)])) === 1;
    if (isForgotten) await this.options.link.command(key, 'ZREM', key, JSON.stringify(host));
  }

  private script(
    name: Parameters<RedisLink['script']>[0],
    host: string,
    instance: string,
    argv: string[],
  ): Promise<unknown> {
    const keys = (['meta', 'leases', 'users', 'gone', 'log'] as const).map((part) => this.key(host, part));
    return this.options.link.script(name, [...keys, this.rowsKey(host, instance)], argv);
  }

  private key(host: string, part: string): string {
    return `{${this.options.prefix}:${host}}:${part}`;
  }

  private rowsKey(host: string, instance: string): string {
    return this.key(host, `m:${instance}`);
  }

  private get hostsKey(): string {
    return `{${this.options.prefix}}:hosts`;
  }
}

function ignoreAbsence(error: unknown): void {
  if (!(error instanceof StoreUnavailable)) throw error;
}

/** Names for an epoch, should the call have to begin one. */
const names = (): [string, string] => [randomName(), randomName()];

function put<Value>(map: Map<string, Value>, key: string, value: Value | null): void {
  if (value === null) map.delete(key);
  else map.set(key, value);
}

/** Members and scores in turn (RESP2), or in pairs (RESP3). */
function leasesOf(reply: unknown[], nowMs: number): Lease[] {
  const flat = reply.flat();
  const leases: Lease[] = [];
  for (let at = 0; at < flat.length; at += 2) {
    const score = Number(flat[at + 1]);
    leases.push({ instance: String(flat[at]), score, expired: isExpired(score, nowMs) });
  }
  return leases;
}
