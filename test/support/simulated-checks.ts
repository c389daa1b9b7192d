import { type ConnectionRow, type LogEntry, type Reading, type RosterView, type UserRecord } from '@rollcall/roster';
import type { RosterTables } from '../../libs/roster/src/roster-tables';
import type { ServerObserver } from './simulated-server';

/** A rule of the protocol did not hold. */
export class Violation extends Error {
  override name = 'Violation';
}

/** What a tab is: its user, whether it is active, its channels in order. `undefined`: gone. */
export interface TabState {
  readonly userId: string | null;
  readonly active: boolean;
  readonly channels: readonly string[];
}

interface History {
  /** Begins with its absence. */
  readonly states: string[];
  /** How often it had been reset when it came to the state. */
  readonly resetsAt: number[];
  /** The state that every fresh answer must have reached; -1: it need not even show the tab. */
  floor: number;
  /** Counts the events after which nothing can be demanded: a sweep of its pod, a loss. */
  resets: number;
}

interface Position {
  readonly epoch: string;
  readonly revision: number;
}

/** What is known when a question begins. */
export interface Asked {
  readonly floors: ReadonlyMap<string, { readonly floor: number; readonly resets: number }>;
  readonly losses: number;
  readonly last: Position | undefined;
}

/** What a write makes certain once it is acknowledged, unless the tab was reset since it came to that state. */
export interface Pending {
  readonly id: string;
  readonly version: number;
  readonly resets: number;
}

interface Tables {
  readonly rows: readonly ConnectionRow[];
  readonly users: ReadonlyMap<string, UserRecord>;
}

const GONE = 'gone';

const written = ({ userId, active, channels }: TabState): string =>
  `${userId ?? '-'} ${active ? 'active' : 'idle'} ${channels.join(',')}`;

const writtenRow = ({ userId, active, channels }: ConnectionRow): string =>
  written({ userId, active, channels: channels.map(({ channel }) => channel) });

const placeOf = ({ epoch, revision, tag }: { epoch: string; revision: number; tag: string }): string =>
  `${epoch}.${revision}.${tag}`;

/** Watches the store and the answers of all pods, and says what must not be. */
export class Checks implements ServerObserver {
  freshReads = 0;
  entries = 0;
  livingSwept = 0;
  private losses = 0;
  private readonly tabs = new Map<string, History>();
  /** What the store held at each place in its history. */
  private readonly places = new Map<string, Tables>();
  private rows = new Map<string, ConnectionRow>();

  /** The lives of pods from which the store has heard since it last lost something, or swept them. */
  private readonly heard = new Map<string, number>();

  /** `isLiving`: whether the pod of this instance runs, and could have renewed its lease. */
  constructor(private readonly isLiving: (instance: string) => boolean) {}

  changed(id: string, state: TabState | undefined): Pending {
    const history = this.tabs.get(id) ?? { states: [GONE], resetsAt: [0], floor: -1, resets: 0 };
    this.tabs.set(id, history);
    const { states, resetsAt } = history;
    const next = state === undefined ? GONE : written(state);
    if (states.at(-1) !== next) {
      states.push(next);
      resetsAt.push(history.resets);
    }
    const version = states.length - 1;
    return { id, version, resets: resetsAt[version] ?? 0 };
  }

  acknowledged({ id, version, resets }: Pending): void {
    const history = this.tabs.get(id) as History;
    if (history.resets === resets) history.floor = Math.max(history.floor, version);
  }

  asked(last: Position | undefined): Asked {
    return { floors: new Map([...this.tabs].map(([id, history]) => [id, { ...history }])), losses: this.losses, last };
  }

  answered(who: string, { floors, losses, last }: Asked, { view, staleMs }: Reading): Position | undefined {
    if (staleMs > 0) return last;
    this.freshReads += 1;
    const { epoch, revision } = view.head;
    if (last?.epoch === epoch && revision < last.revision) {
      throw new Violation(`${who} showed revision ${last.revision}, and now ${revision} of the same epoch`);
    }
    this.isStoreAt(who, view);
    for (const [id, history] of this.tabs) {
      const { floor, resets } = floors.get(id) ?? { floor: -1, resets: 0 };
      if (history.resets !== resets || this.losses !== losses) continue;
      const row = view.connection(id);
      const shown = row === undefined ? GONE : writtenRow(row);
      const version = history.states.indexOf(shown, Math.max(0, floor));
      if (version >= 0) history.floor = Math.max(history.floor, version);
      else if (shown !== GONE || floor >= 0) {
        const must = history.states.slice(Math.max(0, floor)).join(' | ');
        throw new Violation(`${who} shows ${id} as "${shown}", but it is one of: ${must}`);
      }
    }
    return { epoch, revision };
  }

