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
  type HostRules,
  type Known,
  type Lease,
  type LogEntry,
  type LogListener,
  type Opened,
  type PodLife,
  RosterStore,
  SEEN_KEPT_MS,
  type ConnectionRow,
  type Snapshot,
  StoreUnavailable,
  SWEEP_MAX,
  type Swept,
} from '@rollcall/roster';
import { randomBytes } from 'node:crypto';
import { decodeHead, decodeName, encodeBatch, encodeName } from './codec';
import type { RedisLink } from './link';
import { leasesOf, RedisRosterReader } from './redis-roster.reader';
import { RosterKeys } from './roster-keys';
import { FORMAT, LOG_BYTES, MADE_UP_LOG_BYTES } from './script-parts';

export interface RedisRosterStoreOptions extends HostRules {
  readonly link: RedisLink;
  /** `<prefix>:<dc>`: the first part of every key. */
  readonly prefix: string;
  readonly leaseMs: number;
  readonly graceMs: number;
}

/** More commands at once would keep others of this pod waiting. */
const HOSTS_AT_ONCE = 500;

/** A pod that wrote the hint has long registered, or never will. */
const HINT_KEPT_MS = 60_000;

const randomName = (): string => randomBytes(9).toString('base64url');

export class RedisRosterStore extends RosterStore {
  private readonly keys: RosterKeys;
  private readonly reader: RedisRosterReader;

  constructor(private readonly options: RedisRosterStoreOptions) {
    super();
    this.keys = new RosterKeys(options.prefix);
    this.reader = new RedisRosterReader(options);
  }

  /** @throws Error if another release keeps the data in a way that this one does not know. */
  async checkFormat(): Promise<void> {
    const { format } = this.keys;
    await this.options.link.command(format, 'SET', format, String(FORMAT), 'NX');
    await this.reader.checkFormat();
  }

  override async open(host: string, life: PodLife, known: Known | undefined): Promise<Opened> {
    // Each beat tells it again; where the hint lies must not keep a host from opening.
    await this.hint(host).catch(ignoreAbsence);
    const lastSeen = [known?.epoch ?? '', String(known?.revision ?? 0)];
    const argv = [...names(), life.instance, String(life.generation), ...lastSeen, String(this.options.leaseMs)];
    const [state, epochOrGeneration] = (await this.script('open', host, life.instance, argv)) as [string, string];
    if (state === 'OLD') return { state: 'old', generation: Number(epochOrGeneration) };
    const rows = new Map<string, ConnectionRow>();
    await this.reader.readRows(host, life.instance, rows);
    return { state: 'open', epoch: epochOrGeneration, rows: [...rows.values()] };
  }

