import { join } from 'node:path';
import type { Processes } from '../processes/processes';
import { type Verbs, Worker } from '../processes/verbs';

/** Starts one of the bench's own programs, which waits for its first verb. `script` is its path below `src`. */
export function startChild<Known extends Verbs>(processes: Processes, script: string): Worker<Known> {
  const child = processes.fork(join(__dirname, '..', `${script}.js`), {
    execArgv: ['--expose-gc'],
    env: { PATH: process.env.PATH, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return new Worker(script, child);
}

export const pidOf = ({ child }: Pick<Worker<Verbs>, 'child'>): number => child.pid ?? 0;
