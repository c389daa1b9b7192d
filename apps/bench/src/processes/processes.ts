/*
 * All processes that the bench starts. Whatever ends this one (the last row, Ctrl-C, an error) ends them too: they are
 * killed, because none of them has anything to save.
 */
import { type ChildProcess, fork, type ForkOptions, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';

const running = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A set of processes that end together: those of one row, or of one sample. */
export class Processes {
  private readonly children = new Set<ChildProcess>();

  spawn(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
    return this.keep(spawn(command, args, options));
  }

  fork(script: string, options: ForkOptions): ChildProcess {
    return this.keep(fork(script, [], options));
  }

  async end(): Promise<void> {
    await Promise.all([...this.children].map((child) => kill(child)));
  }

  private keep(child: ChildProcess): ChildProcess {
    running.add(child);
    this.children.add(child);
    child.once('exit', () => {
      running.delete(child);
      this.children.delete(child);
    });
    return child;
  }
}

export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** Runs something with processes of its own, which are gone afterwards. */
export async function withProcesses<Result>(work: (processes: Processes) => Promise<Result>): Promise<Result> {
  const processes = new Processes();
  try {
    return await work(processes);
  } finally {
    await processes.end();
  }
}
