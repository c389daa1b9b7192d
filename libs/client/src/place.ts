import type { ChannelKind, ChannelRequest, Session } from '@rollcall/contract';

/** A channel as it is addressed. Without a user both addresses of a name mean the anonymous channel. */
export interface Place {
  readonly channel: string;
  readonly anonymous: boolean;
}

export interface PlaceOptions {
  /** The anonymous channel of that name, where one is counted and not named. A connection without a user needs no saying. */
  readonly anonymous?: boolean;
}

export const placeOf = (channel: string, { anonymous = false }: PlaceOptions = {}): Place => ({ channel, anonymous });

export const keyOf = ({ channel, anonymous }: Place): string => `${anonymous ? 'a' : 'c'}|${channel}`;

export const requestOf = ({ channel, anonymous }: Place): ChannelRequest =>
  anonymous ? { channel, anonymous } : { channel };

/** The kind of channel that a place means in a session. */
export const kindIn = (session: Session, { anonymous }: Place): ChannelKind =>
  anonymous || session.user === undefined ? 'anonymous' : 'authenticated';

/** The other address of the same channel: there is one in sessions without a user. */
export const twinOf = ({ channel, anonymous }: Place): Place => ({ channel, anonymous: !anonymous });

/** The addresses of a channel of this kind in a session. */
export const placesIn = (session: Session | undefined, channel: string, kind: ChannelKind): Place[] =>
  [false, true]
    .map((anonymous) => placeOf(channel, { anonymous }))
    .filter((place) => session !== undefined && kindIn(session, place) === kind);
