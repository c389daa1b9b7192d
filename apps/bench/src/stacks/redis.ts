import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../../cluster/src/processes/free-ports';
import { redisCommand } from '../../../cluster/src/processes/redis-command';
import { REDIS_SERVER, redisSettings } from '../../../cluster/src/processes/redis-process';
import { until } from '../processes/patience';
import type { Processes } from '../processes/processes';
import { scratchFolder } from '../processes/scratch';

/** A Redis of the bench's own: on this machine alone, and with nothing on disk. */
export interface RunningRedis {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  /** One command over a connection of its own; its answer as the protocol writes it. */
  command(...words: string[]): Promise<string>;
}

export async function startRedis(processes: Processes): Promise<RunningRedis> {
  const [port = 0] = await freePorts(1);
  const dir = mkdtempSync(join(scratchFolder(), 'redis-'));
  const child = processes.spawn(REDIS_SERVER, redisSettings(port, dir), { stdio: 'ignore' });
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  const command = (...words: string[]): Promise<string> => redisCommand(port, ...words);
  await until(`The start of ${REDIS_SERVER}`, 10_000, async () => {
    if (failure !== undefined) throw new Error(`${REDIS_SERVER} cannot be started: ${failure.message}`);
    try {
      return (await command('PING')).startsWith('+PONG');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error;
      return false;
    }
  });
  return { port, url: `redis://127.0.0.1:${port}`, pid: child.pid ?? 0, command };
}
