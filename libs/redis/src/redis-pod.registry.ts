import { type PodNews, PodRegistry, type PodSeen } from '@rollcall/roster';
import type { RedisLink } from './link';

export interface RedisPodRegistryOptions {
  readonly link: RedisLink;
  /** `<prefix>:<dc>` */
  readonly prefix: string;
  /** For how long what this pod announces is good; of others only where they do not tell. */
  readonly leaseMs: number;
  /** Another data centre's, which is only looked at. */
  readonly readOnly?: boolean;
}

/** As it is stored. Pods, and those of other data centres above all, need not have the same lease. */
interface StoredNews extends PodNews {
  /** Absent: a pod of an earlier version. */
  readonly leaseMs?: number;
}

/** The pods of a data centre: a hash of what each last told, with the time of Redis at which it told it. */
export class RedisPodRegistry extends PodRegistry {
  constructor(private readonly options: RedisPodRegistryOptions) {
    super();
  }

  override async announce(news: PodNews): Promise<void> {
    const stored: StoredNews = { ...news, leaseMs: this.options.leaseMs };
    await this.options.link.script('announce', [this.key], [news.instance, JSON.stringify(stored)]);
  }

  override async withdraw(instance: string): Promise<void> {
    await this.options.link.command(this.key, 'HDEL', this.key, instance);
  }

  override async list(): Promise<readonly PodSeen[]> {
    const { link, leaseMs, readOnly = false } = this.options;
    const [nowMs, flat] = (await link.script('pods', [this.key], [])) as [string, string[]];
    const pods: PodSeen[] = [];
    for (let at = 1; at < flat.length; at += 2) {
      const [atMs, stored] = JSON.parse(flat[at] ?? '') as [number, StoredNews];
      const { leaseMs: ownLeaseMs = leaseMs, ...news } = stored;
      const beatAgeMs = Math.max(0, Number(nowMs) - atMs);
      if (beatAgeMs <= ownLeaseMs) pods.push({ ...news, beatAgeMs });
      else if (!readOnly) await this.withdraw(news.instance);
    }
    return pods;
  }

  private get key(): string {
    return `{${this.options.prefix}}:pods`;
  }
}
