/*
 * What is different on a host from how it was at an earlier position, as watchers see it: the difference of two states,
 * so that nothing is told twice, and nothing of what came and went in between.
 */
import type { ChannelKind, PresenceRow } from '@rollcall/contract';
import type { HostChannels } from './host-channels';
import type { PresenceView } from './presence-view';
import type { UserRecord } from './presence';
import type { Position, ViewHistory } from './view-history';

/** Users by their ids; `anonymous` is 0 for an authenticated channel. */
export interface ChannelStep {
  readonly joined: readonly string[];
  readonly left: readonly string[];
  readonly anonymous: number;
}

export interface ChannelPicture {
  readonly users: readonly string[];
  readonly anonymous: number;
}

/** What a difference is asked of; without a channel, of all. */
interface Asked {
  readonly channel: string | undefined;
  readonly presence: boolean;
}

/** Steps that say who was seen before are looked at, and mostly not told: that is so much less than to tell one. */
const LOOKS_PER_STEP = 10;

const NOBODY: ReadonlyMap<string, Seen> = new Map();

interface Seen {
  /** Whether the user was seen at the position. */
  before: boolean;
  /** Until when a user who is not there any more is seen. */
  untilMs: number;
}

export class ChangesSince {
  constructor(
    private readonly channels: HostChannels,
    private readonly presence: PresenceView,
    private readonly history: ViewHistory,
  ) {}

  /** Who is seen in a channel: its users, and those who have vanished from it and may be back in a moment. */
  picture(kind: ChannelKind, channel: string, atMs: number): ChannelPicture {
    if (kind === 'anonymous') return { users: [], anonymous: this.connectionsOf(channel) };
    const users = [...(this.channels.users.get(channel)?.userIds() ?? []), ...this.vanished(channel, atMs)];
    return { users, anonymous: 0 };
  }

  /** How many entries the pictures of all channels have: each user in each, and each anonymous channel. Makes none of them. */
  size(atMs: number): number {
    let size = this.channels.anonymous.size;
    for (const users of this.channels.users.values()) size += users.size;
    for (const channel of this.held(atMs)) size += countOf(this.vanished(channel, atMs));
    return size;
  }

  /** The same of one name, both its kinds. */
  sizeOf(channel: string, atMs: number): number {
    const users = this.channels.users.get(channel)?.size ?? 0;
    return users + countOf(this.vanished(channel, atMs)) + (this.channels.anonymous.has(channel) ? 1 : 0);
  }

  /** How many users the picture of a channel shows at most, and what else is looked at for it; no look at any of them. */
  pictureCost(kind: ChannelKind, channel: string, atMs: number): number {
    if (kind === 'anonymous') return 1;
    const seen = this.history.stepsSeenSince({ revision: Infinity, atMs }, channel);
    return (this.channels.users.get(channel)?.size ?? 0) + seen;
  }

  /**
   * How many rows of presence there are at most, without a look at each: those of everybody who is connected, also who chose
   * to be offline, of those who have just left, and of the bots.
   */
  rowsAtMost(atMs: number): number {
    const away = new Set<string>();
    for (const userId of this.presence.takingEffect(atMs, Infinity)) {
      const record = this.presence.record(userId);
      if (record?.connections === 0 && record.stampMs > atMs) away.add(userId);
    }
    for (const userId of this.presence.bots) if (!this.channels.has(userId)) away.add(userId);
    return this.channels.everyone.size + away.size;
  }

  /** What is different in a channel; `undefined`: nothing. */
  channel(kind: ChannelKind, channel: string, from: Position, atMs: number): ChannelStep | undefined {
    if (kind === 'anonymous') {
      const anonymous = this.connectionsOf(channel);
      const before = this.history.counts.firstAfter(channel, from.revision)?.before ?? anonymous;
      return before === anonymous ? undefined : { joined: [], left: [], anonymous };
    }
    if (this.isQuiet(channel, from, atMs)) return undefined;
    const joined: string[] = [];
    const left: string[] = [];
    for (const [userId, { before, untilMs }] of this.seen(channel, from, atMs)) {
      const after = untilMs > atMs || this.isMember(channel, userId);
      if (after && !before) joined.push(userId);
      if (before && !after) left.push(userId);
    }
    return joined.length + left.length === 0 ? undefined : { joined, left, anonymous: 0 };
  }

