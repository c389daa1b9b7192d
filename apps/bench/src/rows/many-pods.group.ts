import { loadLarge } from '../load/large-load';
import { once } from '../once';
import type { Row, RowGroup, Verdict } from '../row';
import { type CrowdedStack, plainStack, rollcallStack, type Stack, withCrowd } from '../stacks/crowded';
import { httpSide } from './http-side';

const PODS = 8;

const PLAIN_VERDICTS: readonly Verdict[] = [
  { label: 'p50 of P1, 2 and 8 pods', unit: 'ms', figure: 'p50', ours: 'P1, 2 pods', theirs: 'P1, 8 pods' },
  { label: 'CPU of P1, 2 and 8 pods', unit: 'ms', figure: 'cpu', ours: 'P1, 2 pods', theirs: 'P1, 8 pods' },
];

/** The same connections spread over 8 pods instead of 2: what a question costs all of them together. */
export const manyPodsGroup: RowGroup = ({ connections, sampleMs, quick }, processes) => {
  const asking = { callers: 1, ms: sampleMs };
  const side = (name: string, start: () => Promise<Stack>) =>
    httpSide<CrowdedStack>({
      name,
      stack: once(async () => withCrowd(processes, await start(), connections)),
      question: (stack) => stack.users(),
      load: loadLarge,
      asking,
    });
  const plain = [
    side('P1, 2 pods', () => plainStack(processes, 2, true)),
    side('P1, 8 pods', () => plainStack(processes, PODS, true)),
  ];
  const row: Row = {
    id: 'pods-8',
    what: `/message/users: ${PODS} pods instead of 2, the same ${connections.toLocaleString('en-US')} connections, one caller`,
    notes: ['CPU is that of all pods and Redis; the pods that are not asked have heartbeats to answer meanwhile.'],
    sides: [
      side('2 pods', () => rollcallStack(processes, 2)),
      side('8 pods', () => rollcallStack(processes, PODS)),
      ...(quick ? [] : plain),
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
      ...(quick ? [] : PLAIN_VERDICTS),
    ],
  };
  return [row];
};
