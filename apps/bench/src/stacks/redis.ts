import { mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePorts } from '../processes/ports';
import { until } from '../processes/patience';
import type { Processes } from '../processes/processes';
import { scratchFolder } from '../processes/scratch';

export const REDIS_SERVER = process.env.REDIS_SERVER ?? 'redis-server';

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
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', '', '--appendonly', 'no'];
  const child = processes.spawn(REDIS_SERVER, [...settings, '--loglevel', 'warning'], { stdio: 'ignore' });
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  const command = (...words: string[]): Promise<string> => ask(port, words);
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

/** The bench asks Redis seldom (settings, the slow log), so it speaks to it without a client. */
function ask(port: number, words: readonly string[]): Promise<string> {
  const lines = [`*${words.length + 0}`, ...words.flatMap((word) => [`$${Buffer.byteLength(word)}`, word])];
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (answer += chunk));
    socket.on('error', reject);
    // The goodbye makes Redis close when it has said everything.
    socket.on('end', () => resolve(answer.replace(/\+OK\r\n$/, '') || '+OK'));
    socket.write(`${lines.join('\r\n')}\r\n*1\r\n$4\r\nQUIT\r\n`);
  });
}