  /** The same from a position in a view that this one has replaced: by which steps it got here, nobody knows. */
  channelFrom(
    old: ChangesSince,
    kind: ChannelKind,
    channel: string,
    from: Position,
    atMs: number,
  ): ChannelStep | undefined {
    const [before, after] = [old.pictureAt(kind, channel, from), this.picture(kind, channel, atMs)];
    const [were, are] = [new Set(before.users), new Set(after.users)];
    const joined = after.users.filter((userId) => !were.has(userId));
    const left = before.users.filter((userId) => !are.has(userId));
    const same = joined.length + left.length === 0 && before.anonymous === after.anonymous;
    return same ? undefined : { joined, left, anonymous: after.anonymous };
  }

  /** The channels of a kind that may be different. */
  touched(kind: ChannelKind, from: Position, atMs: number): Set<string> {
    const touched = this.history.touchedSince(kind === 'anonymous' ? 'counts' : 'members', from);
    if (kind === 'anonymous') return touched;
    const released = this.history.releasedBetween(Math.min(from.atMs, atMs), this.newsUntilMs(from, atMs));
    return new Set([...touched, ...released]);
  }

  /**
   * What it would cost to tell what is different, of one channel or of all: some number for each step and each moment at
   * which something takes effect, without a look at them. Of those of presence, `most` are counted.
   */
  cost(from: Position, atMs: number, { channel, presence }: Asked, most: number): number {
    const { history } = this;
    const first = { revision: from.revision, atMs: Math.min(from.atMs, atMs) };
    const untilMs = this.newsUntilMs(from, atMs);
    let cost =
      channel === undefined
        ? history.stepsSince(from) + history.releasesBetween(first.atMs, untilMs)
        : history.newsOf(channel, first, untilMs);
    if (channel !== undefined && presence) cost += history.stepsSince(from);
    if (presence) {
      const fromMs = from.atMs === Infinity ? history.atMsOf(from.revision) : from.atMs;
      cost += this.presence.countTakingEffect(fromMs, atMs, most);
    }
    if (channel === undefined && cost === 0) return 0;
    return cost + history.stepsSeenSince(first, channel) / LOOKS_PER_STEP;
  }

  /** The channels that watchers see somebody in who has vanished. */
  held(atMs: number): Set<string> {
    return this.history.releasedBetween(atMs, Infinity);
  }

  /** The rows of those whose presence is different, of everybody or of some; who is offline now has a row, too. */
  rows(from: Position, atMs: number, userIds?: Iterable<string>): PresenceRow[] {
    if (from.atMs === Infinity) return this.rowsSince(from, atMs, userIds);
    const rows: PresenceRow[] = [];
    for (const userId of userIds ?? this.moved(from, atMs)) {
      const row = this.presence.rowIfChanged(userId, this.recordAt(userId, from), from.atMs, atMs);
      if (row !== undefined) rows.push(row);
    }
    return rows;
  }

  /** The same from a position in a view that this one has replaced. */
  rowsFrom(old: ChangesSince, from: Position, atMs: number, userIds?: Iterable<string>): PresenceRow[] {
    const rows: PresenceRow[] = [];
    for (const userId of userIds ?? new Set([...old.userIdsSince(from), ...this.presence.userIds()])) {
      const row = this.presence.rowIfChanged(userId, old.recordAt(userId, from), from.atMs, atMs);
      if (row !== undefined) rows.push(row);
    }
    return rows;
  }

