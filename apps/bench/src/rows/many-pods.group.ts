import { loadLarge } from '../load/large-load';
import { once } from '../once';
import type { Row, RowGroup } from '../row';
import { type CrowdedStack, plainStack, rollcallStack, type Stack, withCrowd } from '../stacks/crowded';
import { httpSide } from './http-side';

const PODS = 8;

/** The same connections spread over 8 pods instead of 2: what a question costs all of them together. */
export const manyPodsGroup: RowGroup = ({ connections, sampleMs }, processes) => {
  const asking = { callers: 1, ms: sampleMs };
  const side = (name: string, start: () => Promise<Stack>) =>
    httpSide<CrowdedStack>({
      name,
      stack: once(async () => withCrowd(processes, await start(), connections)),
      question: (stack) => stack.users(),
      load: loadLarge,
      asking,
    });
  const row: Row = {
    id: 'pods-8',
    what: `/message/users: ${PODS} pods instead of 2, the same ${connections.toLocaleString('en-US')} connections, one caller`,
    notes: ['CPU is that of all pods and Redis; the pods that are not asked have heartbeats to answer meanwhile.'],
    sides: [
      side('2 pods', () => rollcallStack(processes, 2)),
      side('8 pods', () => rollcallStack(processes, PODS)),
      side('P1, 2 pods', () => plainStack(processes, 2, true)),
      side('P1, 8 pods', () => plainStack(processes, PODS, true)),
    ],
    verdicts: [
      {
        ...{ label: 'p50', unit: 'ms', figure: 'p50', ours: '8 pods', theirs: '2 pods' },
        ...{ bar: { kind: 'ratio', most: 1.15 }, stretch: { kind: 'ratio', most: 1.05 } },
      },
      {
        ...{ label: 'CPU', unit: 'ms', figure: 'cpu', ours: '8 pods', theirs: '2 pods' },
        ...{ bar: { kind: 'ratio', most: 1.15 }, stretch: { kind: 'ratio', most: 1.05 } },
      },
      { label: 'p50 of 2 pods and of 8 of P1', unit: 'ms', figure: 'p50', ours: 'P1, 2 pods', theirs: 'P1, 8 pods' },
      { label: 'CPU of 2 pods and of 8 of P1', unit: 'ms', figure: 'cpu', ours: 'P1, 2 pods', theirs: 'P1, 8 pods' },
    ],
  };
  return [row];
};
