/* The service under test: built, in processes of its own, as `npm run serve` starts it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../../cluster/src/processes/free-ports';
import { statusOf } from '../../../cluster/src/processes/status-of';
import type { Question } from '../load/question';
import { once } from '../once';
import { until } from '../processes/patience';
import type { Processes } from '../processes/processes';
import { scratchFolder } from '../processes/scratch';
import { type Verbs, Worker } from '../processes/verbs';
import type { RunningRedis } from './redis';

const MAIN = join(__dirname, '../../../../src/main.js');

export const HOST = '127.0.0.1';
export const API_KEY = 'BENCH_key';
export const JWT_SECRET = 'bench-secret-bench-secret-bench-secret';
export const WATCHER = { id: 'watcher', token: 'a-token-of-the-watcher' };

/** Limits are the defaults, but for how often one user may ask for presence: here one user asks for all. */
const APPS = {
  apps: [
    {
      id: 'bench',
      hosts: [HOST],
      apiKeys: [API_KEY],
      anonymous: true,
      jwt: { algorithms: ['HS256'], secret: JWT_SECRET },
      limits: { usersPresencePerMinute: 100_000_000 },
      users: [{ id: WATCHER.id, username: WATCHER.id, tokens: [WATCHER.token] }],
    },
  ],
};

const appsFile = once(() => {
  const file = join(scratchFolder(), 'apps.json');
  writeFileSync(file, JSON.stringify(APPS));
  return file;
});

/** Lets a pod collect its garbage when the bench asks for it, as its other children do. */
const GARBAGE_COLLECTOR = `data:text/javascript,${encodeURIComponent(
  `process.on("message", ({ id }) => { for (let n = 0; n < 4; n += 1) gc(); process.send({ id, value: null }); });
   process.on("disconnect", () => process.exit());
   process.channel.unref();`,
)}`;

const START_WITHIN_MS = 60_000;

export interface RollcallPod {
  readonly port: number;
  readonly pid: number;
  readonly worker: Worker<Verbs>;
}

export async function startPods(
  processes: Processes,
  count: number,
  redis: RunningRedis | undefined,
  environment: NodeJS.ProcessEnv = {},
): Promise<RollcallPod[]> {
  const pods: RollcallPod[] = [];
  // Two at a time: a start is a second of CPU, and more at once only wait for each other.
  for (const ports of inPairs(await freePorts(count))) {
    pods.push(
      ...(await Promise.all(
        ports.map((port) => startPod(processes, port, { ...podEnvironment(port, redis), ...environment })),
      )),
    );
  }
  return pods;
}

const inPairs = (ports: readonly number[]): number[][] =>
  ports.flatMap((_, n) => (n % 2 === 0 ? [ports.slice(n, n + 2)] : []));

async function startPod(processes: Processes, port: number, env: NodeJS.ProcessEnv): Promise<RollcallPod> {
  const child = processes.fork(MAIN, {
    execArgv: ['--expose-gc', '--import', GARBAGE_COLLECTOR],
    env,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await until('The start of a pod', START_WITHIN_MS, async () => (await statusOf(port, '/health/ready')) === 200);
  return { port, pid: child.pid ?? 0, worker: new Worker(`pod on ${port}`, child) };
}

/** What a pod needs to know, without anything of the caller's environment that could change it. */
export const podEnvironment = (port: number, redis: RunningRedis | undefined): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  PORT: String(port),
  BIND: '127.0.0.1',
  LOG_LEVEL: 'error',
  NODE_ENV: 'production',
  APPS_FILE: appsFile(),
  ...(redis === undefined ? {} : { REDIS_URL: redis.url }),
});

export const podMain = MAIN;

export const usersQuestion = (port: number, channel?: string): Question => ({
  port,
  method: 'POST',
  path: '/message/users',
  body: JSON.stringify({ apiKey: API_KEY, channel }),
});

export const countsQuestion = (port: number): Question => ({
  port,
  method: 'POST',
  path: '/message/allusers',
  body: JSON.stringify({ apiKey: API_KEY }),
});

export const presenceQuestion = (port: number, from?: string): Question => ({
  port,
  method: 'GET',
  path: `/api/v1/users.presence${from === undefined ? '' : `?from=${encodeURIComponent(from)}`}`,
  headers: { 'x-auth-token': WATCHER.token, 'x-user-id': WATCHER.id },
});
