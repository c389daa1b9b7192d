import type { CrowdVerbs } from '../load/crowd.main';
import { wordsOf } from '../load/dialect';
import { quantile } from '../measure/statistics';
import { once } from '../once';
import { pause } from '../processes/patience';
import type { Processes } from '../processes/processes';
import type { Row, Scale } from '../row';
import { startChild } from '../stacks/child';
import { ROOMS, ROLLCALL } from '../stacks/crowded';
import { API_KEY } from '../stacks/rollcall';
import type { CrowdScene } from './crowd.scene';

/** Joins a second of the crowd, each followed by a leave. */
const JOINS = 1000;

const PROBES_EVERY_MS = 20;

/** Users of a process that does nothing else, so that what is measured is the pods' delay and not the crowd's. */
const PROBERS = { from: 5_000_000, count: 20 };

/** From the acknowledgement of a join until every pod's answer shows it. */
export function joinVisibleRow(scale: Scale, { rollcall }: CrowdScene, processes: Processes): Row {
  const { join: joinEvent, leave: leaveEvent } = wordsOf(ROLLCALL);
  const probers = once(async () => {
    const { ports } = await rollcall();
    const worker = startChild<CrowdVerbs>(processes, 'load/crowd.main');
    await worker.call('open', { dialect: ROLLCALL, ports, rooms: ROOMS, ...PROBERS });
    return worker;
  });
  return {
    id: 'join-visible',
    what: `a join acknowledged → in the answer of every pod, at ${JOINS.toLocaleString('en-US')} joins a second`,
    notes: [
      'From the acknowledgement, every pod is asked for the channel until its answer shows the user. As many leaves as joins go on.',
      'Late answers are those that were asked for after the acknowledgement and did not show it: there must be none.',
    ],
    sides: [
      {
        name: 'Rollcall',
        sample: async () => {
          const { crowd, dialect, ports } = await rollcall();
          const prober = await probers();
          await crowd.call('startChanges', { dialect, ports, rooms: ROOMS, newcomers: 0, joins: JOINS });
          await pause(500);
          const joins = Math.round((2 * scale.sampleMs) / PROBES_EVERY_MS);
          const probing = { joins, everyMs: PROBES_EVERY_MS, joinEvent, leaveEvent, ports, apiKey: API_KEY };
          const { shownMs, acknowledgedMs, late } = await prober.call('probe', probing);
          const { perSecond } = await crowd.call('stopChanges', undefined);
          return {
            p50: quantile(shownMs, 0.5),
            p99: quantile(shownMs, 0.99),
            acknowledged50: quantile(acknowledgedMs, 0.5),
            acknowledged99: quantile(acknowledgedMs, 0.99),
            late,
            changesPerSecond: perSecond,
          };
        },
      },
    ],
    verdicts: [
      { label: 'p50', unit: 'ms', figure: 'p50', ours: 'Rollcall', stretch: { kind: 'most', value: 3 } },
      { label: 'p99', unit: 'ms', figure: 'p99', ours: 'Rollcall', bar: { kind: 'most', value: 15 } },
      { label: 'late answers', unit: 'count', figure: 'late', ours: 'Rollcall', bar: { kind: 'most', value: 0 } },
      { label: 'join → acknowledged, p50', unit: 'ms', figure: 'acknowledged50', ours: 'Rollcall' },
      { label: 'join → acknowledged, p99', unit: 'ms', figure: 'acknowledged99', ours: 'Rollcall' },
      { label: 'joins and leaves', unit: 'per s', figure: 'changesPerSecond', ours: 'Rollcall' },
    ],
  };
}
