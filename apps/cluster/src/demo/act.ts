import type { Cluster } from '../cluster';
import { type Command, HELP } from './command';

/** Does what was asked for; gives what to say about it. `quit` is the business of whoever holds the cluster. */
export async function act(cluster: Cluster, command: Exclude<Command, { verb: 'quit' }>): Promise<string> {
  switch (command.verb) {
    case 'help':
      return HELP;
    case 'kill':
      return kill(cluster, command.pod);
    case 'start':
      return start(cluster, command.pod);
    case 'cut':
      cluster.cut(command.dc);
      return `${command.dc} is cut off from the other data centres.`;
    case 'slow':
      cluster.slow(command.dc, command.delayMs);
      return `${command.dc} is ${command.delayMs} ms away from the other data centres, in each direction.`;
    case 'heal':
      cluster.heal(command.dc);
      return `${command.dc} is healed.`;
    case 'flush':
      await cluster.datacenter(command.dc).redis.flush();
      return `The Redis of ${command.dc} is empty.`;
  }
}

async function kill(cluster: Cluster, name: string): Promise<string> {
  const pod = cluster.pod(name);
  if (!pod.running) return `${name} does not run. To bring it back: start ${name}`;
  await pod.kill();
  return `${name} is dead.`;
}

async function start(cluster: Cluster, name: string): Promise<string> {
  const pod = cluster.pod(name);
  if (pod.running) return `${name} runs already.`;
  await pod.start();
  return `${name} is back on ${pod.url}`;
}
