/*
 * A host's roster in this pod's memory, for reading. It begins with a snapshot of the store and follows its log; only
 * `load`, `apply`, `confirm` and `profileChanged` write to it. It is exactly the store at `head`; an entry that does not follow
 * on `head` is refused, and whoever feeds the view loads it again. A crash leaves nothing behind.
 *
 * Answers are JSON joined from fragments: one a user, kept in segments of lists, and the whole map kept until anything
 * changes.
 */
import { addressOf, ANONYMOUS_SUFFIX, type ChannelKind, type Member, tabChannel } from '@rollcall/contract';
import { cursorOf, placeOf } from './cursor';
import { type Answer, AnswerMemory } from './answer-memory';
import { ChangesSince } from './changes-since';
import { ChannelLists } from './channel-lists';
import { HostChannels } from './host-channels';
import { JsonMembers, listOf } from './json-members';
import { SegmentedList } from './segmented-list';
import type { UserChannel } from './user-channel';
import { PresenceView } from './presence-view';
import type { Profiles } from './profile';
import type { Head, LogEntry, Snapshot } from './roster.store';
import type { ConnectionRow } from './row';
import { SentTexts } from './sent-texts';
import { OwnedFragments, UserFragments } from './user-fragments';
import { type HistoryOptions, type Position, ViewHistory } from './view-history';

/** How a logged-in tab's own channel is shown: as an array of its one user, or as the bare user. */
export type TabShape = 'array' | 'object';

export interface Totals {
  /** Distinct users. */
  readonly users: number;
  readonly userConnections: number;
  readonly anonymousConnections: number;
}

/** Whether the pod, in whichever of its lives, is that of the instance. */
const isOf = (instance: string, pod: string): boolean => pod.slice(0, pod.lastIndexOf('.')) === instance;

export class RosterView {
  readonly presence: PresenceView;
  readonly lists: ChannelLists;
  readonly changes: ChangesSince;
  readonly history: ViewHistory;
  private position: Head | undefined;
  private rows = new Map<string, ConnectionRow>();
  /** Connections in the order of connecting; their fragments are the members of the map that their tabs are. */
  private readonly tabs = new SegmentedList();
  private tabShape: TabShape = 'object';
  /** Connections by pod. */
  private readonly pods = new Map<string, number>();
  private readonly channels: HostChannels;
  private readonly fragments: UserFragments;
  private readonly tabFragments: OwnedFragments;
  private readonly maps = new Map<TabShape, ReturnType<AnswerMemory['join']>>();
  private readonly memory = new AnswerMemory();
  /** Of single channels. */
  private readonly texts = new SentTexts();

  /** `remembers`: what watchers need; without it the view cannot say what has changed since a cursor. */
  constructor(profiles: Profiles, remembers?: HistoryOptions) {
    this.presence = new PresenceView(profiles);
    this.fragments = new UserFragments(this.shownOf);
    this.tabFragments = new OwnedFragments(this.fragments, this.ownerOf, this.tabOf);
    this.history = new ViewHistory(remembers);
    this.channels = new HostChannels({
      member: (channel, userId, joined, vanished) =>
        this.history.member(channel, userId, joined, vanished && !this.isGone(userId)),
      count: (channel, before) => this.history.count(channel, before),
    });
    this.lists = new ChannelLists(this.channels, this.presence);
    this.changes = new ChangesSince(this.channels, this.presence, this.history);
  }

  /** Where the view is. Reading a view that was never loaded is a mistake of the caller. */
  get head(): Head {
    if (this.position === undefined) throw new Error('The view is not loaded.');
    return this.position;
  }

  get cursor(): string {
    return cursorOf(this.head);
  }

  /** Of what watchers are shown at a moment. */
  cursorAt(atMs: number): string {
    return cursorOf(this.head, atMs, this.history.goneUpTo(atMs));
  }

