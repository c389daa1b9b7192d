/* The servers that the rows with a crowd share. Each is started when it is first asked for. */
import type { BareVerbs } from '../competitors/bare-http.main';
import type { TableVerbs } from '../competitors/redis-table.main';
import { bodyOf } from '../load/one-answer';
import { once } from '../once';
import type { Processes } from '../processes/processes';
import type { Scale } from '../row';
import { pidOf, startChild } from '../stacks/child';
import { constantServer, type OneServer } from '../stacks/constant';
import { plainStack, ROOMS, rollcallStack, withCrowd } from '../stacks/crowded';
import { startRedis } from '../stacks/redis';

export type CrowdScene = ReturnType<typeof crowdScene>;

export function crowdScene({ connections }: Scale, processes: Processes) {
  const rollcall = once(async () => withCrowd(processes, await rollcallStack(processes, 2), connections));
  const p1 = once(async () => withCrowd(processes, await plainStack(processes, 2, true), connections));
  const map = once(async () => bodyOf((await rollcall()).users()));
  const constant = (name: string, answer: () => Promise<Buffer>) =>
    once(async () => constantServer(processes, name, await answer()));
  return {
    rollcall,
    /** Plain Socket.IO that shares rooms over Redis. */
    p1,
    /** The table in Redis, read with each question. */
    p2: once(async (): Promise<OneServer> => {
      const redis = await startRedis(processes);
      const server = startChild<TableVerbs>(processes, 'competitors/redis-table.main');
      const settings = { redisUrl: redis.url, connections, rooms: ROOMS, users: connections, changed: 0 };
      return { port: await server.call('start', settings), podPids: [pidOf(server)], redisPids: [redis.pid] };
    }),
    /** Our own HTTP stack with our own bytes as a constant: the whole map, or any other answer. */
    p3: constant('map', map),
    constant,
    bare: once(async (): Promise<OneServer> => {
      const answer = (await bodyOf((await rollcall()).users(await tab()))).toString();
      const server = startChild<BareVerbs>(processes, 'competitors/bare-http.main');
      return { port: await server.call('start', { answer }), podPids: [pidOf(server)] };
    }),
    /** A channel with one member. */
    tab,
  };

  async function tab(): Promise<string> {
    const name = Object.keys(JSON.parse((await map()).toString()) as object).find((key) => key.startsWith('tab|'));
    if (name === undefined) throw new Error('The map has no tabs.');
    return name;
  }
}
