import { type PodNews, PodRegistry, type PodSeen } from '@rollcall/roster';
import type { RedisLink } from './link';

export interface RedisPodRegistryOptions {
  readonly link: RedisLink;
  /** `<prefix>:<dc>` */
  readonly prefix: string;
  readonly leaseMs: number;
  /** Another data centre's, which is only looked at. */
  readonly readOnly?: boolean;
}

/** The pods of a data centre: a hash of what each last told, with the time of Redis at which it told it. */
export class RedisPodRegistry extends PodRegistry {
  constructor(private readonly options: RedisPodRegistryOptions) {
    super();
  }

  override async announce(news: PodNews): Promise<void> {
    await this.options.link.script('announce', [this.key], [news.instance, JSON.stringify(news)]);
  }

  override async withdraw(instance: string): Promise<void> {
    await this.options.link.command(this.key, 'HDEL', this.key, instance);
  }

  override async list(): Promise<readonly PodSeen[]> {
    const { link, leaseMs, readOnly = false } = this.options;
    const [nowMs, flat] = (await link.script('pods', [this.key], [])) as [string, string[]];
    const pods: PodSeen[] = [];
    for (let at = 1; at < flat.length; at += 2) {
      const [atMs, news] = JSON.parse(flat[at] ?? '') as [number, PodNews];
      const beatAgeMs = Math.max(0, Number(nowMs) - atMs);
      if (beatAgeMs <= leaseMs) pods.push({ ...news, beatAgeMs });
      else if (!readOnly) await this.withdraw(news.instance);
    }
    return pods;
  }

  private get key(): string {
    return `{${this.options.prefix}}:pods`;
  }
}
