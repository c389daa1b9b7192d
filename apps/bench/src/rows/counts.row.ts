import { bodyOf } from '../load/one-answer';
import { loadSmall } from '../load/small-load';
import type { Row, Scale } from '../row';
import { countsQuestion } from '../stacks/rollcall';
import type { CrowdScene } from './crowd.scene';
import { httpSide } from './http-side';

/** `/message/allusers`, counts only. */
export function countsRow(scale: Scale, { rollcall, constant }: CrowdScene): Row {
  const asking = { callers: 1, ms: Math.max(1000, scale.sampleMs) };
  const limit = constant('counts', async () => bodyOf(countsQuestion((await rollcall()).ports[0] ?? 0)));
  const verdict = { compare: 'ratio', unit: 'ms', ours: 'Rollcall', theirs: 'P3' } as const;
  return {
    id: 'counts',
    what: '/message/allusers: counts, one data centre, against the same bytes as a constant (P3)',
    notes: ['The bars are those for three data centres.'],
    sides: [
      httpSide({
        ...{ name: 'Rollcall', stack: rollcall, load: loadSmall, asking },
        question: ({ ports }) => countsQuestion(ports[0] ?? 0),
      }),
      httpSide({
        ...{ name: 'P3', stack: limit, load: loadSmall, asking },
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
}