  /**
   * Takes a snapshot over, `chunk` rows at a time; `breathe` lets others run in between. Once, and not to be read before
   * it is done.
   */
  async load({ head, rows, users }: Snapshot, chunk: number, breathe: () => Promise<void>): Promise<void> {
    await this.presence.load(users, head.atMs, chunk, breathe);
    this.rows = rows;
    let taken = 0;
    for (const row of rows.values()) {
      this.place(undefined, row);
      taken += 1;
      if (taken % chunk === 0) await breathe();
    }
    this.position = head;
    this.history.begin(head);
  }

  /** Takes the next entry of the log. `false`: it does not follow on what is here, and the view must be loaded again. */
  apply(entry: LogEntry): boolean {
    const head = this.head;
    if (entry.epoch !== head.epoch) return false;
    if (entry.fromRevision !== head.revision || entry.previousTag !== head.tag) {
      return entry.toRevision < head.revision || (entry.toRevision === head.revision && entry.tag === head.tag);
    }
    const { toRevision: revision, tag, atMs } = entry;
    this.history.enter(revision, atMs);
    for (const [userId, record] of entry.users) this.setUser(userId, record);
    for (const [connectionId, row] of entry.rows) this.setRow(connectionId, row);
    this.history.leave(tag, this.rows.size);
    this.dropMaps();
    this.position = { epoch: head.epoch, epochAtMs: head.epochAtMs, revision, tag, atMs };
    return true;
  }

  /** Whether a refused entry is of another history of the same epoch: the store has lost what is here, and gone on. */
  contradicts({ epoch, fromRevision, toRevision }: LogEntry): boolean {
    const head = this.head;
    return epoch === head.epoch && fromRevision <= head.revision && toRevision >= head.revision;
  }

  /** Whether the view was at this place before it came to where it is; `undefined`: that would be too long ago to know. */
  passed(head: Head): boolean | undefined {
    return this.history.passed(head);
  }

  /** What a client has been shown who has this cursor; `undefined`: nothing that could be told from here. */
  positionOf(cursor: string): Position | undefined {
    const { epoch, revision, tag, atMs, goneUpTo } = placeOf(cursor) ?? {};
    if (revision === undefined || tag === undefined || epoch !== this.head.epoch) return undefined;
    const position = { revision, atMs: atMs ?? Infinity, ...(goneUpTo === undefined ? {} : { goneUpTo }) };
    return this.history.passed({ revision, tag }) && this.history.coversAnyones(position) ? position : undefined;
  }

  /** A user's name as a member of a channel; the e-mail address only where it is wanted. */
  member(userId: string, withEmail: boolean): Member {
    const { id, username, name, email } = this.presence.keptProfile(userId);
    return withEmail ? { id, username, name, email } : { id, username, name };
  }

  /** The store says where it is, and the view is there: what else it says of this epoch counts from now on. */
  confirm({ epoch, epochAtMs }: Head): void {
    if (epoch === this.head.epoch) this.position = { ...this.head, epochAtMs };
  }

  /** The directory's word on a user has changed; shows in the next answer. */
  profileChanged(userId: string): void {
    this.presence.changed(userId);
    if (this.fragments.refresh(userId)) this.dropMaps();
  }

  /** Whoever is here, or was, or is shown for being a bot. */
  allProfilesChanged(): void {
    this.presence.allChanged();
    this.fragments.refreshAll();
    this.dropMaps();
  }

  /** All channels as one JSON object, keyed by channel name. To be held by whoever needs it longer than this moment. */
  channelMap(tabs: TabShape): Answer {
    let map = this.maps.get(tabs);
    if (map === undefined) {
      const members = new JsonMembers();
      this.pushAll(members, tabs);
      map = this.memory.join(members.end());
      this.maps.set(tabs, map);
    }
    return map.answer;
  }

