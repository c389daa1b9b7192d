import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './eventually';
import { Faces } from './faces';
import { freePort } from './free-ports';
import { stopAfterTest } from './teardown';

const ROOT = join(__dirname, '../..');
const MAIN = join(ROOT, 'dist/src/main.js');

/** Answers with the bytes of the heap that are in use once the garbage is gone. */
const HEAP_REPORTER = `data:text/javascript,${encodeURIComponent(
  'process.on("message", () => { gc(); gc(); process.send(process.memoryUsage().heapUsed); });',
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
}

/** The built service as a process of its own, the demo app by default; killed after the test if it is still there. */
export class ChildPod extends Faces {
  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
  ) {
    super();
  }

  static async start({ at, environment = {}, measured = false }: ChildPodOptions = {}): Promise<ChildPod> {
    if (!existsSync(MAIN)) execFileSync('npm', ['run', 'build', '--silent'], { cwd: ROOT });
    const port = at ?? (await freePort());
    const flags = measured ? ['--expose-gc', '--import', HEAP_REPORTER] : [];
    const child = spawn(process.execPath, [...flags, MAIN], {
      cwd: ROOT,
      env: { PORT: String(port), BIND: '127.0.0.1', LOG_LEVEL: 'error', ...environment },
      stdio: ['ignore', 'ignore', 'inherit', ...(measured ? (['ipc'] as const) : [])],
    });
    stopAfterTest(() => void child.kill('SIGKILL'));
    const pod = new ChildPod(port, child);
    await eventually(async () => expect(await pod.status('/health/ready')).toBe(200), { within: 20_000 });
    return pod;
  }

  async status(path: string): Promise<number> {
    return (await this.ask('GET', path)).status;
  }

  /** Sends the signal; resolves with how the process has ended. */
  end(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<Exit> {
    const sentAtMs = performance.now();
    return new Promise((resolve) => {
      this.child.once('exit', (code, by) => resolve({ code, signal: by, afterMs: performance.now() - sentAtMs }));
      this.child.kill(signal);
    });
  }

  /** The process stands still: its connections stay open, and nobody answers. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  /** Bytes of its heap in use, without garbage; for a pod that is `measured`. */
  heapBytes(): Promise<number> {
    return new Promise((resolve) => {
      this.child.once('message', (bytes) => resolve(Number(bytes)));
      this.child.send('heap');
    });
  }
}
