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
  /** Joins and leaves of connections that stay, or disconnections and connections. */
  readonly kind: 'join' | 'connect';
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
  ...{ connections: 1, active: 1, chosen: 'online', text: '', untilMs: 0 },
  ...{ erasedAtMs: 0, tenant: 0, stampMs: AT_MS, was: 'offline', previousStampMs: AT_MS },
  claims: { email: emailOf(n), username: userId(n) },
});

/** Entries made ahead: few, or what is measured is how the collector copes with them. */
const AHEAD = 1000;

/** Changes of one kind, applied in turn. @returns µs a change, by the clock and of CPU. */
function change({ kind, connections, rooms, changes, perEntry }: Changing): { microseconds: number; cpu: number } {
  let [ms, cpu] = [0, 0];
  for (let number = 0; number < changes; number += AHEAD) {
    const entries: LogEntry[] = [];
    for (let first = number; first < number + AHEAD; first += perEntry) {
      entries.push(entryOf(perEntry, kind === 'join' ? joined : reconnected, connections, rooms));
    }
    const [began, before] = [performance.now(), process.cpuUsage()];
    for (const entry of entries) if (view?.apply(entry) !== true) throw new Error('The view refused an entry.');
    const { user, system } = process.cpuUsage(before);
    ms += performance.now() - began;
    cpu += user + system;
  }
  return { microseconds: (ms * 1000) / changes, cpu: cpu / changes };
}

type Changed = Pick<LogEntry, 'rows' | 'users'>;

/** How many pairs of changes a connection stays as the first of its pair made it. */
const STAY = 500;

let steps = 0;

/** Steps through the crowd, so that neighbours in memory are not neighbours in time. */
const member = (pair: number, connections: number): number => (Math.max(0, pair) * 7919) % connections;

/** A join in turn with the leave of who joined a while ago. */
function joined(number: number, connections: number, rooms: number): Changed {
  const pair = Math.floor(number / 2);
  const isLeave = number % 2 === 1;
  const n = member(isLeave ? pair - STAY : pair, connections);
  const row = rowOf(n, [roomOf(n, rooms)]);
  if (isLeave) return { rows: [[row.connectionId, row]], users: [] };
  const membership: Membership = { kind: 'authenticated', channel: `lobby-${pair % 50}`, since: revision + 1 };
  return { rows: [[row.connectionId, { ...row, channels: [...row.channels, membership] }]], users: [] };
}

/** A disconnection in turn with the connection of who was disconnected a while ago. */
function reconnected(number: number, connections: number, rooms: number): Changed {
  const pair = Math.floor(number / 2);
  if (number % 2 === 0) {
    const n = member(pair, connections);
    const gone = { ...recordOf(n), connections: 0, active: 0, stampMs: AT_MS + number, was: 'online' as const };
    return { rows: [[connectionIdOf(n), null]], users: [[userId(n), gone]] };
  }
  const n = member(pair - STAY, connections);
  const row = rowOf(n, [roomOf(n, rooms)]);
  const stampMs = AT_MS + number;
  return {
    rows: [[row.connectionId, { ...row, since: { revision: revision + 1, atMs: stampMs } }]],
    users: [[userId(n), { ...recordOf(n), stampMs, was: 'online', previousStampMs: stampMs }]],
  };
}

function entryOf(changes: number, changed: typeof joined, connections: number, rooms: number): LogEntry {
  const fromRevision = revision;
  const parts = Array.from({ length: changes }, () => {
    const part = changed(steps, connections, rooms);
    steps += 1;
    revision += 1;
    return part;
  });
  return {
    ...{ epoch: EPOCH, fromRevision, previousTag: String(fromRevision), toRevision: revision, tag: String(revision) },
    ...{ atMs: AT_MS, rows: parts.flatMap(({ rows: own }) => own), users: parts.flatMap(({ users }) => users) },
  };
}

const verbs = { start, change };
export type ViewChangerVerbs = typeof verbs;

serve(verbs);
