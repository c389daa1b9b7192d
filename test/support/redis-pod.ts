import { type PodProcess } from '../../apps/cluster/src/processes/pod-process';
import { eventually } from './eventually';
import { Faces } from './faces';
import { launchPod } from './pod-process';
import { appsFile } from './rollcall';
import { shop } from './shop';

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
  /** Resolves with its exit code, or with the signal that has killed it. */
  readonly end: Promise<number | string>;

  private constructor(private readonly process: PodProcess) {
    super();
    this.end = process.program.whenEnded.then(({ code, signal }) => code ?? signal ?? -1);
  }

  /** Begins to start; it may never become ready. */
  static async launch(
    redisPort: number,
    settings: Settings = {},
    environment: Record<string, string> = {},
  ): Promise<RedisPod> {
    const times = Object.entries({ ...QUICK, ...settings }).map(([name, ms]) => [name, String(ms)]);
    const pod = await launchPod({
      environment: {
        ...(Object.fromEntries(times) as Record<string, string>),
        LOG_LEVEL: 'warn',
        REDIS_URL: `redis://127.0.0.1:${redisPort}`,
        APPS_FILE: appsFile({ apps: [shop()] }),
        ...environment,
      },
    });
    return new RedisPod(pod);
  }

  static async start(...launched: Parameters<typeof RedisPod.launch>): Promise<RedisPod> {
    const pod = await RedisPod.launch(...launched);
    await pod.becomes(200);
    return pod;
  }

  get port(): number {
    return this.process.port;
  }

  signal(signal: 'SIGHUP' | 'SIGTERM' | 'SIGKILL'): void {
    this.process.program.signal(signal);
  }

  /** All that it has said on either output, as text. */
  get output(): string {
    return this.process.output;
  }

  /** It lives, and nothing has gone wrong that nobody expected. */
  expectSound(): void {
    expect(this.process.program.end).toBeUndefined();
    const faults = this.output.split('\n').filter((line) => line !== '' && !/^\{"level":(10|20|30|40),/.test(line));
    expect(faults).toEqual([]);
  }

  /** Waits until `/health/ready` answers so. */
  becomes(ready: 200 | 503, within = 15_000): Promise<void> {
    return eventually(async () => expect((await this.ask('GET', '/health/ready')).status).toBe(ready), { within });
  }
}