  override async apply(host: string, batch: Batch): Promise<Applied> {
    const { leaseMs, graceMs } = this.options;
    const life = [batch.instance, String(batch.generation), String(batch.sequence)];
    const limits = [String(leaseMs), String(graceMs), String(GONE_KEPT_MS), this.logBytes(host)];
    const argv = [...names(), ...life, randomName(), ...limits, ...encodeBatch(batch)];
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
    const { nowMs, leases } = await this.reader.readLeases(host);
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
      this.logBytes(host),
      String(SWEEP_MAX),
    ];
    const [state, next] = (await this.script('sweep', host, instance, argv)) as [string, string];
    if (state === 'MORE') return { state: 'more', cursor: next };
    return { state: state === 'ALIVE' ? 'alive' : 'done' };
  }

  override async close(host: string, life: PodLife): Promise<void> {
    await this.script('close', host, life.instance, [life.instance, String(life.generation)]);
  }

  override isRefusing(host: string): boolean {
    return this.options.link.isRefusing(this.keys.of(host, 'meta'));
  }

  override async head(host: string): Promise<Head> {
    return (await this.reader.knownHead(host)) ?? this.now(host, 0);
  }

  override async now(host: string, shownMs: number): Promise<Head> {
    return decodeHead(await this.script('now', host, '', [...names(), String(shownMs)])) as Head;
  }

  override async renewEpoch(host: string, epochSeen: string): Promise<void> {
    await this.script('renew', host, '', [...names(), epochSeen]);
  }

  override snapshot(host: string, heard?: readonly LogEntry[]): Promise<Snapshot> {
    return this.reader.snapshot(host, heard, () => this.now(host, 0));
  }

  override entriesAfter(host: string, revision: number): Promise<readonly LogEntry[]> {
    return this.reader.entriesAfter(host, revision);
  }

  override follow(host: string, listener: LogListener): Promise<() => void> {
    return this.reader.follow(host, listener);
  }

  override async hosts(): Promise<readonly string[]> {
    const key = this.keys.hosts;
    return ((await this.options.link.command(key, 'ZRANGE', key, '0', '-1')) as string[]).map(decodeName);
  }

  override async lastSeen(host: string, userId: string): Promise<number | undefined> {
    const key = this.keys.of(host, 'seen');
    const atMs = (await this.options.link.command(key, 'ZSCORE', key, encodeName(userId))) as string | number | null;
    return atMs === null ? undefined : Number(atMs);
  }

  override async forgetLastSeen(userId: string, concerns: (host: string) => boolean): Promise<void> {
    const { link } = this.options;
    const key = this.keys.seenHosts;
    const hosts = ((await link.command(key, 'ZRANGE', key, '0', '-1')) as string[]).map(decodeName);
    for (let at = 0; at < hosts.length; at += HOSTS_AT_ONCE) {
      // Each time anew: a host may have gone to another app meanwhile.
      const concerned = hosts.slice(at, at + HOSTS_AT_ONCE).filter(concerns);
      const tables = concerned.map((host) => this.keys.of(host, 'seen'));
      await Promise.all(tables.map((table) => link.command(table, 'ZREM', table, encodeName(userId))));
    }
  }

  /** So that somebody finds the host when all its pods have died. */
  private async hint(host: string): Promise<void> {
    const { link, remembersSeen } = this.options;
    const { hosts, seenHosts } = this.keys;
    const nowMs = Date.now();
    await link.command(hosts, 'ZADD', hosts, String(nowMs), JSON.stringify(host));
    if (remembersSeen?.(host) !== true) return;
    // Longer than that table can last, whatever the clocks say.
    await link.command(seenHosts, 'ZREMRANGEBYSCORE', seenHosts, '-inf', String(nowMs - 2 * SEEN_KEPT_MS));
    await link.command(seenHosts, 'ZADD', seenHosts, String(nowMs), JSON.stringify(host));
  }

  /**
   * A pod may have written the hint just now and be about to register, so only an old one goes; and only when nobody is
   * left who has to be forgotten first.
   */
  private async dropHint(host: string, nowMs: number): Promise<void> {
    const key = this.keys.hosts;
    const at = await this.options.link.command(key, 'ZSCORE', key, JSON.stringify(host));
    if (at === null || Number(at) >= nowMs - HINT_KEPT_MS) return;
    const withChoices = this.options.isMadeUp?.(host) === true ? '1' : '';
    const isForgotten = (await this.script('trim', host, '', [String(GONE_KEPT_MS), withChoices])) === 1;
    if (isForgotten) await this.options.link.command(key, 'ZREM', key, JSON.stringify(host));
  }

  private logBytes(host: string): string {
    return String(this.options.isMadeUp?.(host) === true ? MADE_UP_LOG_BYTES : LOG_BYTES);
  }

  private script(
    name: Parameters<RedisLink['script']>[0],
    host: string,
    instance: string,
    argv: string[],
  ): Promise<unknown> {
    const { link, remembersSeen } = this.options;
    return link.script(name, this.keys.ofScript(host, instance, remembersSeen?.(host)), argv);
  }
}

function ignoreAbsence(error: unknown): void {
  if (!(error instanceof StoreUnavailable)) throw error;
}

/** Names for an epoch, should the call have to begin one. */
const names = (): [string, string] => [randomName(), randomName()];
