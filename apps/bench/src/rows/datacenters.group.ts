import { bodyOf } from '../load/one-answer';
import { loadSmall } from '../load/small-load';
import { once } from '../once';
import type { Processes } from '../processes/processes';
import type { Row, RowGroup } from '../row';
import { constantServer } from '../stacks/constant';
import { rollcallStack, withCrowd } from '../stacks/crowded';
import type { Measured } from '../stacks/measured';
import { startRedis } from '../stacks/redis';
import { countsQuestion } from '../stacks/rollcall';
import { httpSide } from './http-side';

const NAMES = ['us-east-1', 'eu-west-1', 'ap-south-1'];

/** Two pods each: the DCs share two cores with the load, and who is not asked does little. */
const PODS = 2;

/** `/message/allusers` with three data centres, each with a Redis and a third of the crowd. */
export const datacentersGroup: RowGroup = ({ connections, sampleMs }, processes) => {
  const asking = { callers: 1, ms: Math.max(1000, sampleMs) };
  const stack = once(() => threeDatacenters(processes, Math.floor(connections / NAMES.length)));
  const question = ({ port }: { readonly port: number }) => countsQuestion(port);
  const constant = once(async () => {
    // The first question only begins to follow the others.
    for (let asked = 0; asked < 5; asked += 1) await bodyOf(question(await stack()));
    return constantServer(processes, 'counts-3-dcs', await bodyOf(question(await stack())));
  });
  const verdict = { compare: 'ratio', unit: 'ms', ours: 'Rollcall', theirs: 'P3' } as const;
  const row: Row = {
    id: 'counts-3-dcs',
    what: '/message/allusers: counts, three data centres, against the same bytes as a constant (P3)',
    notes: ['CPU is that of all pods and all Redis servers of the three, which also have a crowd to keep.'],
    sides: [
      httpSide({ name: 'Rollcall', stack, load: loadSmall, asking, question }),
      httpSide({
        ...{ name: 'P3', stack: constant, load: loadSmall, asking },
        question: ({ port }) => ({ ...countsQuestion(port), path: '/message/users' }),
      }),
    ],
    verdicts: [
      {
        ...{ ...verdict, label: 'CPU', figure: 'cpu' },
        ...{ bar: { kind: 'ratio', most: 2 }, stretch: { kind: 'ratio', most: 1.3 } },
      },
      { ...verdict, label: 'CPU of pods alone', figure: 'cpuPods' },
      { ...verdict, label: 'p50', figure: 'p50' },
    ],
  };
  return [row];
};

async function threeDatacenters(processes: Processes, connections: number): Promise<Measured & { port: number }> {
  const redises = await Promise.all(NAMES.map(() => startRedis(processes)));
  const datacenters = NAMES.map((name, index) => `${name}=${redises[index]?.url}`).join(',');
  const stacks = [];
  for (const [index, redis] of redises.entries()) {
    const environment = { DC: NAMES[index], DATACENTERS: datacenters };
    const stack = await rollcallStack(processes, PODS, { redis, environment });
    stacks.push(await withCrowd(processes, stack, connections));
  }
  return {
    port: stacks[0]?.ports[0] ?? 0,
    podPids: stacks.flatMap(({ podPids }) => podPids),
    redisPids: redises.map(({ pid }) => pid),
  };
}
