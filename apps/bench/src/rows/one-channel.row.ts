import { loadSmall } from '../load/small-load';
import type { Row, Scale } from '../row';
import type { CrowdedStack } from '../stacks/crowded';
import type { CrowdScene } from './crowd.scene';
import { httpSide } from './http-side';

/** `/message/users` of one channel. */
export function oneChannelRow(scale: Scale, { rollcall, p1 }: CrowdScene): Row {
  const asking = { callers: 1, ms: Math.max(1000, scale.sampleMs) };
  const room = { question: (stack: CrowdedStack) => stack.users('room-7'), load: loadSmall, asking };
  return {
    id: 'channel',
    what: `/message/users: one channel of ${Math.round(scale.connections / 100)} users, one caller`,
    sides: [httpSide({ name: 'Rollcall', stack: rollcall, ...room }), httpSide({ name: 'P1', stack: p1, ...room })],
    verdicts: [
      {
        ...{ label: 'p50', unit: 'ms', figure: 'p50', ours: 'Rollcall', theirs: 'P1' },
        ...{ bar: { kind: 'times', least: 10 }, stretch: { kind: 'times', least: 16 } },
      },
      {
        ...{ label: 'CPU', unit: 'ms', figure: 'cpu', ours: 'Rollcall', theirs: 'P1' },
        ...{ bar: { kind: 'times', least: 20 }, stretch: { kind: 'times', least: 38 } },
      },
    ],
  };
}
