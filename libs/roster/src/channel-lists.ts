/*
 * A host's channels, and the users of each, to be read page by page. Where a page begins is found by binary search, so
 * that it costs what is on it, whatever else there is. A place is told in words that mean the same on every pod: a
 * name, or the revision and the user of a first membership.
 */
import { BUILT_IN_CHANNELS, type ChannelKind } from '@rollcall/contract';
import type { HostChannels } from './host-channels';
import type { PresenceView } from './presence-view';
import type { Profile } from './profile';
import type { MemberPlace, UserChannel } from './user-channel';

/** One kind of a name: users and those who are only counted may be in channels of the same name. */
export interface ChannelHalf {
  readonly channel: string;
  readonly kind: ChannelKind;
}

export interface ActiveChannel extends ChannelHalf {
  /** Distinct users, or connections of an anonymous channel. */
  readonly count: number;
}

export interface ChannelMember {
  readonly place: MemberPlace;
  readonly profile: Profile;
  /** The user's connections in the channel. */
  readonly connections: number;
}

export class ChannelLists {
  constructor(
    private readonly all: HostChannels,
    private readonly presence: PresenceView,
  ) {}

  /** Distinct users, or connections of an anonymous channel, built-in ones as well. 0: it is not active. */
  count(kind: ChannelKind, channel: string): number {
    if (kind === 'authenticated') return this.usersOf(channel)?.size ?? 0;
    return channel === 'anonymous' ? this.all.anonymousConnections : (this.all.anonymous.get(channel) ?? 0);
  }

  /** Active channels whose names begin so, by name, a name's users first; all, or those behind one of them. */
  *channels(prefix: string, behind?: ChannelHalf): Iterable<ActiveChannel> {
    const start = behind === undefined || behind.channel < prefix ? prefix : behind.channel;
    for (const channel of this.all.namesFrom(start)) {
      if (!channel.startsWith(prefix)) return;
      for (const kind of BUILT_IN_CHANNELS) {
        const wasThere = channel === behind?.channel && (kind === 'authenticated' || behind.kind === 'anonymous');
        const count = wasThere ? 0 : this.count(kind, channel);
        if (count > 0) yield { channel, kind, count };
      }
    }
  }

  /** The users of a channel, each once, in the order of their first membership; all, or those behind a place. */
  *members(channel: string, behind?: MemberPlace): Iterable<ChannelMember> {
    const users = this.usersOf(channel);
    if (users === undefined) return;
    for (const place of users.behind(behind)) {
      const connections = users.revisionsOf(place.userId).length;
      yield { place, profile: this.presence.profile(place.userId), connections };
    }
  }

  private usersOf(channel: string): UserChannel | undefined {
    return channel === 'authenticated' ? this.all.everyone : this.all.users.get(channel);
  }
}
