import type { PodProcess } from '../../apps/cluster/src/processes/pod-process';
import { eventually } from './eventually';
import { Faces } from './faces';
import { launchPod } from './pod-process';

/** Answers with the bytes of the heap that are in use once the garbage is gone. */
const HEAP_REPORTER = `data:text/javascript,${encodeURIComponent(
  'process.on("message", () => { gc(); gc(); process.send(process.memoryUsage().heapUsed); });',
)}`;

/** A pod on a machine whose clock is wrong. */
const wrongClock = (aheadMs: number): string =>
  `data:text/javascript,${encodeURIComponent(
    `const right = Date.now.bind(Date); globalThis.Date = class extends Date {
      constructor(...of) { if (of.length === 0) super(right() + ${aheadMs}); else super(...of); }
      static now() { return right() + ${aheadMs}; }
    };`,
  )}`;

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** From the signal to the end. */
  readonly afterMs: number;
}

export interface ChildPodOptions {
  /** The port; absent: one that is free. */
  readonly at?: number;
  readonly environment?: Record<string, string>;
  /** It can tell its heap. */
  readonly measured?: boolean;
  /** By so much its clock is ahead of the machine's; less than 0: behind. */
  readonly aheadMs?: number;
}

/** The built service as a process of its own, the demo app by default; killed after the test if it is still there. */
export class ChildPod extends Faces {
  private constructor(private readonly process: PodProcess) {
    super();
  }

  static async start({ at, environment = {}, measured = false, aheadMs = 0 }: ChildPodOptions = {}): Promise<ChildPod> {
    const pod = new ChildPod(
      await launchPod({
        port: at,
        environment: { LOG_LEVEL: 'error', ...environment },
        errorsShown: true,
        ...(aheadMs === 0 ? {} : { flags: ['--import', wrongClock(aheadMs)] }),
        ...(measured ? { flags: ['--expose-gc', '--import', HEAP_REPORTER], messages: true } : {}),
      }),
    );
    await eventually(async () => expect(await pod.status('/health/ready')).toBe(200), { within: 20_000 });
    return pod;
  }

  get port(): number {
    return this.process.port;
  }

  async status(path: string): Promise<number> {
    return (await this.ask('GET', path)).status;
  }

  /** Sends the signal; resolves with how the process has ended. */
  async end(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<Exit> {
    const sentAtMs = performance.now();
    const { code, signal: by } = await this.process.kill(signal);
    return { code, signal: by, afterMs: performance.now() - sentAtMs };
  }

  /** The process stands still: its connections stay open, and nobody answers. */
  freeze(): void {
    this.process.freeze();
  }

  thaw(): void {
    this.process.thaw();
  }

  /** Bytes of its heap in use, without garbage; for a pod that is `measured`. */
  async heapBytes(): Promise<number> {
    return Number(await this.process.program.ask('heap'));
  }
}
