import { LEASE_MAX_MS } from '@rollcall/roster';
import { type LevelWithSilent } from 'pino';
import { DATABASE_NAMED, namesNoDatabase, redisUrls } from './redis-url';

/** What the environment says, before the apps file is read. */
export interface Environment {
  readonly port: number;
  /** Absent: the demo app listens on this machine only, a configured app everywhere. */
  readonly bind?: string;
  readonly dc: string;
  /** Absent: the demo app. */
  readonly appsFile?: string;
  readonly trustProxy: boolean;
  /** Absent: everything is in this process. */
  readonly redis?: RedisConfig;
  /** How often a pod renews its leases, and for how long they hold. */
  readonly beatMs: number;
  readonly leaseMs: number;
  /** How old an answer may be while Redis is away. */
  readonly staleMaxMs: number;
  readonly offlineGraceMs: number;
  /** The other data centres. */
  readonly datacenters: readonly DatacenterConfig[];
  /** How long a question waits for any data centre. */
  readonly dcTimeoutMs: number;
  /** Figures of a data centre that has been silent for longer count for nothing. */
  readonly dcStaleMaxMs: number;
  readonly logLevel: LevelWithSilent;
  readonly production: boolean;
}

export interface RedisConfig {
  /** One server, or several nodes of a cluster. */
  readonly urls: readonly string[];
  readonly sentinels?: { readonly nodes: readonly { host: string; port: number }[]; readonly name: string };
  /** First part of every key, before the DC. */
  readonly prefix: string;
  /** How long a command may take; after that Redis counts as away. */
  readonly timeoutMs: number;
}

export interface DatacenterConfig {
  readonly dc: string;
  /** One server, or several nodes of a cluster. */
  readonly urls: readonly string[];
}

/** A start that cannot go on. The message names the setting, what it got and what it wants. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

type Variables = Readonly<Record<string, string | undefined>>;

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** A minute: a longer grace would outlast what the index of changes keeps beyond its 10 minutes. */
const GRACE_MAX_MS = 60_000;

const DC_NAME = /^[A-Za-z0-9.-]{1,64}$/;
const DC_NAME_WANTED = 'letters, digits, "." and "-", at most 64 of them';

/** Reads the environment, or throws a `ConfigError` about the first variable that cannot be used. */
export function readEnvironment(variables: Variables): Environment {
  const read = new Reader(variables);
  const dc = read.text('DC') ?? 'local';
  if (!DC_NAME.test(dc)) read.wrong('DC', DC_NAME_WANTED);
  const trustProxy = read.text('TRUST_PROXY') ?? 'false';
  if (!/^(true|false)$/.test(trustProxy)) read.wrong('TRUST_PROXY', '"true" or "false"');
  const level = read.text('LOG_LEVEL') ?? 'info';
  const logLevel =
    LOG_LEVELS.find((known) => known === level) ?? read.wrong('LOG_LEVEL', `one of ${LOG_LEVELS.join(', ')}`);
  const beatMs = read.whole('BEAT_MS', 2000, 50, 60_000);
  const leaseMs = read.whole('LEASE_MS', 6000, 150, LEASE_MAX_MS);
  // One beat may be lost, and the next be late, before the pod counts as gone.
  if (leaseMs < 3 * beatMs) read.wrong('LEASE_MS', `at least three times BEAT_MS, which is ${beatMs}`, String(leaseMs));
  const redis = readRedis(read, leaseMs);
  const dcTimeoutMs = read.whole('DC_TIMEOUT_MS', 300, 10, 10_000);
  const dcStaleMaxMs = read.whole('DC_STALE_MAX_MS', 60_000, 0, 3_600_000);
  if (dcStaleMaxMs < dcTimeoutMs)
    read.wrong('DC_STALE_MAX_MS', `at least DC_TIMEOUT_MS, which is ${dcTimeoutMs}`, String(dcStaleMaxMs));
  return {
    port: read.whole('PORT', 3000, 0, 65_535),
    bind: read.text('BIND'),
    dc,
    appsFile: read.text('APPS_FILE'),
    trustProxy: trustProxy === 'true',
    redis,
    beatMs,
    leaseMs,
    staleMaxMs: read.whole('STALE_MAX_MS', 30_000, 0, 3_600_000),
    offlineGraceMs: read.whole('OFFLINE_GRACE_MS', 3000, 0, GRACE_MAX_MS),
    datacenters: readDatacenters(read.text('DATACENTERS'), dc, redis),
    dcTimeoutMs,
    dcStaleMaxMs,
    logLevel,
    production: read.text('NODE_ENV') === 'production',
  };
}

