import { CHECKOUT, POD_MAIN } from './checkout';
import { until } from './patience';
import { type Exit, exitText, Program } from './program';
import { statusOf } from './status-of';

/** A start is a second of CPU, and many may wait for the same two cores. */
const READY_WITHIN_MS = 60_000;

export interface PodOptions {
  /** What people call it; its port by default. */
  readonly name?: string;
  readonly port: number;
  /** All that it is told, but for its port. It listens on this machine alone. */
  readonly environment?: NodeJS.ProcessEnv;
  /** For Node, before the program. */
  readonly flags?: readonly string[];
  readonly errorsShown?: boolean;
  readonly messages?: boolean;
}

/** The built service in a process of its own. Started again it has its old port, and is another pod. */
export class PodProcess {
  readonly name: string;
  readonly port: number;
  readonly program: Program;
  private started = false;

  constructor({ name, port, environment, flags = [], ...launch }: PodOptions) {
    this.name = name ?? String(port);
    this.port = port;
    this.program = new Program({
      command: process.execPath,
      args: [...flags, POD_MAIN],
      cwd: CHECKOUT,
      environment: { BIND: '127.0.0.1', ...environment, PORT: String(port) },
      ...launch,
    });
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  get running(): boolean {
    return this.program.running;
  }

  /** It runs, and its start is over. */
  get up(): boolean {
    return this.running && this.started;
  }

  /** All that it has said on either output, in all its lives. */
  get output(): string {
    return this.program.output;
  }

  /** Begins to start; it may never become ready. */
  launch(): void {
    this.started = false;
    this.program.launch();
  }

  /** Resolves when it is ready. */
  async start(): Promise<void> {
    this.launch();
    await until(`The start of pod ${this.name}`, READY_WITHIN_MS, async () => {
      const { end } = this.program;
      if (end !== undefined) throw new Error(`Pod ${this.name} ended with ${exitText(end)}:\n${this.output}`.trimEnd());
      return (await statusOf(this.port, '/health/ready')) === 200;
    });
    this.started = true;
  }

  kill(signal?: NodeJS.Signals): Promise<Exit> {
    return this.program.stop(signal);
  }

  /** It stands still: its connections stay open, and nobody answers. */
  freeze(): void {
    this.program.signal('SIGSTOP');
  }

  thaw(): void {
    this.program.signal('SIGCONT');
  }
}
