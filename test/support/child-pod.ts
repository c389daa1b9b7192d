import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { get } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { eventually } from './eventually';
import { stopAfterTest } from './teardown';

const ROOT = join(__dirname, '../..');
const MAIN = join(ROOT, 'dist/src/main.js');

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** From the signal to the end. */
  readonly afterMs: number;
}

/** The built service as a process of its own, serving the demo app; killed after the test if it is still there. */
export class ChildPod {
  private constructor(
    readonly url: string,
    readonly port: number,
    private readonly child: ReturnType<typeof spawn>,
  ) {}

  /** On the port, or on one that is free. */
  static async start(at?: number): Promise<ChildPod> {
    if (!existsSync(MAIN)) execFileSync('npm', ['run', 'build', '--silent'], { cwd: ROOT });
    const port = at ?? (await freePort());
    const child = spawn(process.execPath, [MAIN], {
      cwd: ROOT,
      env: { PORT: String(port), LOG_LEVEL: 'error' },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    stopAfterTest(() => void child.kill('SIGKILL'));
    const pod = new ChildPod(`http://localhost:${port}`, port, child);
    await eventually(async () => expect(await pod.status('/health/ready')).toBe(200), { within: 10_000 });
    return pod;
  }

  status(path: string): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port: this.port, path, agent: false }, (incoming) => {
        incoming.resume();
        resolve(incoming.statusCode);
      }).on('error', reject);
    });
  }

  /** Sends the signal; resolves with how the process has ended. */
  end(signal: 'SIGTERM' | 'SIGINT'): Promise<Exit> {
    const sentAtMs = performance.now();
    return new Promise((resolve) => {
      this.child.once('exit', (code, by) => resolve({ code, signal: by, afterMs: performance.now() - sentAtMs }));
      this.child.kill(signal);
    });
  }
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