function readRedis(read: Reader, leaseMs: number): RedisConfig | undefined {
  const prefix = read.text('REDIS_PREFIX') ?? 'rollcall';
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(prefix))
    read.wrong('REDIS_PREFIX', 'letters, digits, "_", "." and "-", at most 64');
  const timeoutMs = read.whole('REDIS_TIMEOUT_MS', 2000, 10, 60_000);
  // A beat that is given up after the lease has ended would come too late to save it.
  if (timeoutMs >= leaseMs)
    read.wrong('REDIS_TIMEOUT_MS', `less than LEASE_MS, which is ${leaseMs}`, String(timeoutMs));
  const url = read.text('REDIS_URL');
  const sentinels = readSentinels(read);
  if (url === undefined) {
    if (sentinels === undefined) return undefined;
    return { urls: ['redis://sentinel'], sentinels, prefix, timeoutMs };
  }
  const wrong = (what: string): never => {
    throw new ConfigError(`REDIS_URL ${what}. (What it is stays unsaid, for it may hold a password.)`);
  };
  const urls = redisUrls(url) ?? wrong('must be a redis:// or rediss:// URL, or several joined by "|" for a cluster');
  if (!urls.every(namesNoDatabase)) wrong(`has ${DATABASE_NAMED}`);
  return { urls, ...(sentinels === undefined ? {} : { sentinels }), prefix, timeoutMs };
}

/** What is wrong is told without what was given: a URL may hold a password, and a slip may make it part of a name. */
function readDatacenters(text: string | undefined, own: string, redis: RedisConfig | undefined): DatacenterConfig[] {
  const datacenters = new Map<string, DatacenterConfig>();
  const wrong = (what: string): never => {
    throw new ConfigError(`DATACENTERS ${what}. It must be "name=redis://…", several joined by commas.`);
  };
  if (text === undefined) return [];
  if (redis === undefined) wrong('is set, but needs REDIS_URL: without it nobody else can see this data centre');
  for (const [index, part] of text.split(',').entries()) {
    const nth = `has in place ${index + 1}`;
    const at = part.indexOf('=');
    if (at === -1) wrong(`${nth} no "="`);
    const dc = part.slice(0, at).trim();
    if (!DC_NAME.test(dc)) wrong(`${nth} a name that has not just ${DC_NAME_WANTED}`);
    if (datacenters.has(dc)) wrong(`${nth} a name that it had before`);
    const urls = redisUrls(part.slice(at + 1)) ?? wrong(`${nth} no redis:// or rediss:// URL`);
    if (!urls.every(namesNoDatabase)) wrong(`${nth} ${DATABASE_NAMED}`);
    datacenters.set(dc, { dc, urls });
  }
  datacenters.delete(own);
  return [...datacenters.values()];
}

function readSentinels(read: Reader): RedisConfig['sentinels'] {
  const list = read.text('REDIS_SENTINELS');
  const name = read.text('REDIS_SENTINEL_NAME');
  if (list === undefined && name === undefined) return undefined;
  if (list === undefined)
    return read.wrong('REDIS_SENTINELS', 'set when REDIS_SENTINEL_NAME is: "host:port,host:port"');
  if (name === undefined)
    return read.wrong('REDIS_SENTINEL_NAME', 'set when REDIS_SENTINELS is: the name of the master');
  const nodes = list.split(',').map((part, index) => {
    const [, host = '', port = ''] = /^([A-Za-z0-9_.-]+|\[[0-9a-fA-F:]+\]):(\d{1,5})$/.exec(part.trim()) ?? [];
    if (host !== '' && Number(port) >= 1 && Number(port) <= 65_535) return { host, port: Number(port) };
    // It is not repeated: whoever takes it for a list of URLs has written passwords into it.
    throw new ConfigError(
      `REDIS_SENTINELS has in place ${index + 1} no "host:port" with a port from 1 to 65535. It must be that, several joined by commas.`,
    );
  });
  return { nodes, name };
}

/** Takes variables as text or number; an empty one counts as unset. */
class Reader {
  constructor(private readonly variables: Variables) {}

  text(name: string): string | undefined {
    return this.variables[name]?.trim() || undefined;
  }

  whole(name: string, byDefault: number, from: number, to: number): number {
    const text = this.text(name);
    if (text === undefined) return byDefault;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    return value >= from && value <= to ? value : this.wrong(name, `a whole number from ${from} to ${to}`);
  }

  wrong(name: string, wanted: string, got: string | undefined = this.variables[name]): never {
    throw new ConfigError(`${name} is ${got === undefined ? 'not set' : JSON.stringify(got)}, but must be ${wanted}.`);
  }
}
