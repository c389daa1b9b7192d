import { once } from '../once';
import type { Processes } from '../processes/processes';
import type { Row, Scale, Side } from '../row';
import { startChild } from '../stacks/child';
import { ROOMS } from '../stacks/crowded';
import type { Changing, ViewChangerVerbs } from '../store/view-changer.main';

const CONNECTIONS = 100_000;
const CHANGES = 100_000;

/** What following the log costs a pod, without the way there: joins and leaves, applied to a large view. */
export function viewChangeRow({ share }: Scale, processes: Processes): Row {
  const connections = Math.round(CONNECTIONS * Math.max(0.2, share));
  const ready = once(async () => {
    const changer = startChild<ViewChangerVerbs>(processes, 'store/view-changer.main');
    await changer.call('start', { connections, rooms: ROOMS });
    for (const perEntry of [1, 50]) {
      for (const kind of ['join', 'connect'] as const) {
        await changer.call('change', { kind, connections, rooms: ROOMS, changes: CHANGES, perEntry });
      }
    }
    return changer;
  });
  const side = (name: string, perEntry: number, kind: Changing['kind'] = 'join'): Side => ({
    name,
    sample: async () => (await ready()).call('change', { kind, connections, rooms: ROOMS, changes: CHANGES, perEntry }),
  });
  return {
    id: 'view-change',
    what: `applying a change to a view of ${connections.toLocaleString('en-US')} connections`,
    notes: [
      'Joins and leaves in turn, of users all over the view; who joins leaves 500 joins later, and 50 channels take turns. Entries are decoded before. A busy host’s entries hold many changes.',
      'Connections and disconnections touch presence and three lists each; they have no bar.',
    ],
    sides: [side('one change an entry', 1), side('50 changes an entry', 50), side('connections', 50, 'connect')],
    verdicts: [
      {
        ...{ label: 'one change an entry', unit: 'µs', figure: 'microseconds', ours: 'one change an entry' },
        ...{ bar: { kind: 'most', value: 2 }, stretch: { kind: 'most', value: 1 } },
      },
      { label: 'its CPU', unit: 'µs', figure: 'cpu', ours: 'one change an entry' },
      { label: '50 changes an entry', unit: 'µs', figure: 'microseconds', ours: '50 changes an entry' },
      { label: '50 connections an entry', unit: 'µs', figure: 'microseconds', ours: 'connections' },
    ],
  };
}
