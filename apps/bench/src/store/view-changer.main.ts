/* Applies changes to a view that stands in memory alone. */
import {
  type ConnectionRow,
  type LogEntry,
  type Membership,
  podId,
  RosterView,
  type Snapshot,
  type UserRecord,
} from '@rollcall/roster';
import { emailOf, roomOf, userId } from '../load/dialect';
import { serve } from '../processes/verbs';
import { connectionIdOf } from './crowd-rows';
import { CLAIMED } from './own-store';

export interface Changing {
  readonly connections: number;
  readonly rooms: number;
  readonly changes: number;
  /** Changes in one entry of the log. */
  readonly perEntry: number;
}

const EPOCH = 'epoch';
const AT_MS = 1_700_000_000_000;
const POD = podId({ instance: 'bench', generation: 1 });

let view: RosterView | undefined;
let revision = 0;

async function start({ connections, rooms }: Pick<Changing, 'connections' | 'rooms'>): Promise<void> {
  revision = 2 * connections;
  const head = { epoch: EPOCH, epochAtMs: 0, revision, tag: String(revision), atMs: AT_MS };
  const users = Array.from({ length: connections }, (_, n) => n);
  const snapshot: Snapshot = {
    head,
    rows: new Map(users.map((n) => [connectionIdOf(n), rowOf(n, [roomOf(n, rooms)])])),
    users: new Map(users.map((n) => [userId(n), recordOf(n)])),
  };
  view = new RosterView(CLAIMED);
  await view.load(snapshot, 2000, () => Promise.resolve());
}

function rowOf(n: number, channels: readonly string[]): ConnectionRow {
  return {
    ...{ connectionId: connectionIdOf(n), pod: POD, userId: userId(n), active: true },
    since: { revision: 2 * n + 1, atMs: AT_MS },
    channels: channels.map((channel, at) => ({ kind: 'authenticated', channel, since: 2 * n + 2 + at })),
  };
}

const recordOf = (n: number): UserRecord => ({
  ...{ connections: 1, active: 1, chosen: 'online', text: '' },
  ...{ stampMs: AT_MS, was: 'offline', previousStampMs: AT_MS },
  claims: { email: emailOf(n), username: userId(n) },
});

/** Entries made ahead: few, or what is measured is how the collector copes with them. */
const AHEAD = 1000;

/** A join, or the leave of what was joined the last time, of one connection after the other. @returns µs a change, by the clock and of CPU. */
function change({ connections, rooms, changes, perEntry }: Changing): { microseconds: number; cpu: number } {
  let [ms, cpu] = [0, 0];
  for (let number = 0; number < changes; number += AHEAD) {
    const entries: LogEntry[] = [];
    for (let first = number; first < number + AHEAD; first += perEntry) {
      entries.push(entryOf(Array.from({ length: perEntry }, (_, n) => changed(first + n, connections, rooms))));
    }
    const [began, before] = [performance.now(), process.cpuUsage()];
    for (const entry of entries) if (view?.apply(entry) !== true) throw new Error('The view refused an entry.');
    const { user, system } = process.cpuUsage(before);
    ms += performance.now() - began;
    cpu += user + system;
  }
  return { microseconds: (ms * 1000) / changes, cpu: cpu / changes };
}

/** In pairs: each connection that joins leaves again with a later change. */
function changed(number: number, connections: number, rooms: number): [string, ConnectionRow] {
  const isLeave = number % 2 === 1;
  // Steps through the crowd, so that neighbours in memory are not neighbours in time.
  const n = (Math.floor(number / 2) * 7919) % connections;
  const row = rowOf(n, [roomOf(n, rooms)]);
  if (isLeave) return [row.connectionId, row];
  const joined: Membership = { kind: 'authenticated', channel: `lobby-${number % 50}`, since: revision + 1 };
  return [row.connectionId, { ...row, channels: [...row.channels, joined] }];
}

function entryOf(rows: readonly [string, ConnectionRow][]): LogEntry {
  const fromRevision = revision;
  revision += rows.length;
  return {
    ...{ epoch: EPOCH, fromRevision, previousTag: String(fromRevision), toRevision: revision, tag: String(revision) },
    ...{ atMs: AT_MS, rows, users: [] },
  };
}

const verbs = { start, change };
export type ViewChangerVerbs = typeof verbs;

serve(verbs);
