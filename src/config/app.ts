import type { UserDetails } from '@rollcall/roster';
import type { JsonWebKey } from 'node:crypto';
import type { ChannelRule } from './channel-rules';

/** Which of the two documents of the `/message` family an app's clients were written for. */
export type Dialect = 'klai' | 'betterforms';

/** Where the keys of an app's JWTs come from; an app has one kind, and it fits the app's algorithms. */
export type JwtKeys =
  | { readonly from: 'secret'; readonly secret: Uint8Array }
  | { readonly from: 'list'; readonly keys: readonly JsonWebKey[] }
  | { readonly from: 'url'; readonly url: string };

/** Of several keys that fit a token no more are tried: each costs as much as a token of its own. */
export const KEYS_TRIED_MAX = 4;

export interface JwtRules {
  readonly algorithms: readonly string[];
  readonly keys: JwtKeys;
  /** Always there when the keys come from a URL. */
  readonly issuer?: string;
  readonly audience?: string;
  /** How far the clocks of this service and of who signs may be apart. */
  readonly leewaySeconds: number;
  /** A token is refused so long after it was issued, whatever its expiry says. */
  readonly maxAgeSeconds?: number;
}

/**
 * What an API key may be good for. `counts`: figures and channel names, nobody's id, name or email. `read`: whatever can be
 * read of rosters and users, figures too. `write`: messages, profiles, tokens and kicks. `admin`: the service itself.
 */
export const KEY_SCOPES = ['counts', 'read', 'write', 'admin'] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

export interface ApiKey {
  readonly hash: Buffer;
  readonly scopes: readonly KeyScope[];
  /** For people to tell keys apart by. */
  readonly name?: string;
}

/** How much of what clients control an app allows. */
export interface Limits {
  /** Requests with one API key, over all pods of the data centre; absent: any number. */
  readonly requestsPerMinute?: number;
  readonly usersPresencePerMinute: number;
  /** Socket events, per connection: so many a second, after a burst of so many at once. */
  readonly eventsPerSecond: number;
  readonly eventsBurst: number;
  /** Of those events, per connection; absent: no more than of any. As many may come at once. */
  readonly joinsPerSecond?: number;
  readonly messagesPerSecond?: number;
  /** Of a user's messages, counted for each connection that one goes to; visitors without a name share them. */
  readonly deliveriesPerSecond: number;
  /** The largest message of a connection, in bytes of its JSON. */
  readonly messageBytes: number;
  readonly channelsPerConnection: number;
  /** Active channels of a host, both kinds counted. */
  readonly channelsPerHost: number;
  readonly connectionsPerHost: number;
  /** Of one user to a host. */
  readonly connectionsPerUser: number;
  /** From one address to this app on one pod; absent: any number. */
  readonly connectionsPerIp?: number;
  /** Hosts with connections at one time, for an app that takes any host. */
  readonly hosts: number;
  /** Ids of JWTs that are kept as revoked at one time. */
  readonly revokedTokens: number;
}

export interface AppUser {
  readonly details: UserDetails;
  readonly tokenHashes: readonly Buffer[];
}

/** A tenant. Keys and tokens are kept as SHA-256 only. */
export interface App {
  readonly id: string;
  readonly hosts: readonly string[];
  /** The app takes every host that no app names exactly. */
  readonly anyHost: boolean;
  readonly apiKeys: readonly ApiKey[];
  readonly dialect: Dialect;
  readonly anonymous: boolean;
  /** `null`: any origin. */
  readonly origins: ReadonlySet<string> | null;
  readonly jwt: JwtRules | null;
  readonly presence: {
    /** Until it is set at run time. */
    readonly broadcastDisabled: boolean;
    /** Remember when users were last connected, for the app's back end. */
    readonly lastSeen: boolean;
  };
  readonly watch: { readonly emails: boolean };
  /** Who may join, watch and send to which channels; the first that fits counts. */
  readonly channels: readonly ChannelRule[];
  readonly limits: Limits;
  readonly users: ReadonlyMap<string, AppUser>;
}
