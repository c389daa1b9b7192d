/** The statuses that a user can choose and be shown with. */
export const STATUSES = ['online', 'away', 'busy', 'offline'] as const;
export type Status = (typeof STATUSES)[number];

/** A member of an authenticated channel, as the `/message` family lists it. */
export interface ChannelUser {
  readonly id: string;
  readonly email: string | null;
}

/** A member of an authenticated channel, as browsers see one. */
export interface Member {
  readonly id: string;
  readonly username: string;
  readonly name: string;
  /** Only if the app says `watch.emails`. */
  readonly email?: string | null;
}

/** One user of `users.presence`. A field that is not set is absent, never null. */
export interface PresenceRow {
  readonly _id: string;
  readonly name: string;
  readonly username: string;
  readonly status: Status;
  readonly utcOffset: number;
  readonly avatarETag?: string;
  readonly statusText?: string;
}

/** The longest status text, in UTF-16 units: the limit that Rocket.Chat's clients know. */
export const STATUS_TEXT_MAX_LENGTH = 120;
