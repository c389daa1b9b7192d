/* The presence of a host's users, as connections of this pod watch it: everybody's, or that of some. */
import type { PresenceChange, PresenceRow } from '@rollcall/contract';
import type { Moment } from '@rollcall/roster';
import { Audience, type News, type Shown } from '../sockets/audience';
import type { Connection } from '../sockets/connection';

/** One connection's watch, which may end for some users while it goes on. Without `ids` it is everybody's presence. */
export interface Watch {
  readonly connection: Connection;
  readonly ids: Set<string> | undefined;
}

/** Sends one event to connections of this pod. */
export type Send = (to: readonly Connection[], event: PresenceChange) => void;

export class WatchedPresence {
  private readonly audience = new Audience<Watch>();
  /** Who watches a user by name. */
  private readonly byUser = new Map<string, Set<Watch>>();

  /** `isSilent`: the app has switched presence off for its browsers, as long as it says so. */
  constructor(
    private readonly send: Send,
    private readonly isSilent: () => boolean,
  ) {}

  /** Up to when a watch has been shown something. */
  shownMsTo(watch: Watch): number {
    return this.audience.shownMsTo(watch);
  }

  get isEmpty(): boolean {
    return this.audience.isEmpty;
  }

  add(watch: Watch, shown: Shown | undefined): void {
    this.audience.add(watch, this.isSilent() ? undefined : shown);
    for (const id of watch.ids ?? []) {
      const watches = this.byUser.get(id) ?? new Set();
      this.byUser.set(id, watches.add(watch));
    }
  }

  remove(watch: Watch): void {
    this.audience.remove(watch);
    for (const id of watch.ids ?? []) this.unlist(id, watch);
  }

  /** Takes users out of a watch, whose place stays: what is untold of the others is told with the next tick. */
  unwatch(watch: Watch, ids: ReadonlySet<string>): void {
    for (const id of ids) if (watch.ids?.delete(id) === true) this.unlist(id, watch);
  }

  /** Tells one watch what it has not been told yet, outside the ticks, but for some users. */
  flush(watch: Watch, moment: Moment, except: ReadonlySet<string>): void {
    if (this.isSilent()) return;
    const shown = this.audience.shownTo(watch);
    const rows = shown && this.changes(shown, moment, watch.ids);
    if (rows === undefined) return this.send([watch.connection], this.reset(moment, watch.ids));
    const users = rows.filter(({ _id }) => !except.has(_id));
    if (users.length > 0) this.send([watch.connection], { cursor: moment.view.cursorAt(moment.atMs), users });
  }

  /** What one watch has not been told yet of some users; `undefined`: that cannot be said any more. */
  untold(watch: Watch, moment: Moment, ids: ReadonlySet<string> | undefined): PresenceRow[] | undefined {
    const shown = this.audience.shownTo(watch);
    const both = watch.ids === undefined ? ids : [...watch.ids].filter((id) => ids?.has(id) !== false);
    return shown && this.changes(shown, moment, both);
  }

  /** The rows of those who are not offline. */
  users({ view, atMs }: Moment, ids: Iterable<string> | undefined): PresenceRow[] {
    return this.isSilent() ? [] : view.presence.rows(atMs, ids);
  }

  /** The rows that have changed; `undefined`: that cannot be said any more. */
  changes({ view, position }: Shown, moment: Moment, ids: Iterable<string> | undefined): PresenceRow[] | undefined {
    if (this.isSilent() || !view.history.covers(position)) return undefined;
    const { changes } = moment.view;
    if (view === moment.view) return changes.rows(position, moment.atMs, ids);
    return changes.rowsFrom(view.changes, position, moment.atMs, ids);
  }

  /** Whether somebody could not be told. */
  tick(moment: Moment): boolean {
    // Whoever is silent has nothing to build upon when it may speak again.
    if (this.isSilent()) {
      this.audience.forget();
      return false;
    }
    return this.audience.bring(moment, {
      takesMore: ({ connection }) => connection.takesMore(moment),
      news: (shown, watches) => this.news(shown, moment, watches),
    });
  }

  private unlist(id: string, watch: Watch): void {
    const watches = this.byUser.get(id);
    watches?.delete(watch);
    if (watches?.size === 0) this.byUser.delete(id);
  }

  private news(shown: Shown | undefined, moment: Moment, watches: ReadonlySet<Watch>): News<Watch> | undefined {
    const rows = shown && this.changes(shown, moment, undefined);
    if (rows === undefined) {
      return { concerns: () => true, tell: (ready) => this.tell(ready, ({ ids }) => this.reset(moment, ids)) };
    }
    if (rows.length === 0) return undefined;
    const cursor = moment.view.cursorAt(moment.atMs);
    const some = this.rowsByWatch(rows, watches);
    return {
      concerns: (watch) => watch.ids === undefined || some.has(watch),
      tell: (ready) => this.tell(ready, (watch) => ({ cursor, users: some.get(watch) ?? rows })),
    };
  }

  /** To those who watch users by name, what concerns them. */
  private rowsByWatch(rows: readonly PresenceRow[], watches: ReadonlySet<Watch>): Map<Watch, PresenceRow[]> {
    const some = new Map<Watch, PresenceRow[]>();
    for (const row of rows) {
      for (const watch of this.byUser.get(row._id) ?? []) {
        if (!watches.has(watch)) continue;
        const own = some.get(watch);
        if (own === undefined) some.set(watch, [row]);
        else own.push(row);
      }
    }
    return some;
  }

  /** One event to each who watches users by name, and one to all who watch everybody. */
  private tell(watches: readonly Watch[], eventFor: (watch: Watch) => PresenceChange): void {
    const everybody: Watch[] = [];
    for (const watch of watches) {
      if (watch.ids === undefined) everybody.push(watch);
      else this.send([watch.connection], eventFor(watch));
    }
    const [first] = everybody;
    if (first === undefined) return;
    this.send(
      everybody.map(({ connection }) => connection),
      eventFor(first),
    );
  }

  private reset(moment: Moment, ids: ReadonlySet<string> | undefined): PresenceChange {
    return { cursor: moment.view.cursorAt(moment.atMs), users: this.users(moment, ids), full: true };
  }
}
