import type { ChannelKind } from '@rollcall/contract';
import type { Connection } from '../sockets/connection';
import { channelOf, type Fields, flagOf } from '../sockets/payload';
import { channelRoom } from '../sockets/rooms';

/** A channel of one kind on a host, as a connection addresses it. */
export interface Place {
  readonly kind: ChannelKind;
  readonly channel: string;
  readonly room: string;
}

/** @throws AppError that names the field. */
export function placeOf({ host, visitor }: Connection, fields: Fields): Place {
  const channel = channelOf(fields);
  const counted = flagOf(fields, 'anonymous') ?? false;
  const kind = visitor.user === null || counted ? 'anonymous' : 'authenticated';
  return { kind, channel, room: channelRoom(host, kind, channel) };
}
