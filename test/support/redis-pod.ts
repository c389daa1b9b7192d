import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './eventually';
import { Faces } from './faces';
import { freePort } from './free-ports';
import { appsFile } from './rollcall';
import { shop } from './shop';
import { stopAfterTest } from './teardown';

const ROOT = join(__dirname, '../..');
const MAIN = join(ROOT, 'dist/src/main.js');

/** A tenth of what they are in real life, about; machines that are busy cannot keep up with less. */
export const QUICK = {
  BEAT_MS: 300,
  LEASE_MS: 1500,
  REDIS_TIMEOUT_MS: 500,
  STALE_MAX_MS: 20_000,
  OFFLINE_GRACE_MS: 100,
};

export type Settings = Partial<Record<keyof typeof QUICK, number>>;

/** The built service as a process of its own, serving the shop from a Redis. */
export class RedisPod extends Faces {
  /** All that it has said on either output, as text. */
  private said = '';
  private ended: number | string | undefined;
  /** Resolves with its exit code, or with the signal that has killed it. */
  readonly end: Promise<number | string>;

  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
  ) {
    super();
    child.stdout?.on('data', (chunk) => (this.said += String(chunk)));
    child.stderr?.on('data', (chunk) => (this.said += String(chunk)));
    this.end = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.ended = code ?? signal ?? -1;
        resolve(this.ended);
      });
    });
  }

  /** Begins to start; it may never become ready. */
  static async launch(
    redisPort: number,
    settings: Settings = {},
    environment: Record<string, string> = {},
  ): Promise<RedisPod> {
    if (!existsSync(MAIN)) execFileSync('npm', ['run', 'build', '--silent'], { cwd: ROOT });
    const port = await freePort();
    const times = Object.entries({ ...QUICK, ...settings }).map(([name, ms]) => [name, String(ms)]);
    const child = spawn(process.execPath, [MAIN], {
      cwd: ROOT,
      env: {
        ...(Object.fromEntries(times) as Record<string, string>),
        PORT: String(port),
        BIND: '127.0.0.1',
        LOG_LEVEL: 'warn',
        REDIS_URL: `redis://127.0.0.1:${redisPort}`,
        APPS_FILE: appsFile({ apps: [shop()] }),
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const pod = new RedisPod(port, child);
    stopAfterTest(async () => {
      child.kill('SIGKILL');
      await pod.end;
    });
    return pod;
  }

  static async start(...launched: Parameters<typeof RedisPod.launch>): Promise<RedisPod> {
    const pod = await RedisPod.launch(...launched);
    await pod.becomes(200);
    return pod;
  }

  signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.child.kill(signal);
  }

  get output(): string {
    return this.said;
  }

  /** It lives, and nothing has gone wrong that nobody expected. */
  expectSound(): void {
    expect(this.ended).toBeUndefined();
    const faults = this.said.split('\n').filter((line) => line !== '' && !/^\{"level":(10|20|30|40),/.test(line));
    expect(faults).toEqual([]);
  }

  /** Waits until `/health/ready` answers so. */
  becomes(ready: 200 | 503, within = 15_000): Promise<void> {
    return eventually(async () => expect((await this.ask('GET', '/health/ready')).status).toBe(ready), { within });
  }
}