  /** The same object with one name alone, both its kinds; `{}` if nobody is there. */
  channel(name: string, tabs: TabShape): Buffer {
    return this.texts.of(`${tabs}\n${name}`, () => {
      const members = new JsonMembers();
      this.pushOne(members, name, tabs);
      return Buffer.concat(members.end());
    });
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
  usersJson(): Buffer {
    return listOf((parts) => this.channels.everyone.pushJson(parts, this.fragments));
  }

  /** The user of each logged-in connection, in the order of connecting, as a JSON array of `{id,email}`. */
  userConnectionsJson(): Buffer {
    const fragments: string[] = [];
    for (const connectionId of this.tabs.names()) {
      const userId = this.rows.get(connectionId)?.userId;
      if (userId != null) fragments.push(this.fragments.of(userId));
    }
    return Buffer.from(`[${fragments.join(',')}]`);
  }

  /** Every connected user once, in the order of first connecting. */
  userIds(): Iterable<string> {
    return this.channels.everyone.userIds();
  }

  hasUser(userId: string): boolean {
    return this.channels.has(userId);
  }

  connection(connectionId: string): ConnectionRow | undefined {
    return this.rows.get(connectionId);
  }

  /** A user's connections, in the order of connecting. */
  connectionsOf(userId: string): ConnectionRow[] {
    const revisions = new Set(this.channels.everyone.revisionsOf(userId));
    const rows: ConnectionRow[] = [];
    for (const revision of [...revisions].sort((a, b) => a - b)) {
      for (const connectionId of this.tabs.at(revision)) {
        const row = this.rows.get(connectionId);
        if (row?.userId === userId) rows.push(row);
      }
    }
    return rows;
  }

  /** The pods that have connections here, by instance. */
  instances(): Set<string> {
    return new Set([...this.pods.keys()].map((pod) => pod.slice(0, pod.lastIndexOf('.'))));
  }

  get connections(): number {
    return this.rows.size;
  }

  /** Connections that are not of this instance's pod. */
  connectionsBeside(instance: string): number {
    let own = 0;
    for (const [pod, connections] of this.pods) if (isOf(instance, pod)) own += connections;
    return this.rows.size - own;
  }

  /** The same, of one user. */
  connectionsOfBeside(userId: string, instance: string): number {
    return this.connectionsOf(userId).filter(({ pod }) => !isOf(instance, pod)).length;
  }

  /** Active channels, a name that is active in both kinds counted twice; built-in ones are none. */
  get activeChannels(): number {
    return this.channels.users.size + this.channels.anonymous.size;
  }

  /** Nobody is connected. */
  get isVacant(): boolean {
    return this.rows.size === 0;
  }

  private dropMaps(): void {
    this.texts.clear();
    // Emptying a Map makes a new table, and most changes find none to empty.
    if (this.maps.size === 0) return;
    for (const { release } of this.maps.values()) release();
    this.maps.clear();
  }

  /** Gone without a grace: the pod was swept, or the user has chosen to be offline. An entry's records come first. */
  private isGone(userId: string): boolean {
    const record = this.presence.record(userId);
    return record === undefined || (record.connections === 0 && record.stampMs <= this.history.entryAtMs);
  }

  private setUser(userId: string, record: Parameters<PresenceView['set']>[1]): void {
    const before = this.presence.record(userId);
    this.presence.set(userId, record);
    this.history.record(userId, before);
    const claims = record?.claims;
    if (before?.claims === claims) return;
    const same = (['email', 'username', 'name'] as const).every((claim) => before?.claims?.[claim] === claims?.[claim]);
    // Most of what a token says is in no list, and what the directory says goes before it.
    if (!same) this.fragments.refresh(userId);
  }

  private setRow(connectionId: string, row: ConnectionRow | null): void {
    const old = this.rows.get(connectionId);
    if (row === null) this.rows.delete(connectionId);
    else this.rows.set(connectionId, row);
    this.place(old, row);
    if (old?.userId == null || old.userId === row?.userId) return;
    if (!this.channels.has(old.userId)) this.fragments.forget(old.userId);
  }

  /** Brings what follows from the rows from one to the other. */
  private place(old: ConnectionRow | undefined, row: ConnectionRow | null): void {
    this.channels.move(old, row);
    if (old?.pod !== row?.pod) {
      this.countPod(old?.pod, -1);
      this.countPod(row?.pod, 1);
    }
    if (old !== undefined && row !== null && old.userId === row.userId && old.since.revision === row.since.revision) {
      return;
    }
    if (old !== undefined) this.tabs.remove(old.since.revision, old.connectionId);
    if (row !== null) this.tabs.add(row.since.revision, row.connectionId);
  }

  private countPod(pod: string | undefined, by: number): void {
    if (pod === undefined) return;
    const connections = (this.pods.get(pod) ?? 0) + by;
    if (connections === 0) this.pods.delete(pod);
    else this.pods.set(pod, connections);
  }

  private readonly shownOf = (userId: string): string => {
    const { id, email } = this.presence.profile(userId);
    return JSON.stringify({ id, email });
  };

  private readonly ownerOf = (connectionId: string): string | null => this.rows.get(connectionId)?.userId ?? null;

  private readonly tabOf = (connectionId: string): string => {
    const userId = this.rows.get(connectionId)?.userId;
    const key = JSON.stringify(tabChannel(connectionId));
    if (userId == null) return `${key}:1`;
    return this.tabShape === 'array' ? `${key}:[${this.fragments.of(userId)}]` : `${key}:${this.fragments.of(userId)}`;
  };

  private pushAll(members: JsonMembers, tabs: TabShape): void {
    this.pushBuiltIn(members, 'authenticated');
    for (const [name, channel] of this.channels.users) this.pushUsers(members, name, channel);
    this.shapeTabs(tabs);
    members.pushMany((parts) => this.tabs.pushJson(parts, this.tabFragments));
    this.pushBuiltIn(members, 'anonymous');
    for (const name of this.channels.anonymous.keys()) this.pushAnonymous(members, name);
  }

  private pushOne(members: JsonMembers, name: string, tabs: TabShape): void {
    const address = addressOf(name);
    switch (address.to) {
      case 'built-in':
        return this.pushBuiltIn(members, address.name);
      case 'tab':
        if (!this.rows.has(address.connectionId)) return;
        this.shapeTabs(tabs);
        return members.push(this.tabOf(address.connectionId));
      case 'user':
        return;
      case 'anonymous-half': {
        const active = this.channels.users.has(address.name) && this.channels.anonymous.has(address.name);
        return active ? this.pushAnonymous(members, address.name) : undefined;
      }
      case 'channel': {
        const channel = this.channels.users.get(name);
        if (channel !== undefined) this.pushUsers(members, name, channel);
        if (this.channels.anonymous.has(name)) this.pushAnonymous(members, name);
      }
    }
  }

  /** An app's hosts want one shape only; who asks for the other one pays for it. */
  private shapeTabs(shape: TabShape): void {
    if (this.tabShape === shape) return;
    this.tabShape = shape;
    this.tabs.allChanged();
  }

  private pushBuiltIn(members: JsonMembers, name: ChannelKind): void {
    const { everyone, anonymousConnections } = this.channels;
    if (name === 'authenticated') {
      if (everyone.size > 0) this.pushUsers(members, name, everyone);
    } else if (anonymousConnections > 0) members.push(`"anonymous":${anonymousConnections}`);
  }

  private pushUsers(members: JsonMembers, name: string, channel: UserChannel): void {
    members.pushList(name, (parts) => channel.pushJson(parts, this.fragments));
  }

  private pushAnonymous(members: JsonMembers, name: string): void {
    const key = this.channels.users.has(name) ? name + ANONYMOUS_SUFFIX : name;
    members.push(`${JSON.stringify(key)}:${this.channels.anonymous.get(name) ?? 0}`);
  }
}
