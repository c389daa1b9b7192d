/*
 * Real Redis servers for tests: one, a cluster of three masters, or a master with a replica and a sentinel. They listen
 * on 127.0.0.1 alone, keep nothing on disk, and end with the test file.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'redis';
import { REDIS_SERVER, RedisProcess, redisSettings } from '../../apps/cluster/src/processes/redis-process';
import type { Certificate } from './certificate';
import { eventually } from './eventually';
import { EVERYTHING } from './everything';
import { freePort, freePorts } from './free-ports';

const START_WITHIN_MS = 15_000;

export const hasRedisServer = spawnSync(REDIS_SERVER, ['--version']).status === 0;

/** `describe` where there is a Redis server; without one the suite says that it is left out, or fails if all must run. */
export function describeWithRedis(name: string, body: () => void): void {
  if (hasRedisServer) return describe(name, body);
  if (EVERYTHING) {
    return describe(name, () => {
      it('needs a Redis server', () => {
        throw new Error(`There is no ${REDIS_SERVER}. Install one: apt-get install redis-server`);
      });
    });
  }
  process.stderr.write(`SKIPPED: ${name}. There is no ${REDIS_SERVER}: apt-get install redis-server\n`);
  describe.skip(name, body);
}

export interface RunningRedis {
  readonly port: number;
  readonly url: string;
  readonly process: RedisProcess;
  /** One command over a connection of its own. */
  command(...args: string[]): Promise<unknown>;
  stop(): Promise<void>;
}

interface Door {
  /** `user:password`, for a server that lets nobody else in. */
  readonly login?: string;
  /** The server speaks TLS alone, and shows this. */
  readonly tls?: Certificate;
}

async function commandAt(url: string, args: string[], { tls }: Door): Promise<unknown> {
  const trust = tls === undefined ? {} : { tls: true as const, ca: readFileSync(tls.authority) };
  const client = createClient({ url, RESP: 2, socket: { reconnectStrategy: false, ...trust } });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await client.sendCommand(args);
  } finally {
    client.destroy();
  }
}

/** Starts a server with these arguments and waits until it answers. */
async function start(port: number, args: string[], door: Door = {}): Promise<RunningRedis> {
  const login = door.login === undefined ? '' : `${door.login}@`;
  const url = `${door.tls === undefined ? 'redis' : 'rediss'}://${login}127.0.0.1:${port}`;
  const command = (...command: string[]): Promise<unknown> => commandAt(url, command, door);
  const server = new RedisProcess(port, args, () => command('PING'));
  await server.start();
  return { port, url, process: server, command, stop: async () => void (await server.stop()) };
}

async function temporary(): Promise<{ dir: string; remove: () => Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'rollcall-redis-'));
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}

/** One server; `at` takes a port that another one had. */
export async function startRedis({
  at,
  args = [],
  ...door
}: { at?: number; args?: string[] } & Door = {}): Promise<RunningRedis> {
  const { dir, remove } = await temporary();
  const port = at ?? (await freePort());
  const redis = await start(port, [...redisSettings(port, dir), ...args, ...tlsOnly(port, door.tls)], door);
  return { ...redis, stop: () => redis.stop().then(remove) };
}

function tlsOnly(port: number, tls: Certificate | undefined): string[] {
  if (tls === undefined) return [];
  const files = ['--tls-cert-file', tls.certificate, '--tls-key-file', tls.key, '--tls-ca-cert-file', tls.authority];
  return ['--port', '0', '--tls-port', String(port), '--tls-auth-clients', 'no', ...files];
}

export interface RunningCluster {
  readonly urls: readonly string[];
  readonly nodes: readonly RunningRedis[];
  stop(): Promise<void>;
}

