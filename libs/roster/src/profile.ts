/** What a token says of its user; it fills what the directory leaves open. */
export interface UserClaims {
  readonly email?: string;
  readonly username?: string;
  readonly name?: string;
}

export const ROLES = ['user', 'admin'] as const;
/** `admin`: may set other users' statuses, and enable the broadcast of presence. */
export type Role = (typeof ROLES)[number];

/** What an app has laid down about a user, in its apps file or over REST. */
export interface UserDetails extends UserClaims {
  /** Hours east of UTC. */
  readonly utcOffset?: number;
  readonly avatarETag?: string;
  /** A bot is online always and enters no delta. */
  readonly bot?: boolean;
  /** Absent: what the user's token says, else `user`. */
  readonly role?: Role;
}

/** A user as answers show them: nothing missing but what was never set. */
export interface Profile {
  readonly id: string;
  readonly email: string | null;
  readonly username: string;
  readonly name: string;
  readonly utcOffset: number;
  readonly avatarETag?: string;
  readonly bot: boolean;
  readonly role?: Role;
}

/** The details win, claims fill the gaps, and the id stands in for a missing username, the username for a missing name. */
export function completeProfile(
  id: string,
  details: UserDetails | undefined,
  claims: UserClaims | null | undefined,
): Profile {
  const username = details?.username ?? claims?.username ?? id;
  return {
    id,
    email: details?.email ?? claims?.email ?? null,
    username,
    name: details?.name ?? claims?.name ?? username,
    utcOffset: details?.utcOffset ?? 0,
    ...(details?.avatarETag === undefined ? {} : { avatarETag: details.avatarETag }),
    bot: details?.bot ?? false,
    ...(details?.role === undefined ? {} : { role: details.role }),
  };
}

/** Where a view learns profiles from. The source tells each view of a change by `profileChanged`. */
export interface Profiles {
  profileOf(userId: string, claims: UserClaims | null): Profile;
  /** The ids of all bots of the app, connected or not. */
  bots(): ReadonlySet<string>;
}
