import { connect } from 'node:net';
import { freePorts } from '../../../cluster/src/processes/free-ports';
import { statusOf } from '../../../cluster/src/processes/status-of';
import { cpuMsOf } from '../measure/process-cost';
import { pause } from '../processes/patience';
import { type Processes, withProcesses } from '../processes/processes';
import type { Figures, Row, RowGroup, Side } from '../row';
import { podEnvironment, podMain } from '../stacks/rollcall';
import { type RunningRedis, startRedis } from '../stacks/redis';

const START_WITHIN_MS = 30_000;

/** From the start of the process until it takes connections, and until it says that it is ready. */
export const startGroup: RowGroup = () => {
  const side = (name: string, redisOf: (processes: Processes) => Promise<RunningRedis | undefined>): Side => ({
    name,
    sample: () => withProcesses(async (processes) => timedStart(processes, await redisOf(processes))),
  });
  const row: Row = {
    id: 'start',
    what: 'start of a pod to listening',
    notes: ['As `npm run serve` starts it, with Redis; files are in the cache of the system.'],
    sides: [side('Rollcall', startRedis), side('Rollcall without Redis', () => Promise.resolve(undefined))],
    verdicts: [
      {
        ...{ label: 'to listening', unit: 'ms', figure: 'listening', ours: 'Rollcall' },
        ...{ bar: { kind: 'most', value: 1200 }, stretch: { kind: 'most', value: 600 } },
      },
      { label: 'CPU to ready', unit: 'ms', figure: 'cpu', ours: 'Rollcall' },
      { label: 'to ready', unit: 'ms', figure: 'ready', ours: 'Rollcall' },
      { label: 'without Redis', unit: 'ms', figure: 'listening', ours: 'Rollcall without Redis' },
    ],
  };
  return [row];
};

async function timedStart(processes: Processes, redis: RunningRedis | undefined): Promise<Figures> {
  const [port = 0] = await freePorts(1);
  const began = performance.now();
  const since = (): number => performance.now() - began;
  const { pid = 0 } = processes.spawn(process.execPath, [podMain], {
    env: podEnvironment(port, redis),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const waitFor = async (isSo: () => Promise<boolean>): Promise<number> => {
    while (!(await isSo())) {
      if (since() > START_WITHIN_MS) throw new Error('The pod did not start.');
      await pause(2);
    }
    return since();
  };
  const listening = await waitFor(() => accepts(port));
  const ready = await waitFor(async () => (await statusOf(port, '/health/ready')) === 200);
  return { listening, ready, cpu: cpuMsOf(pid) };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
