import { connectRedis, RedisLink, RedisPodRegistry, RedisRosterReader, RedisUserDirectory } from '@rollcall/redis';
import type { Config, DatacenterConfig, RedisConfig } from '../config/config';
import type { OtherDatacenter } from './stores';
import { TroubleLog } from './trouble-log';

/** Two milliseconds of its Redis, against a way there and back that may take a hundred times as long. */
const PAGE_ROWS = 2000;

/** Another data centre's Redis: a connection over which nothing is ever written. */
export class RedisDatacenter implements OtherDatacenter {
  readonly dc: string;
  readonly rosters: RedisRosterReader;
  readonly directory: RedisUserDirectory;
  readonly pods: RedisPodRegistry;
  private readonly link: RedisLink;
  private readonly trouble: TroubleLog;

  constructor({ dc, urls }: DatacenterConfig, { leaseMs }: Config, { prefix, timeoutMs }: RedisConfig) {
    this.dc = dc;
    this.trouble = new TroubleLog(`Redis of ${dc} cannot be reached`);
    this.link = new RedisLink(
      connectRedis({ urls, timeoutMs, onError: (error) => this.trouble.report(error) }),
      timeoutMs,
    );
    const where = { link: this.link, prefix: `${prefix}:${dc}` };
    this.rosters = new RedisRosterReader({ ...where, pageRows: PAGE_ROWS });
    this.directory = new RedisUserDirectory({ ...where, readOnly: true });
    this.pods = new RedisPodRegistry({ ...where, leaseMs, readOnly: true });
  }

  async close(): Promise<void> {
    this.trouble.close();
    await this.link.close();
  }
}