  /** The next moment at which something is different by itself. */
  nextAfter(atMs: number): number {
    return Math.min(this.history.nextReleaseAfter(atMs), this.presence.nextEffectAfter(atMs));
  }

  /** Who was shown as gone, and is seen here until the grace is over, is news as well. */
  private newsUntilMs(from: Position, atMs: number): number {
    return from.atMs === Infinity || from.goneUpTo !== undefined ? Infinity : atMs;
  }

  private pictureAt(kind: ChannelKind, channel: string, at: Position): ChannelPicture {
    if (kind === 'anonymous') {
      const before = this.history.counts.firstAfter(channel, at.revision)?.before;
      return { users: [], anonymous: before ?? this.connectionsOf(channel) };
    }
    const users = new Set(this.channels.users.get(channel)?.userIds());
    for (const [userId, { before }] of this.seen(channel, at, at.atMs)) {
      if (before) users.add(userId);
      else users.delete(userId);
    }
    return { users: [...users], anonymous: 0 };
  }

  /** At which moment presence was shown, nobody knows: all rows that may have been different. */
  private rowsSince(from: Position, atMs: number, userIds?: Iterable<string>): PresenceRow[] {
    const moved = this.moved({ ...from, atMs: this.history.atMsOf(from.revision) }, atMs);
    const some = userIds === undefined ? moved : [...userIds].filter((userId) => moved.has(userId));
    return [...some].flatMap((userId) => this.presence.row(userId, atMs) ?? []);
  }

  /** Those of whom there is a record, or was one at the position. */
  private *userIdsSince(from: Position): Iterable<string> {
    yield* this.presence.userIds();
    yield* this.history.touchedSince('records', from);
  }

  private recordAt(userId: string, { revision }: Position): UserRecord | undefined {
    const step = this.history.records.firstAfter(userId, revision);
    return step === undefined ? this.presence.record(userId) : step.before;
  }

  private moved(from: Position, atMs: number): Set<string> {
    return new Set([...this.history.touchedSince('records', from), ...this.presence.takingEffect(from.atMs, atMs)]);
  }

  private connectionsOf(channel: string): number {
    return this.channels.anonymous.get(channel) ?? 0;
  }

  private isMember(channel: string, userId: string): boolean {
    return this.channels.users.get(channel)?.has(userId) === true;
  }

  /** Who is seen in a channel without being there: they have vanished from it, and may be back in a moment. */
  private *vanished(channel: string, atMs: number): Iterable<string> {
    for (const [userId, { untilMs }] of this.seen(channel, { revision: Infinity, atMs }, atMs)) {
      if (untilMs > atMs && !this.isMember(channel, userId)) yield userId;
    }
  }

  /** The usual case, without a look at anybody: a host may have many watched channels, and few of them change. */
  private isQuiet(channel: string, from: Position, atMs: number): boolean {
    const last = this.history.members.last(channel);
    const seenMs = Math.min(from.atMs, atMs);
    return last === undefined || (last.revision <= from.revision && last.atMs + this.history.graceMs <= seenMs);
  }

  /** Everybody with steps that count at the position, or at the moment, in the order of the last ones. */
  private seen(channel: string, from: Position, atMs: number): ReadonlyMap<string, Seen> {
    if (this.history.members.last(channel) === undefined) return NOBODY;
    const seen = new Map<string, Seen>();
    const { goneUpTo = -1 } = from;
    const first = { revision: from.revision, atMs: Math.min(from.atMs, atMs) };
    for (const { revision, userId, joined, untilMs } of this.history.membersFrom(channel, first)) {
      const known = seen.get(userId);
      let before = known?.before ?? !joined;
      if (revision <= from.revision) before = joined || (revision > goneUpTo && untilMs > from.atMs);
      seen.delete(userId);
      seen.set(userId, { before, untilMs });
    }
    return seen;
  }
}

function countOf(all: Iterable<unknown>): number {
  let count = 0;
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- only how many there are
  for (const _ of all) count += 1;
  return count;
}
