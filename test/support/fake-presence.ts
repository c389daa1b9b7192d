import type { PresenceChange, PresenceRow, Status } from '@rollcall/contract';

type Rows = ReadonlyMap<string, PresenceRow>;

interface Watcher {
  everybody: boolean;
  readonly ids: Set<string>;
  told: number;
}

export const rowOf = (id: string, status: Status = 'online', statusText?: string): PresenceRow => ({
  _id: id,
  username: id,
  name: id,
  utcOffset: 0,
  status,
  ...(statusText === undefined ? {} : { statusText }),
});

/** Told next is everything. */
const ANEW = -1;

/** Presence that remembers every state that it was in; who is offline has no row. */
export class FakePresence {
  private states: Rows[] = [new Map()];
  private life = 0;
  private readonly watchers = new Map<string, Watcher>();

  get now(): Rows {
    return this.states.at(-1) as Rows;
  }

  /** Whether some cannot be taken out of what a connection watches. */
  isOfEverybody(connectionId: string): boolean {
    return this.watchers.get(connectionId)?.everybody === true;
  }

  /** Whom a connection watches, sorted. */
  get watched(): ('everybody' | string[])[] {
    return [...this.watchers.values()].map(({ everybody, ids }) => (everybody ? 'everybody' : [...ids].sort()));
  }

  set(...rows: PresenceRow[]): void {
    const now = new Map(this.now);
    for (const row of rows) {
      if (row.status === 'offline') now.delete(row._id);
      else now.set(row._id, row);
    }
    this.states.push(now);
  }

  forget(): void {
    this.states = [this.now];
    this.life += 1;
    for (const watcher of this.watchers.values()) watcher.told = ANEW;
  }

  disconnect(connectionId: string): void {
    this.watchers.delete(connectionId);
  }

  watch(connectionId: string, ids: readonly string[] | undefined, cursor: string | undefined): object {
    const known = this.watchers.get(connectionId);
    const watcher = known ?? { everybody: false, ids: new Set(), told: this.states.length - 1 };
    this.watchers.set(connectionId, watcher);
    if (ids === undefined) watcher.everybody = true;
    for (const id of ids ?? []) watcher.ids.add(id);
    const asked = (id: string): boolean => ids === undefined || ids.includes(id);
    const state = this.stateAt(cursor);
    if (state !== undefined) return { cursor: this.cursor, changes: this.since(state, asked) };
    return { cursor: this.cursor, users: [...this.now.values()].filter(({ _id }) => asked(_id)) };
  }

  unwatch(connectionId: string, ids: readonly string[] | undefined): object {
    const watcher = this.watchers.get(connectionId);
    for (const id of ids ?? []) watcher?.ids.delete(id);
    if (ids === undefined || (watcher?.ids.size === 0 && !watcher.everybody)) this.watchers.delete(connectionId);
    return {};
  }

  news(connectionId: string, anew: boolean): PresenceChange | undefined {
    const watcher = this.watchers.get(connectionId);
    if (watcher === undefined) return undefined;
    const { told, everybody, ids } = watcher;
    const meant = (id: string): boolean => everybody || ids.has(id);
    watcher.told = this.states.length - 1;
    if (anew || told === ANEW)
      return { cursor: this.cursor, full: true, users: [...this.now.values()].filter(({ _id }) => meant(_id)) };
    const users = this.since(told, meant);
    return users.length === 0 ? undefined : { cursor: this.cursor, users };
  }

  private get cursor(): string {
    return `${this.life}.${this.states.length - 1}`;
  }

  private stateAt(cursor = ''): number | undefined {
    const [life, state] = cursor.split('.').map(Number);
    return life === this.life ? state : undefined;
  }

  private since(state: number, meant: (id: string) => boolean): PresenceRow[] {
    const [before, now] = [this.states[state] as Rows, this.now];
    const gone = [...before.values()].filter(({ _id }) => !now.has(_id));
    const rows: PresenceRow[] = gone.map((row) => ({ ...row, status: 'offline' }));
    for (const row of now.values()) if (before.get(row._id) !== row) rows.push(row);
    return rows.filter(({ _id }) => meant(_id));
  }
}
