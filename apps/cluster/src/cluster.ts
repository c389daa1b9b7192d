/*
 * Data centres on this machine: a Redis and pods each, and between them lines that can be cut, stalled and slowed. It
 * holds processes, ports and one temporary folder; `stop` lets go of all, and so does the end of this process, however
 * it comes, unless it is killed.
 */
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Network, type Condition } from './network/network';
import type { TcpProxy } from './network/tcp-proxy';
import { freePorts } from './processes/free-ports';
import { PodProcess } from './processes/pod-process';
import { RedisProcess, redisSettings } from './processes/redis-process';
import { TemporaryFolder } from './processes/temporary-folder';

export interface ClusterOptions {
  /** How many data centres, or their names. */
  readonly dcs: number | readonly string[];
  /** Pods of each. */
  readonly pods: number;
  /** For all pods, besides what makes them one cluster; it wins. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Absent: the demo app. */
  readonly appsFile?: string;
  /** Pods reach their own Redis over a link too, `link(dc, dc)`. */
  readonly ownLinks?: boolean;
}

export interface Datacenter {
  readonly name: string;
  readonly redis: RedisProcess;
  readonly pods: readonly PodProcess[];
}

const NAMES = ['us-east-1', 'eu-west-1', 'ap-south-1'];

export const datacenterNames = (count: number): string[] =>
  Array.from({ length: count }, (_, n) => NAMES[n] ?? `dc-${n + 1}`);

export class Cluster {
  private constructor(
    readonly datacenters: readonly Datacenter[],
    private readonly network: Network,
    private readonly folder: TemporaryFolder,
  ) {}

  /** Resolves when all pods are ready; if one does not become so, nothing is left. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const names = typeof options.dcs === 'number' ? datacenterNames(options.dcs) : options.dcs;
    const [redisPorts, podPorts] = [await freePorts(names.length), await freePorts(names.length * options.pods)];
    const folder = new TemporaryFolder('rollcall-cluster-');
    const ports = new Map(names.map((name, n) => [name, redisPorts[n] ?? 0]));
    const network = await Network.start(ports, options.ownLinks ?? false);
    const datacenters = names.map((name, n): Datacenter => {
      const environment = podEnvironment(name, ports, network, options);
      const own = podPorts.slice(n * options.pods, (n + 1) * options.pods);
      const pods = own.map((port, m) => new PodProcess({ name: `${name}/${m + 1}`, port, environment }));
      return { name, pods, redis: redisOf(name, ports.get(name) ?? 0, folder) };
    });
    const cluster = new Cluster(datacenters, network, folder);
    try {
      await Promise.all(datacenters.map(({ redis }) => redis.start()));
      await inTurns(cluster.pods, (pod) => pod.start());
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  get pods(): readonly PodProcess[] {
    return this.datacenters.flatMap(({ pods }) => pods);
  }

  datacenter(name: string): Datacenter {
    return found(this.datacenters, name, 'data centre');
  }

  /** By its name, such as `us-east-1/2`. */
  pod(name: string): PodProcess {
    return found(this.pods, name, 'pod');
  }

  /** The way from the pods of one data centre to the Redis of another. */
  link(from: string, to: string): TcpProxy {
    return this.network.link(from, to);
  }

  /** Both ways between two data centres, or all from and to one. */
  links(dc: string, other?: string): TcpProxy[] {
    const others = this.datacenters.map(({ name }) => name).filter((name) => name !== dc);
    return (other === undefined ? others : [other]).flatMap((name) => [this.link(dc, name), this.link(name, dc)]);
  }

  /** Connections from and to it are closed, and new ones at once. */
  cut(dc: string): void {
    this.network.change(this.datacenter(dc).name, { cut: true });
  }

  /** Whatever is sent from and to it comes so much later, in each direction. */
  slow(dc: string, delayMs: number): void {
    this.network.change(this.datacenter(dc).name, { delayMs });
  }

  /** Nothing passes from and to it, and nobody hears why. */
  stall(dc: string): void {
    this.network.change(this.datacenter(dc).name, { stalled: true });
  }

  /** Takes back what was done to it; what was done to another data centre stays, on the links between them too. */
  heal(dc: string): void {
    this.network.heal(this.datacenter(dc).name);
  }

  conditionOf(dc: string): Condition {
    return this.network.conditionOf(dc);
  }

  async stop(): Promise<void> {
    await Promise.all(this.pods.map((pod) => pod.kill()));
    await Promise.all(this.datacenters.map(({ redis }) => redis.stop()));
    await this.network.stop();
    this.folder.remove();
  }
}

function redisOf(name: string, port: number, folder: TemporaryFolder): RedisProcess {
  const own = join(folder.path, name);
  mkdirSync(own);
  return new RedisProcess(port, redisSettings(port, own));
}

function podEnvironment(
  dc: string,
  redisPorts: ReadonlyMap<string, number>,
  network: Network,
  { appsFile, environment, ownLinks = false }: ClusterOptions,
): Record<string, string> {
  const urlOf = (to: string): string => {
    const port = dc === to && !ownLinks ? redisPorts.get(to) : network.link(dc, to).port;
    return `redis://127.0.0.1:${port}`;
  };
  return {
    LOG_LEVEL: 'warn',
    DC: dc,
    REDIS_URL: urlOf(dc),
    // One's own is in it too, as in a list that is the same everywhere.
    DATACENTERS: [...redisPorts.keys()].map((name) => `${name}=${urlOf(name)}`).join(','),
    ...(appsFile === undefined ? {} : { APPS_FILE: appsFile }),
    ...environment,
  };
}

/** As many at a time as there are cores: more would only wait for each other. After a failure none is begun. */
async function inTurns<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const rest = [...items];
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  try {
    await Promise.all(Array.from({ length: availableParallelism() }, worker));
  } finally {
    rest.length = 0;
  }
}

function found<Named extends { readonly name: string }>(all: readonly Named[], name: string, what: string): Named {
  const one = all.find((each) => each.name === name);
  if (one === undefined) {
    throw new Error(`There is no ${what} "${name}", but ${all.map((each) => each.name).join(', ')}.`);
  }
  return one;
}
