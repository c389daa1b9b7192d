import { bodyOf } from '../load/one-answer';
import { loadLarge } from '../load/large-load';
import type { Row, Scale } from '../row';
import { presenceQuestion } from '../stacks/rollcall';
import type { CrowdScene } from './crowd.scene';
import { httpSide } from './http-side';

/** `users.presence` without parameters, beside the same table read from Redis, and beside its bytes as a constant. */
export function fullPresenceRow(scale: Scale, { rollcall, p2, constant }: CrowdScene): Row {
  const asking = { callers: 1, ms: scale.sampleMs };
  const limit = constant('presence', async () => bodyOf(presenceQuestion((await rollcall()).ports[0] ?? 0)));
  const verdict = { unit: 'ms', ours: 'Rollcall', theirs: 'HGETALL' } as const;
  return {
    id: 'presence-full',
    what: `users.presence, full, ${scale.connections.toLocaleString('en-US')} users online, against HGETALL + parse`,
    notes: [
      'The stretch is the cost of sending: the same bytes as a constant from the same HTTP stack, with POST (P3).',
    ],
    sides: [
      httpSide({
        ...{ name: 'Rollcall', stack: rollcall, load: loadLarge, asking },
        question: ({ ports }) => presenceQuestion(ports[0] ?? 0),
      }),
      httpSide({
        ...{ name: 'HGETALL', stack: p2, load: loadLarge, asking },
        question: ({ port }) => ({ port, method: 'GET', path: '/presence' }),
      }),
      httpSide({
        ...{ name: 'P3', stack: limit, load: loadLarge, asking },
        question: ({ port }) => ({ port, method: 'POST', path: '/message/users', body: '{}' }),
      }),
    ],
    verdicts: [
      { ...verdict, label: 'p50', figure: 'p50', bar: { kind: 'times', least: 50 } },
      { ...verdict, label: 'CPU', figure: 'cpu', bar: { kind: 'times', least: 50 } },
      { ...verdict, theirs: 'P3', label: 'CPU against sending', figure: 'cpu', stretch: { kind: 'ratio', most: 1.2 } },
    ],
  };
}
