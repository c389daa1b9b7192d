/*
 * A host's roster in this pod's memory, for reading. It begins with a snapshot of the store and follows its log; only
 * `load`, `apply`, `confirm` and `profileChanged` write to it. It is exactly the store at `head`; an entry that does not follow
 * on `head` is refused, and whoever feeds the view loads it again. A crash leaves nothing behind.
 *
 * Answers are JSON joined from fragments: one a user, kept a channel, and the whole map kept until anything changes.
 */
import { addressOf, ANONYMOUS_SUFFIX, type ChannelKind, tabChannel } from '@rollcall/contract';
import { cursorOf } from './cursor';
import { HostChannels } from './host-channels';
import { PresenceView } from './presence-view';
import type { Profiles } from './profile';
import type { Head, LogEntry, Snapshot } from './roster.store';
import type { ConnectionRow } from './row';

/** How a logged-in tab's own channel is shown: as an array of its one user, or as the bare user. */
export type TabShape = 'array' | 'object';

export interface Totals {
  /** Distinct users. */
  readonly users: number;
  readonly userConnections: number;
  readonly anonymousConnections: number;
}

/** How many of its last places a view remembers: more than pass while an answer is under way. */
const PLACES_MAX = 256;

export class RosterView {
  readonly presence: PresenceView;
  private position: Head | undefined;
  /** The last places before this one: revision to tag. */
  private readonly places = new Map<number, string>();
  private readonly rows = new Map<string, ConnectionRow>();
  private channels = new HostChannels();
  private readonly fragments = new Map<string, string>();
  private readonly maps = new Map<TabShape, Buffer>();

  constructor(profiles: Profiles) {
    this.presence = new PresenceView(profiles);
  }

  /** Where the view is. Reading a view that was never loaded is a mistake of the caller. */
  get head(): Head {
    if (this.position === undefined) throw new Error('The view is not loaded.');
    return this.position;
  }

  get cursor(): string {
    return cursorOf(this.head);
  }

  /** Takes a snapshot, `chunk` rows at a time; `breathe` lets others run in between. Not to be read before it is done. */
  async load({ head, rows, users }: Snapshot, chunk: number, breathe: () => Promise<void>): Promise<void> {
    this.rows.clear();
    this.channels = new HostChannels();
    this.fragments.clear();
    this.maps.clear();
    this.places.clear();
    await this.presence.load(users, head.atMs, chunk, breathe);
    let taken = 0;
    for (const row of rows) {
      this.setRow(row.connectionId, row);
      taken += 1;
      if (taken % chunk === 0) await breathe();
    }
    this.position = head;
  }

  /** Takes the next entry of the log. `false`: it does not follow on what is here, and the view must be loaded again. */
  apply(entry: LogEntry): boolean {
    const head = this.head;
    if (entry.epoch !== head.epoch) return false;
    if (entry.fromRevision !== head.revision || entry.previousTag !== head.tag) {
      return entry.toRevision < head.revision || (entry.toRevision === head.revision && entry.tag === head.tag);
    }
    for (const [userId, record] of entry.users) this.setUser(userId, record);
    for (const [connectionId, row] of entry.rows) this.setRow(connectionId, row);
    this.maps.clear();
    this.leavePlace(head);
    const { toRevision: revision, tag, atMs } = entry;
    this.position = { epoch: head.epoch, epochAtMs: head.epochAtMs, revision, tag, atMs };
    return true;
  }

  /** Whether a refused entry is of another history of the same epoch: the store has lost what is here, and gone on. */
  contradicts({ epoch, fromRevision, toRevision }: LogEntry): boolean {
    const head = this.head;
    return epoch === head.epoch && fromRevision <= head.revision && toRevision >= head.revision;
  }

  /** Whether the view was at this place before it came to where it is; `undefined`: that would be too long ago to know. */
  passed({ revision, tag }: Head): boolean | undefined {
    const [oldest = Infinity] = this.places.keys();
    return revision < oldest ? undefined : this.places.get(revision) === tag;
  }

