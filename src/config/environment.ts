import { type LevelWithSilent } from 'pino';

/** What the environment says, before the apps file is read. */
export interface Environment {
  readonly port: number;
  /** Absent: the demo app listens on this machine only, a configured app everywhere. */
  readonly bind?: string;
  readonly dc: string;
  /** Absent: the demo app. */
  readonly appsFile?: string;
  readonly trustProxy: boolean;
  readonly offlineGraceMs: number;
  readonly logLevel: LevelWithSilent;
  readonly production: boolean;
}

/** A start that cannot go on. The message names the setting, what it got and what it wants. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

type Variables = Readonly<Record<string, string | undefined>>;

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** A minute: a longer grace would outlast what the index of changes keeps beyond its 10 minutes. */
const GRACE_MAX_MS = 60_000;

/** What a later release will read; ignoring it silently would leave several pods with several truths. */
const NOT_YET = ['REDIS_URL', 'REDIS_SENTINELS', 'REDIS_SENTINEL_NAME', 'DATACENTERS'];

/** Reads the environment, or throws a `ConfigError` about the first variable that cannot be used. */
export function readEnvironment(variables: Variables): Environment {
  const read = (name: string): string | undefined => variables[name]?.trim() || undefined;
  for (const name of NOT_YET) {
    if (read(name) !== undefined) {
      throw new ConfigError(
        `${name} is set, but this release keeps everything in one process and cannot use it. Unset it to start a single pod.`,
      );
    }
  }
  const wrong = (name: string, wanted: string): never => {
    throw new ConfigError(`${name} is ${JSON.stringify(variables[name])}, but must be ${wanted}.`);
  };
  const whole = (name: string, byDefault: number, from: number, to: number): number => {
    const text = read(name);
    if (text === undefined) return byDefault;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    return value >= from && value <= to ? value : wrong(name, `a whole number from ${from} to ${to}`);
  };
  const dc = read('DC') ?? 'local';
  if (!/^[A-Za-z0-9.-]{1,64}$/.test(dc)) wrong('DC', 'letters, digits, "." and "-", at most 64 of them');
  const trustProxy = read('TRUST_PROXY') ?? 'false';
  if (!/^(true|false)$/.test(trustProxy)) wrong('TRUST_PROXY', '"true" or "false"');
  const level = read('LOG_LEVEL') ?? 'info';
  const logLevel = LOG_LEVELS.find((known) => known === level) ?? wrong('LOG_LEVEL', `one of ${LOG_LEVELS.join(', ')}`);
  return {
    port: whole('PORT', 3000, 0, 65_535),
    bind: read('BIND'),
    dc,
    appsFile: read('APPS_FILE'),
    trustProxy: trustProxy === 'true',
    offlineGraceMs: whole('OFFLINE_GRACE_MS', 3000, 0, GRACE_MAX_MS),
    logLevel,
    production: read('NODE_ENV') === 'production',
  };
}
