import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { version } from '../../package.json';
import type { App } from './app';
import { readApps } from './apps-file';
import { DEMO_APPS } from './demo-app';
import { ConfigError, type DatacenterConfig, type Environment, readEnvironment, type RedisConfig } from './environment';

export type { DatacenterConfig, RedisConfig };

/** Everything the service was told at its start, checked and frozen; also the token under which it is injected. */
export abstract class Config implements Environment {
  abstract readonly port: number;
  abstract readonly bind: string;
  abstract readonly dc: string;
  abstract readonly appsFile?: string;
  abstract readonly trustProxy: boolean;
  abstract readonly redis?: RedisConfig;
  abstract readonly beatMs: number;
  abstract readonly leaseMs: number;
  abstract readonly staleMaxMs: number;
  abstract readonly offlineGraceMs: number;
  abstract readonly datacenters: readonly DatacenterConfig[];
  abstract readonly dcTimeoutMs: number;
  abstract readonly dcStaleMaxMs: number;
  abstract readonly logLevel: Environment['logLevel'];
  abstract readonly production: boolean;
  /** The demo app is served: nobody has configured an app. */
  abstract readonly demo: boolean;
  /** Those of the start. The apps file may have been read anew since: `Apps` has those that count. */
  abstract readonly apps: readonly App[];
  abstract readonly version: string;
  /** This process, by a name of its own: a restarted process is another pod. */
  abstract readonly instance: string;
}

/** Reads environment and apps file, or throws a `ConfigError` that says what to mend. */
export function readConfig(variables: NodeJS.ProcessEnv): Config {
  const environment = readEnvironment(variables);
  const demo = environment.appsFile === undefined;
  if (demo && environment.production) {
    throw new ConfigError(
      'APPS_FILE is not set, but must name the apps file when NODE_ENV is "production": the demo app has public secrets.',
    );
  }
  return Object.freeze({
    ...environment,
    bind: environment.bind ?? (demo ? '127.0.0.1' : '0.0.0.0'),
    demo,
    apps: environment.appsFile === undefined ? readApps(DEMO_APPS, 'The demo app') : readAppsFile(environment.appsFile),
    version,
    instance: randomBytes(6).toString('hex'),
  });
}

/** Nothing is known of what is in it. */
export class UnreadableFile extends ConfigError {}

/** Reads an apps file, or throws a `ConfigError` that says what to mend and repeats no secret. */
export function readAppsFile(file: string): App[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UnreadableFile(`APPS_FILE is ${JSON.stringify(file)}, but that file cannot be read: ${reason(error)}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`APPS_FILE is ${JSON.stringify(file)}, but that file is not JSON: ${withoutExcerpt(error)}`);
  }
  return readApps(json, `The apps file ${file}`);
}

/** The parser's words without its excerpt of the file, which may hold a key. */
const withoutExcerpt = (error: unknown): string => reason(error).replace(/, (\.\.\.)?".*/s, '');

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