  /** The view is what the store was at that place in its history. */
  isStoreAt(who: string, view: RosterView): void {
    const tables = this.places.get(placeOf(view.head));
    if (tables === undefined) throw new Violation(`${who} shows ${view.cursor}, where the store has never been`);
    for (const row of tables.rows) {
      if (view.connection(row.connectionId) !== row) {
        throw new Violation(`${who} at ${view.head.revision} shows another row of ${row.connectionId} than the store`);
      }
    }
    const { userConnections, anonymousConnections } = view.totals;
    if (userConnections + anonymousConnections !== tables.rows.length) {
      throw new Violation(`${who} at ${view.head.revision} shows more rows than the store`);
    }
    for (const [userId, record] of tables.users) {
      if (view.presence.record(userId) !== record) {
        throw new Violation(`${who} at ${view.head.revision} shows another record of ${userId} than the store`);
      }
    }
  }

  heardFrom(instance: string, generation: number): void {
    this.heard.set(instance, generation);
  }

  hasHeard(instance: string, generation: number): boolean {
    return this.heard.get(instance) === generation;
  }

  ran(tables: RosterTables, entry: LogEntry | undefined): void {
    if (entry !== undefined) this.logged(entry, tables);
    const place = placeOf(tables.head());
    if (this.places.has(place)) return;
    this.places.set(place, { rows: [...tables.rows()], users: new Map(tables.users()) });
  }

  swept({ rows }: LogEntry): void {
    for (const [id] of rows) {
      const pod = this.rows.get(id)?.pod ?? '';
      const instance = pod.slice(0, pod.lastIndexOf('.'));
      this.heard.delete(instance);
      if (this.isLiving(instance)) this.livingSwept += 1;
      this.reset(id);
    }
  }

  lost(tables: RosterTables | undefined): void {
    this.losses += 1;
    this.heard.clear();
    this.rows = new Map([...(tables?.rows() ?? [])].map((row) => [row.connectionId, row]));
    for (const id of this.tabs.keys()) this.reset(id);
  }

  /** All counts are what a recount gives, and no connection is under two pods. */
  recount(tables: RosterTables): void {
    const counts = new Map<string, { connections: number; active: number }>();
    const ids = new Set<string>();
    for (const { connectionId, userId, active } of tables.rows()) {
      if (ids.has(connectionId)) throw new Violation(`${connectionId} is stored twice`);
      ids.add(connectionId);
      if (userId === null) continue;
      const count = counts.get(userId) ?? { connections: 0, active: 0 };
      counts.set(userId, count);
      count.connections += 1;
      if (active) count.active += 1;
    }
    for (const [userId, { connections, active }] of tables.users()) {
      const count = counts.get(userId) ?? { connections: 0, active: 0 };
      if (count.connections !== connections || count.active !== active) {
        throw new Violation(
          `${userId} is counted ${connections} (${active}), and is ${count.connections} (${count.active})`,
        );
      }
    }
  }

  private logged({ fromRevision, rows }: LogEntry, tables: RosterTables): void {
    this.entries += 1;
    for (const [id, row] of rows) {
      const before = this.rows.get(id);
      if (row === null) {
        if (before === undefined) throw new Violation(`${id} leaves, but was not there`);
        this.rows.delete(id);
        continue;
      }
      // After FLUSHALL revisions come again, so that a new place may look like the old one.
      const isOld = before?.channels.some(({ since }) => since > fromRevision);
      const places = ({ since, channels }: ConnectionRow): string => JSON.stringify([since, channels]);
      if (before !== undefined && !isOld && writtenRow(before) === writtenRow(row) && places(before) === places(row)) {
        throw new Violation(`${id} is logged once more, as it was`);
      }
      this.rows.set(id, row);
    }
    this.recount(tables);
  }

  private reset(id: string): void {
    const history = this.tabs.get(id);
    if (history === undefined) return;
    history.resets += 1;
    history.floor = -1;
  }
}