  /** The store says where it is, and the view is there: what else it says of this epoch counts from now on. */
  confirm({ epoch, epochAtMs }: Head): void {
    if (epoch === this.head.epoch) this.position = { ...this.head, epochAtMs };
  }

  /** The directory's word on a user has changed; shows in the next answer. */
  profileChanged(userId: string): void {
    this.presence.changed(userId);
    this.dropFragment(userId);
    this.maps.clear();
  }

  /** All channels as one JSON object, keyed by channel name. */
  channelMap(tabs: TabShape): Buffer {
    let map = this.maps.get(tabs);
    if (map === undefined) {
      map = Buffer.from(`{${this.members(tabs).join(',')}}`);
      this.maps.set(tabs, map);
    }
    return map;
  }

  /** The same object with one name alone, both its kinds; `{}` if nobody is there. */
  channel(name: string, tabs: TabShape): Buffer {
    return Buffer.from(`{${this.membersOf(name, tabs).join(',')}}`);
  }

  channelNames(): Record<ChannelKind, string[]> {
    return { authenticated: [...this.channels.users.keys()], anonymous: [...this.channels.anonymous.keys()] };
  }

  /** Distinct users of an authenticated channel; connections of an anonymous one. */
  count(kind: ChannelKind, channel: string): number {
    if (kind === 'authenticated') return this.channels.users.get(channel)?.size ?? 0;
    return this.channels.anonymous.get(channel) ?? 0;
  }

  /** As `count`, but with a member of whom the store has yet to be told. */
  countWith(
    kind: ChannelKind,
    channel: string,
    { connectionId, userId }: Pick<ConnectionRow, 'connectionId' | 'userId'>,
  ): number {
    const isHere =
      kind === 'authenticated'
        ? this.channels.users.get(channel)?.has(userId ?? '')
        : this.connection(connectionId)?.channels.some((one) => one.kind === kind && one.channel === channel);
    return this.count(kind, channel) + (isHere ? 0 : 1);
  }

  /** Connections in a channel, whichever kind it is of. */
  connectionCount(kind: ChannelKind, channel: string): number {
    if (kind === 'authenticated') return this.channels.users.get(channel)?.connections ?? 0;
    return this.channels.anonymous.get(channel) ?? 0;
  }

  get totals(): Totals {
    return {
      users: this.channels.everyone.size,
      userConnections: this.channels.everyone.connections,
      anonymousConnections: this.channels.anonymousConnections,
    };
  }

  /** Every connected user once, in the order of first connecting, as a JSON array of `{id,email}`. */
  usersJson(): string {
    return this.channels.everyone.toJson((userId) => this.fragment(userId));
  }

  /** The user of each logged-in connection, in the order of connecting, as a JSON array of `{id,email}`. */
  userConnectionsJson(): string {
    const fragments: string[] = [];
    for (const { userId } of this.connectionsInOrder()) if (userId !== null) fragments.push(this.fragment(userId));
    return `[${fragments.join(',')}]`;
  }

  connection(connectionId: string): ConnectionRow | undefined {
    return this.rows.get(connectionId);
  }

  /** A user's connections, in the order of connecting. Looks at every row: for questions about one user, not for lists. */
  connectionsOf(userId: string): ConnectionRow[] {
    return this.connectionsInOrder().filter((row) => row.userId === userId);
  }

  /** The pods that have connections here, by instance. */
  instances(): Set<string> {
    const instances = new Set<string>();
    for (const { pod } of this.rows.values()) instances.add(pod.slice(0, pod.lastIndexOf('.')));
    return instances;
  }

  /** Nobody is connected. */
  get isVacant(): boolean {
    return this.rows.size === 0;
  }

