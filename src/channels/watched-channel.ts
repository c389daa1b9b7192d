/* One channel of a host that connections of this pod watch, and what they are told of it. */
import type { ChannelChange, ChannelKind, ChannelReset, ChannelSnapshot, Member } from '@rollcall/contract';
import type { ChannelStep, Moment, RosterView } from '@rollcall/roster';
import { Audience, type News, type Shown } from '../sockets/audience';
import type { Connection } from '../sockets/connection';

export interface WatchedPlace {
  readonly kind: ChannelKind;
  readonly channel: string;
  /** Whether the members' e-mail addresses are shown. */
  readonly areEmailsShown: () => boolean;
}

/** Sends one event to connections of this pod. */
export type Send = (to: readonly Connection[], event: ChannelChange | ChannelReset) => void;

export class WatchedChannel {
  readonly audience = new Audience<Connection>();

  constructor(
    private readonly place: WatchedPlace,
    private readonly send: Send,
  ) {}

  snapshot({ view, atMs }: Moment): ChannelSnapshot {
    const { users, anonymous } = view.changes.picture(this.place.kind, this.place.channel, atMs);
    return { users: this.membersOf(view, users), anonymous };
  }

  /** What has happened since something was shown: one change, or none; `undefined`: that cannot be said any more. */
  changes(shown: Shown, moment: Moment): ChannelChange[] | undefined {
    const step = this.step(shown, moment);
    return step === 'unknown' ? undefined : step === undefined ? [] : [this.change(step, moment)];
  }

  /** Whether somebody could not be told. */
  tick(moment: Moment): boolean {
    return this.audience.bring(moment, {
      takesMore: (watcher) => watcher.takesMore(moment),
      news: (shown) => this.news(shown, moment),
    });
  }

  private news(shown: Shown | undefined, moment: Moment): News<Connection> | undefined {
    const step = shown === undefined ? 'unknown' : this.step(shown, moment);
    if (step === undefined) return undefined;
    const tell = (watchers: readonly Connection[]): void =>
      this.send(watchers, step === 'unknown' ? this.reset(moment) : this.change(step, moment));
    return { concerns: () => true, tell };
  }

  private step({ view, position }: Shown, moment: Moment): ChannelStep | undefined | 'unknown' {
    const { kind, channel } = this.place;
    if (!view.history.covers(position)) return 'unknown';
    const { changes } = moment.view;
    if (view === moment.view) return changes.channel(kind, channel, position, moment.atMs);
    return changes.channelFrom(view.changes, kind, channel, position, moment.atMs);
  }

  private change({ joined, left, anonymous }: ChannelStep, { view, atMs }: Moment): ChannelChange {
    const { kind, channel } = this.place;
    const cursor = view.cursorAt(atMs);
    return { channel, kind, cursor, joined: this.membersOf(view, joined), left, anonymous };
  }

  private reset(moment: Moment): ChannelReset {
    const { kind, channel } = this.place;
    const cursor = moment.view.cursorAt(moment.atMs);
    return { channel, kind, cursor, snapshot: this.snapshot(moment) };
  }

  private membersOf(view: RosterView, userIds: readonly string[]): Member[] {
    const emails = this.place.areEmailsShown();
    return userIds.map((userId) => view.member(userId, emails));
  }
}
