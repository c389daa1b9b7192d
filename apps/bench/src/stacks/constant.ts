import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConstantVerbs } from '../competitors/constant-buffer.main';
import type { Processes } from '../processes/processes';
import { scratchFolder } from '../processes/scratch';
import { pidOf, startChild } from './child';
import type { Measured } from './measured';

export interface OneServer extends Measured {
  readonly port: number;
}

/** Our own HTTP stack with an answer of our own as a constant (P3). */
export async function constantServer(processes: Processes, name: string, answer: Buffer): Promise<OneServer> {
  const file = join(scratchFolder(), `${name}.json`);
  writeFileSync(file, answer);
  const server = startChild<ConstantVerbs>(processes, 'competitors/constant-buffer.main');
  return { port: await server.call('start', { file }), podPids: [pidOf(server)] };
}
