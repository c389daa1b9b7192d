import { loadSmall } from '../load/small-load';
import type { Row, Scale } from '../row';
import { usersQuestion } from '../stacks/rollcall';
import type { CrowdScene } from './crowd.scene';
import { httpSide } from './http-side';

/** What guards, checks, the freshness of the answer and Nest cost beside a bare server that does none of it. */
export function smallPostRow(scale: Scale, { rollcall, bare, tab }: CrowdScene): Row {
  const asking = { callers: 16, ms: Math.max(1000, scale.sampleMs) };
  let channel = '';
  const named = async <Found>(found: () => Promise<Found>): Promise<Found> => {
    channel = await tab();
    return found();
  };
  const verdict = { compare: 'ratio', unit: 'ms', ours: 'Rollcall', theirs: 'node:http' } as const;
  return {
    id: 'post',
    what: 'a small POST through the whole stack (/message/users of one tab), 16 callers, against bare node:http + JSON.parse',
    notes: ['The CPU that is judged is the pods’: the bare server has no Redis to ask.'],
    sides: [
      httpSide({
        ...{ name: 'Rollcall', stack: () => named(rollcall), load: loadSmall, asking },
        question: (stack) => stack.users(channel),
      }),
      httpSide({
        ...{ name: 'node:http', stack: () => named(bare), load: loadSmall, asking },
        question: ({ port }) => usersQuestion(port, channel),
      }),
    ],
    verdicts: [
      { ...verdict, label: 'CPU of pods', figure: 'cpuPods', bar: { kind: 'ratio', most: 2.5 } },
      { ...verdict, label: 'CPU with Redis', figure: 'cpu' },
      { ...verdict, label: 'p50', figure: 'p50' },
    ],
  };
}
