/*
 * All programs that a cluster starts. Whatever ends this process ends them too, unless it is killed itself: they are
 * killed, because none of them has anything to save.
 */
import { type ChildProcess, spawn } from 'node:child_process';

const running = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** What is kept of a program's output; a demonstration may run for days. */
const OUTPUT_KEPT = 4 * 1024 * 1024;

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** What it says on stderr goes to this process's own, rather than into `output`. */
  readonly errorsShown?: boolean;
  /** It can be sent messages. */
  readonly messages?: boolean;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it could not even be started. */
  readonly failure?: Error;
}

export const exitText = ({ code, signal, failure }: Exit): string => failure?.message ?? String(code ?? signal);

/** A program that runs as a process of its own, and may be launched again when it has ended. */
export class Program {
  private child: ChildProcess | undefined;
  private said = '';
  private ended: Exit | undefined;
  private exit: Promise<Exit> = Promise.resolve({ code: null, signal: null });

  constructor(private readonly launched: Launch) {}

  launch(): void {
    if (this.running) throw new Error(`${this.launched.command} runs already.`);
    const { command, args, cwd, environment, errorsShown = false, messages = false } = this.launched;
    const stderr = errorsShown ? 'inherit' : 'pipe';
    const channel = messages ? (['ipc'] as const) : [];
    const child = spawn(command, args, { cwd, env: environment, stdio: ['ignore', 'pipe', stderr, ...channel] });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => this.keep(String(chunk)));
    running.add(child);
    this.child = child;
    this.ended = undefined;
    this.exit = new Promise((resolve) => {
      const end = (exit: Exit): void => {
        running.delete(child);
        // One that could not be started says so twice.
        if (this.child === child) this.ended ??= exit;
        resolve(exit);
      };
      child.once('error', (failure) => child.pid === undefined && end({ code: null, signal: null, failure }));
      // Not at its exit: what it has said last may still be under way.
      child.once('close', (code, signal) => end({ code, signal }));
    });
  }

  get running(): boolean {
    return this.child !== undefined && this.ended === undefined;
  }

  /** How it has ended; `undefined` while it runs. */
  get end(): Exit | undefined {
    return this.ended;
  }

  /** Resolves when the process of now has ended. */
  get whenEnded(): Promise<Exit> {
    return this.exit;
  }

  /** All that it has said, in all its lives. */
  get output(): string {
    return this.said;
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** Sends the signal and waits for the end. A process that stands still hears SIGKILL alone. */
  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    if (this.running) this.signal(signal);
    return this.exit;
  }

  /** Sends a message, and waits for the next one that comes back. */
  ask(message: string): Promise<unknown> {
    return new Promise((resolve) => {
      this.child?.once('message', resolve);
      this.child?.send(message);
    });
  }

  private keep(text: string): void {
    this.said = (this.said + text).slice(-OUTPUT_KEPT);
  }
}
