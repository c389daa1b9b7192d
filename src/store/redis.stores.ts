import { Logger } from '@nestjs/common';
import {
  connectRedis,
  RedisLink,
  RedisPodRegistry,
  RedisRosterStore,
  type RedisSettings,
  RedisUserDirectory,
  type SharedCounter,
  sharedCounter,
  type SocketMessages,
  socketMessages,
} from '@rollcall/redis';
import { type HostRules, StoreUnavailable } from '@rollcall/roster';
import type { Config, RedisConfig } from '../config/config';
import { RedisDatacenter } from './redis.datacenter';
import { Stores } from './stores';
import { TroubleLog } from './trouble-log';

/** How often a Redis that has never answered is tried. */
const FIRST_CONTACT_EVERY_MS = 100;

/** Shared by all pods of the data centre. It never falls back to anything: without Redis the pod is not ready. */
export class RedisStores extends Stores {
  readonly kind = 'redis';
  readonly rosters: RedisRosterStore;
  readonly directory: RedisUserDirectory;
  readonly pods: RedisPodRegistry;
  readonly messages: SocketMessages;
  readonly counter: SharedCounter;
  readonly others: readonly RedisDatacenter[];
  private readonly logger = new Logger('redis');
  private readonly link: RedisLink;
  private readonly staleMaxMs: number;
  private contact: 'none' | 'made' | 'refused' = 'none';
  private readonly trouble = new TroubleLog('Redis cannot be reached');
  private readonly refusal = new TroubleLog('Redis takes no writes');
  private closed = false;

  constructor(config: Config, redis: RedisConfig, rules: HostRules) {
    super();
    const { dc, leaseMs, offlineGraceMs, staleMaxMs, datacenters } = config;
    const { urls, sentinels, prefix, timeoutMs } = redis;
    const settings: RedisSettings = { urls, sentinels, timeoutMs, onError: (error) => this.trouble.report(error) };
    const keys = `${prefix}:${dc}`;
    this.staleMaxMs = staleMaxMs;
    this.link = new RedisLink(connectRedis(settings), timeoutMs, (reason) => this.refusal.report(new Error(reason)));
    const times = { leaseMs, graceMs: offlineGraceMs };
    this.rosters = new RedisRosterStore({ link: this.link, prefix: keys, ...times, ...rules });
    this.directory = new RedisUserDirectory({ link: this.link, prefix: keys });
    this.pods = new RedisPodRegistry({ link: this.link, prefix: keys, leaseMs });
    this.messages = socketMessages(settings, keys);
    this.counter = sharedCounter(this.link, keys);
    this.others = datacenters.map((other) => new RedisDatacenter(other, config, redis));
  }

  fault(): string | undefined {
    const { refusal, silentMs } = this.link;
    if (refusal !== undefined && (this.contact !== 'made' || refusal.forMs > this.staleMaxMs)) {
      return `Redis takes no writes: ${refusal.reason}`;
    }
    if (this.contact !== 'made') return 'Redis has not answered yet.';
    return silentMs > this.staleMaxMs ? `Redis has been away for ${Math.round(silentMs / 1000)} seconds.` : undefined;
  }

  async ready(): Promise<void> {
    while (!this.closed) {
      try {
        await this.rosters.checkFormat();
        this.contact = 'made';
        await this.warnOfSettings();
        return;
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) {
          this.contact = 'refused';
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, FIRST_CONTACT_EVERY_MS));
      }
    }
  }

  onReturn(listener: () => void): void {
    this.link.onReturn(listener);
  }

  trim(): void {
    // Its tables are trimmed with each batch, and with a beat where no pod is left.
  }

  async close(): Promise<void> {
    this.closed = true;
    this.trouble.close();
    this.refusal.close();
    await this.messages.close();
    await Promise.all([this.link, ...this.others].map((each) => each.close()));
  }

  private async warnOfSettings(): Promise<void> {
    const info = await this.info();
    if (info === undefined) return;
    const persists = /^aof_enabled:1/m.test(info) || !/^rdb_last_save_time:0/m.test(info);
    if (!persists) {
      this.logger.warn('Redis keeps nothing on disk: profiles and minted tokens are lost when it restarts.');
    }
    if (!/^maxmemory_policy:noeviction/m.test(info)) {
      this.logger.warn('Redis may evict keys when its memory is full: set maxmemory-policy to noeviction.');
    }
  }

  /** `undefined`: a login that may not ask is no reason not to start. */
  private async info(): Promise<string | undefined> {
    try {
      return String(await this.link.command('', 'INFO'));
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error;
      this.logger.debug(`INFO was refused, so the settings of Redis were not checked: ${String(error)}`);
      return undefined;
    }
  }
}
