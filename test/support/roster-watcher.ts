/* A watcher of everything on a host, who knows nothing but what it was told, and minds what it is told twice. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import type { PresenceRow } from '@rollcall/contract';
import type { Position, RosterView } from '@rollcall/roster';

interface Copy {
  readonly channels: Map<string, Set<string>>;
  readonly counts: Map<string, number>;
  readonly rows: Map<string, { readonly status: string; readonly text: string }>;
}

export class RosterWatcher {
  resets = 0;
  private shown: { readonly view: RosterView; readonly position: Position } | undefined;
  private copy: Copy = { channels: new Map(), counts: new Map(), rows: new Map() };

  constructor(private readonly names: readonly string[]) {}

  /** Looks at a view, from where the last look ended. */
  look(view: RosterView, atMs: number): void {
    const from = this.shown;
    if (from === undefined || !from.view.history.covers(from.position)) this.takeAll(view, atMs);
    else for (const channel of this.names) this.takeChannel(view, channel, from, atMs);
    if (from !== undefined && this.shown !== undefined) this.takeRows(view, from, atMs);
    const position = { revision: view.head.revision, atMs };
    const goneUpTo = view.history.goneUpTo(atMs);
    const cursor = view.positionOf(view.cursorAt(atMs));
    deepStrictEqual(cursor, { ...position, ...(goneUpTo === undefined ? {} : { goneUpTo }) });
    this.shown = { view, position };
  }

  members(channel: string): string[] {
    return [...(this.copy.channels.get(channel) ?? [])].sort();
  }

  count(channel: string): number {
    return this.copy.counts.get(channel) ?? 0;
  }

  presence(userId: string): { status: string; text?: string } {
    const { status, text } = this.copy.rows.get(userId) ?? { status: 'offline', text: '' };
    return status === 'offline' ? { status } : { status, text };
  }

  private takeAll(view: RosterView, atMs: number): void {
    this.resets += 1;
    this.shown = undefined;
    this.copy = { channels: new Map(), counts: new Map(), rows: new Map() };
    for (const channel of this.names) {
      this.copy.channels.set(channel, new Set(view.changes.picture('authenticated', channel, atMs).users));
      this.copy.counts.set(channel, view.changes.picture('anonymous', channel, atMs).anonymous);
    }
    for (const row of view.presence.rows(atMs)) this.take(row);
  }

  private takeChannel(
    view: RosterView,
    channel: string,
    from: { view: RosterView; position: Position },
    atMs: number,
  ): void {
    const step = (kind: 'authenticated' | 'anonymous') =>
      from.view === view
        ? view.changes.channel(kind, channel, from.position, atMs)
        : view.changes.channelFrom(from.view.changes, kind, channel, from.position, atMs);
    const members = this.copy.channels.get(channel) ?? new Set();
    const { joined = [], left = [] } = step('authenticated') ?? {};
    for (const userId of joined) ok(!members.has(userId), `${userId} has joined ${channel} twice.`);
    for (const userId of left) ok(members.delete(userId), `${userId} has left ${channel} twice.`);
    for (const userId of joined) members.add(userId);
    const count = step('anonymous')?.anonymous;
    if (count === undefined) return;
    ok(count !== this.count(channel), `The count of ${channel} was told twice.`);
    this.copy.counts.set(channel, count);
  }

  private takeRows(view: RosterView, from: { view: RosterView; position: Position }, atMs: number): void {
    const rows =
      from.view === view
        ? view.changes.rows(from.position, atMs)
        : view.changes.rowsFrom(from.view.changes, from.position, atMs);
    for (const row of rows) {
      const known = this.copy.rows.get(row._id);
      const same = known?.status === row.status && known.text === (row.statusText ?? '');
      ok(!same, `${row._id} was told twice as ${row.status}.`);
      this.take(row);
    }
  }

  private take({ _id, status, statusText = '' }: PresenceRow): void {
    this.copy.rows.set(_id, { status, text: statusText });
  }
}
