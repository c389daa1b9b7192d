export type {
  ChannelKind,
  ErrorCode,
  JoinAnswer,
  Member,
  Message,
  PresenceRow,
  PresenceSetRequest,
  Session,
  Status,
} from '@rollcall/contract';
export type { ChannelDifference } from './channel-roster';
export type { ChannelWatch, ChannelWatchEvents } from './channel-watch';
export { connect, type RollcallClient, type RollcallEvents, type WatchOptions } from './client';
export type { ConnectOptions } from './connect-options';
export type { PlaceOptions } from './place';
export type { PresenceDifference, PresenceWatch, PresenceWatchEvents } from './presence-watch';
export { type ClientErrorCode, RollcallError, type RollcallErrorCode } from './rollcall-error';
export { rest, type Rest, type RestCredentials, type RestOptions } from './rest';
export type { paths as RestPaths } from './rest.generated';
export type { DatacenterState, RestAnswer } from './rest-types';
