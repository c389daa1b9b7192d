import type { UserDetails } from '@rollcall/roster';

/** Which of the two documents of the `/message` family an app's clients were written for. */
export type Dialect = 'klai' | 'betterforms';

export interface JwtRules {
  readonly algorithms: readonly string[];
  readonly secret: Uint8Array;
  readonly issuer?: string;
  readonly audience?: string;
}

/** How much of what clients control an app allows. */
export interface Limits {
  readonly usersPresencePerMinute: number;
  /** Socket events, per connection: so many a second, after a burst of so many at once. */
  readonly eventsPerSecond: number;
  readonly eventsBurst: number;
  readonly channelsPerConnection: number;
  /** Hosts with connections at one time, for an app that takes any host. */
  readonly hosts: number;
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
  readonly apiKeyHashes: readonly Buffer[];
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
  readonly limits: Limits;
  readonly users: ReadonlyMap<string, AppUser>;
}