/** Three masters that share the slots. */
export async function startRedisCluster(): Promise<RunningCluster> {
  const { dir, remove } = await temporary();
  const free = await freePorts(6);
  const nodes = await Promise.all(
    free.slice(0, 3).map((port, n) => {
      const cluster = ['--cluster-enabled', 'yes', '--cluster-config-file', `nodes-${n}.conf`];
      // The usual bus port, 10,000 higher, may not exist.
      return start(port, [...redisSettings(port, dir), ...cluster, '--cluster-port', String(free[n + 3])]);
    }),
  );
  const [first] = nodes;
  for (const [n, node] of nodes.entries()) {
    const [from, to] = [Math.floor((16384 * n) / 3), Math.floor((16384 * (n + 1)) / 3) - 1];
    await node.command('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to));
    await node.command('CLUSTER', 'SET-CONFIG-EPOCH', String(n + 1));
  }
  for (const [n, node] of nodes.entries()) {
    if (node !== first) {
      await first?.command('CLUSTER', 'MEET', '127.0.0.1', String(node.port), String(free[n + 3]));
    }
  }
  await eventually(
    async () => {
      for (const { command } of nodes) {
        const info = String(await command('CLUSTER', 'INFO'));
        if (!info.includes('cluster_state:ok') || !info.includes('cluster_known_nodes:3')) throw new Error(info);
      }
    },
    { within: START_WITHIN_MS },
  );
  return {
    urls: nodes.map(({ url }) => url),
    nodes,
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
      await remove();
    },
  };
}

export interface RunningSentinel {
  /** The name under which the sentinel knows the master. */
  readonly name: string;
  readonly sentinels: readonly { host: string; port: number }[];
  readonly master: RunningRedis;
  readonly replica: RunningRedis;
  readonly sentinel: RunningRedis;
  /** Resolves when the replica has all that the master has now. */
  replicated(): Promise<void>;
  stop(): Promise<void>;
}

/** A master, its replica, and a sentinel that makes the replica the master half a second after the master has died. */
export async function startRedisSentinel(): Promise<RunningSentinel> {
  const { dir, remove } = await temporary();
  const [masterPort = 0, replicaPort = 0, sentinelPort = 0] = await freePorts(3);
  const master = await start(masterPort, redisSettings(masterPort, dir));
  const replica = await start(replicaPort, [
    ...redisSettings(replicaPort, dir),
    ...['--replicaof', '127.0.0.1', String(masterPort), '--repl-diskless-sync-delay', '0'],
  ]);
  const file = join(dir, 'sentinel.conf');
  const name = 'rollcall';
  const lines = [
    `port ${sentinelPort}`,
    'bind 127.0.0.1',
    `dir ${dir}`,
    `sentinel monitor ${name} 127.0.0.1 ${masterPort} 1`,
    `sentinel down-after-milliseconds ${name} 500`,
    `sentinel failover-timeout ${name} 3000`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  const sentinel = await start(sentinelPort, [file, '--sentinel']);
  await eventually(
    async () => {
      const link = String(await replica.command('INFO', 'replication'));
      if (!link.includes('master_link_status:up')) throw new Error(link);
      const replicas = (await sentinel.command('SENTINEL', 'REPLICAS', name)) as unknown[];
      if (replicas.length !== 1) throw new Error('The sentinel has not seen the replica yet.');
    },
    { within: START_WITHIN_MS },
  );
  return {
    name,
    sentinels: [{ host: '127.0.0.1', port: sentinelPort }],
    master,
    replica,
    sentinel,
    replicated: async () => {
      // WAIT would not do: it waits for what its own connection has written.
      const wanted = await offsetOf(master);
      await eventually(
        async () => {
          if ((await offsetOf(replica)) < wanted) throw new Error('The replica is behind.');
        },
        { within: START_WITHIN_MS },
      );
    },
    stop: async () => {
      await Promise.all([sentinel, replica, master].map((each) => each.stop()));
      await remove();
    },
  };
}

async function offsetOf({ command }: RunningRedis): Promise<number> {
  const info = String(await command('INFO', 'replication'));
  return Number(/^(?:slave_repl_offset|master_repl_offset):(\d+)/m.exec(info)?.[1]);
}