  /** After a loss revisions may come again: then time and name decide, so that every pod lists alike. */
  private connectionsInOrder(): ConnectionRow[] {
    return [...this.rows.values()].sort(
      (a, b) =>
        a.since.revision - b.since.revision ||
        a.since.atMs - b.since.atMs ||
        (a.connectionId < b.connectionId ? -1 : 1),
    );
  }

  private leavePlace({ revision, tag }: Head): void {
    this.places.set(revision, tag);
    if (this.places.size <= PLACES_MAX) return;
    const [oldest] = this.places.keys();
    if (oldest !== undefined) this.places.delete(oldest);
  }

  private setUser(userId: string, record: Parameters<PresenceView['set']>[1]): void {
    const before = this.presence.record(userId);
    this.presence.set(userId, record);
    const claims = record?.claims;
    if (before?.claims === claims) return;
    const same = (['email', 'username', 'name'] as const).every((claim) => before?.claims?.[claim] === claims?.[claim]);
    if (!same) this.dropFragment(userId);
  }

  private setRow(connectionId: string, row: ConnectionRow | null): void {
    const old = this.rows.get(connectionId);
    if (row === null) this.rows.delete(connectionId);
    else this.rows.set(connectionId, row);
    this.channels.move(old, row);
    if (old?.userId != null && !this.channels.has(old.userId)) this.fragments.delete(old.userId);
  }

  private fragment(userId: string): string {
    let fragment = this.fragments.get(userId);
    if (fragment === undefined) {
      const { id, email } = this.presence.profile(userId);
      fragment = JSON.stringify({ id, email });
      this.fragments.set(userId, fragment);
    }
    return fragment;
  }

  private dropFragment(userId: string): void {
    this.fragments.delete(userId);
    this.channels.fragmentChanged(userId);
  }

  private members(tabs: TabShape): string[] {
    const members = this.builtIn('authenticated');
    for (const name of this.channels.users.keys()) members.push(this.userChannel(name));
    for (const row of this.rows.values()) members.push(this.tab(row, tabs));
    members.push(...this.builtIn('anonymous'));
    for (const name of this.channels.anonymous.keys()) members.push(this.anonymousChannel(name));
    return members;
  }

  private membersOf(name: string, tabs: TabShape): string[] {
    const address = addressOf(name);
    switch (address.to) {
      case 'built-in':
        return this.builtIn(address.name);
      case 'tab': {
        const row = this.rows.get(address.connectionId);
        return row === undefined ? [] : [this.tab(row, tabs)];
      }
      case 'user':
        return [];
      case 'anonymous-half': {
        const active = this.channels.users.has(address.name) && this.channels.anonymous.has(address.name);
        return active ? [this.anonymousChannel(address.name)] : [];
      }
      case 'channel': {
        const members = this.channels.users.has(name) ? [this.userChannel(name)] : [];
        if (this.channels.anonymous.has(name)) members.push(this.anonymousChannel(name));
        return members;
      }
    }
  }

  private builtIn(name: ChannelKind): string[] {
    if (name === 'authenticated') return this.channels.everyone.size > 0 ? [`"authenticated":${this.usersJson()}`] : [];
    return this.channels.anonymousConnections > 0 ? [`"anonymous":${this.channels.anonymousConnections}`] : [];
  }

  private userChannel(name: string): string {
    const json = this.channels.users.get(name)?.toJson((userId) => this.fragment(userId)) ?? '[]';
    return `${JSON.stringify(name)}:${json}`;
  }

  private anonymousChannel(name: string): string {
    const key = this.channels.users.has(name) ? name + ANONYMOUS_SUFFIX : name;
    return `${JSON.stringify(key)}:${this.channels.anonymous.get(name) ?? 0}`;
  }

  private tab({ connectionId, userId }: ConnectionRow, tabs: TabShape): string {
    const key = JSON.stringify(tabChannel(connectionId));
    if (userId === null) return `${key}:1`;
    return tabs === 'array' ? `${key}:[${this.fragment(userId)}]` : `${key}:${this.fragment(userId)}`;
  }
}
