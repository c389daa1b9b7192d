import { TcpProxy } from './tcp-proxy';

/** What has been done to all links of a data centre. */
export interface Condition {
  readonly cut: boolean;
  readonly stalled: boolean;
  /** In each direction. */
  readonly delayMs: number;
}

const SOUND: Condition = { cut: false, stalled: false, delayMs: 0 };

/**
 * The links between data centres: a proxy for each directed pair, over which the pods of one reach the Redis of the
 * other. A link is as bad as the worse of its two ends, so healing one end leaves what was done to the other.
 */
export class Network {
  private readonly proxies = new Map<string, Map<string, TcpProxy>>();
  private readonly conditions = new Map<string, Condition>();

  /** `redisPorts` by data centre. With `own`, there is also a link from each to its own Redis. */
  static async start(redisPorts: ReadonlyMap<string, number>, own: boolean): Promise<Network> {
    const network = new Network();
    for (const from of redisPorts.keys()) {
      const row = new Map<string, TcpProxy>();
      network.proxies.set(from, row);
      for (const [to, port] of redisPorts) if (own || from !== to) row.set(to, await TcpProxy.start(port));
    }
    return network;
  }

  /** The way from the pods of one data centre to the Redis of another. */
  link(from: string, to: string): TcpProxy {
    const link = this.proxies.get(from)?.get(to);
    if (link === undefined) throw new Error(`There is no link from ${from} to ${to}.`);
    return link;
  }

  conditionOf(dc: string): Condition {
    return this.conditions.get(dc) ?? SOUND;
  }

  /** Changes all links from and to a data centre; a link to its own Redis is none of them. */
  change(dc: string, change: Partial<Condition>): void {
    this.conditions.set(dc, { ...this.conditionOf(dc), ...change });
    for (const other of this.proxies.keys()) {
      if (other === dc) continue;
      const worse = worseOf(this.conditionOf(dc), this.conditionOf(other));
      for (const link of [this.link(dc, other), this.link(other, dc)]) apply(link, worse);
    }
  }

  heal(dc: string): void {
    this.change(dc, SOUND);
  }

  async stop(): Promise<void> {
    const proxies = [...this.proxies.values()].flatMap((row) => [...row.values()]);
    await Promise.all(proxies.map((proxy) => proxy.stop()));
  }
}

const worseOf = (one: Condition, other: Condition): Condition => ({
  cut: one.cut || other.cut,
  stalled: one.stalled || other.stalled,
  delayMs: Math.max(one.delayMs, other.delayMs),
});

function apply(link: TcpProxy, { cut, stalled, delayMs }: Condition): void {
  link.delay(delayMs, delayMs);
  if (cut) link.shut();
  else link.reopen();
  if (stalled) link.stall();
  else link.flow();
}
