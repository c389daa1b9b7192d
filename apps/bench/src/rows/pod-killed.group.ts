import { loadLarge } from '../load/large-load';
import { survivingMapCheck } from '../load/surviving-map';
import { pause } from '../processes/patience';
import { kill, type Processes, withProcesses } from '../processes/processes';
import type { Figures, Row, RowGroup } from '../row';
import { type CrowdedStack, plainStack, rollcallStack, type Stack, withCrowd } from '../stacks/crowded';

const CALLERS = 16;

/** When it is killed, and how long answers are looked at after that: its users must be gone within 10 s. */
const KILLED_AFTER_MS = 2000;
const LOOKED_AT_MS = 12_000;

/** The whole map at 16 callers, while the other pod is killed. */
export const podKilledGroup: RowGroup = ({ connections, quick }) => {
  const sample = (start: (processes: Processes) => Promise<Stack>) => () =>
    withProcesses(async (processes) =>
      killOne(await withCrowd(processes, await start(processes), connections), connections),
    );
  const row: Row = {
    id: 'map-killed',
    what: `/message/users: all channels, ${CALLERS} callers while the other pod is killed`,
    notes: [
      'An answer is right if nobody of the pod that lives is missing, lists and tabs tell of one moment, and nobody comes back.',
      'Ghosts are users of the killed pod in the last answer, 12 s later.',
    ],
    sides: [
      { name: 'Rollcall', sample: sample((processes) => rollcallStack(processes, 2)) },
      // A sample takes half a minute, and what P1 does is no surprise.
      ...(quick ? [] : [{ name: 'P1', sample: sample((processes) => plainStack(processes, 2, true)) }]),
    ],
    verdicts: [
      {
        ...{ label: 'right answers', unit: 'share', figure: 'right', ours: 'Rollcall' },
        ...(quick ? {} : { theirs: 'P1' }),
        stretch: { kind: 'least', value: 1 },
      },
      { label: 'ghosts', unit: 'count', figure: 'ghosts', ours: 'Rollcall', bar: { kind: 'most', value: 0 } },
    ],
  };
  return [row];
};

async function killOne(stack: CrowdedStack, connections: number): Promise<Figures> {
  const check = survivingMapCheck(connections, (user) => user % 2 === 0);
  const asking = { callers: CALLERS, ms: KILLED_AFTER_MS + LOOKED_AT_MS };
  const other = stack.pods[1];
  const [{ answers, failed }] = await Promise.all([
    loadLarge(stack.users(), asking, check),
    pause(KILLED_AFTER_MS).then(() => other && kill(other.child)),
  ]);
  return { right: 1 - failed / answers, answers, failed, ghosts: check.left() - Math.ceil(connections / 2) };
}
