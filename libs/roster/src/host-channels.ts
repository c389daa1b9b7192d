/*
 * Which channels a host has and who is in them: what the rows say, turned round. Written row by row by the view that
 * owns it. A channel is there while it has a member.
 */
import type { ConnectionRow, Membership } from './row';
import { SegmentedList } from './segmented-list';
import { UserChannel } from './user-channel';

/** Hears of each step of the channels as it is made. */
export interface ChannelSteps {
  /** `vanished`: not by leaving the channel, but with the connection. */
  member(channel: string, userId: string, joined: boolean, vanished: boolean): void;
  count(channel: string, before: number): void;
}

const NONE: readonly Membership[] = [];

const isSame = (a: Membership, b: Membership): boolean =>
  a.since === b.since && a.channel === b.channel && a.kind === b.kind;

function isAmong(memberships: readonly Membership[], from: number, membership: Membership): boolean {
  for (let at = from; at < memberships.length; at += 1) {
    if (isSame(memberships[at] as Membership, membership)) return true;
  }
  return false;
}

export class HostChannels {
  /** The built-in channel of all logged-in connections. */
  readonly everyone = new UserChannel();
  readonly users = new Map<string, UserChannel>();
  /** Connections by anonymous channel. */
  readonly anonymous = new Map<string, number>();
  private anonymousTabs = 0;
  /**
   * The names of all channels in order, from the first time that somebody lists them. Most hosts are never asked, and a
   * change costs them nothing. Where it is there, it follows: a binary search when a channel is made or goes, nothing
   * when somebody joins one that is there. To sort anew after such a change would cost each page of a busy host as much
   * as the first one.
   */
  private names: SegmentedList | undefined;

  constructor(private readonly steps?: ChannelSteps) {}

  /** The built-in channel of all anonymous connections, which are only counted. */
  get anonymousConnections(): number {
    return this.anonymousTabs;
  }

  /** Takes a connection's row from what it was to what it is. */
  move(old: ConnectionRow | undefined, row: ConnectionRow | null): void {
    const sameUser = old !== undefined && row !== null && old.userId === row.userId;
    if (!sameUser || old.since.revision !== row.since.revision) {
      if (old !== undefined) this.leaveEveryone(old);
      if (row !== null) this.joinEveryone(row);
    }
    this.moveChannels(old, row, sameUser);
  }

  /** The names of active channels from one on, each once, in the order of their UTF-16 units. */
  *namesFrom(name: string): Iterable<string> {
    this.names ??= inOrder(new Set([...this.users.keys(), ...this.anonymous.keys()]));
    for (const [, own] of this.names.from(0, name)) yield own;
  }

  /** Whether the user has a connection. */
  has(userId: string): boolean {
    return this.everyone.has(userId);
  }

  private moveChannels(old: ConnectionRow | undefined, row: ConnectionRow | null, sameUser: boolean): void {
    const before = old?.channels ?? NONE;
    const after = row?.channels ?? NONE;
    // Channels are joined at the end, so what is common is nearly always a common beginning.
    let common = 0;
    if (sameUser) {
      while (common < before.length && common < after.length) {
        if (!isSame(before[common] as Membership, after[common] as Membership)) break;
        common += 1;
      }
    }
    if (old !== undefined) {
      for (let at = common; at < before.length; at += 1) {
        const membership = before[at] as Membership;
        if (!sameUser || !isAmong(after, common, membership)) this.leave(old, membership, row === null);
      }
    }
    if (row === null) return;
    for (let at = common; at < after.length; at += 1) {
      const membership = after[at] as Membership;
      if (!sameUser || !isAmong(before, common, membership)) this.join(row, membership);
    }
  }

  private joinEveryone({ userId, since }: ConnectionRow): void {
    if (userId === null) this.anonymousTabs += 1;
    else this.everyone.join(userId, since.revision);
  }

  private leaveEveryone({ userId, since }: ConnectionRow): void {
    if (userId === null) {
      this.anonymousTabs -= 1;
      return;
    }
    this.everyone.leave(userId, since.revision);
  }

  private join({ userId }: ConnectionRow, { kind, channel, since }: Membership): void {
    if (kind === 'anonymous') {
      const before = this.anonymous.get(channel) ?? 0;
      this.anonymous.set(channel, before + 1);
      this.steps?.count(channel, before);
      if (before === 0) this.made(channel, this.users);
      return;
    }
    if (userId === null) return;
    let members = this.users.get(channel);
    if (members === undefined) {
      members = new UserChannel();
      this.users.set(channel, members);
      this.made(channel, this.anonymous);
    }
    if (members.join(userId, since)) this.steps?.member(channel, userId, true, false);
  }

  private leave({ userId }: ConnectionRow, { kind, channel, since }: Membership, vanished: boolean): void {
    if (kind === 'anonymous') {
      const before = this.anonymous.get(channel) ?? 0;
      const rest = before - 1;
      this.steps?.count(channel, before);
      if (rest > 0) this.anonymous.set(channel, rest);
      else if (this.anonymous.delete(channel)) this.gone(channel, this.users);
      return;
    }
    const members = this.users.get(channel);
    if (members === undefined || userId === null) return;
    if (members.leave(userId, since)) this.steps?.member(channel, userId, false, vanished);
    if (members.size > 0) return;
    this.users.delete(channel);
    this.gone(channel, this.anonymous);
  }

  private made(name: string, otherKind: ReadonlyMap<string, unknown>): void {
    if (!otherKind.has(name)) this.names?.add(0, name);
  }

  private gone(name: string, otherKind: ReadonlyMap<string, unknown>): void {
    if (!otherKind.has(name)) this.names?.remove(0, name);
  }
}

function inOrder(names: ReadonlySet<string>): SegmentedList {
  const list = new SegmentedList();
  for (const name of [...names].sort()) list.add(0, name);
  return list;
}
