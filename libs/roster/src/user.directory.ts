import type { UserDetails } from './profile';

export interface StoredToken {
  /** SHA-256 of the token. */
  readonly hash: Buffer;
  readonly expiresAtMs?: number;
}

/** What the directory knows of one user of an app. */
export interface DirectoryEntry {
  /** `undefined`: nothing was ever put. `null`: the user was erased. */
  readonly details: UserDetails | null | undefined;
  readonly tokens: readonly StoredToken[];
  /** No token from before this moment counts, wherever it comes from; 0: none was ever revoked. */
  readonly revokedAtMs: number;
}

/** What an app's back end has set at run time; where it says nothing, the apps file counts. */
export interface AppSettings {
  readonly broadcastDisabled?: boolean;
}

/** Of whom nothing is known. */
export const UNKNOWN_USER: DirectoryEntry = { details: undefined, tokens: [], revokedAtMs: 0 };

/**
 * The moment of one more revocation. Never before, nor at, that of the last: pods' clocks differ, and what was let in
 * since the last one has to see that there was another.
 */
export const laterRevocation = ({ revokedAtMs }: DirectoryEntry, atMs: number): number =>
  Math.max(atMs, revokedAtMs + 1);

/**
 * Users as the app's back end has written them: profiles and opaque tokens, per app; and the app's own settings. Finding is
 * at hand, because every answer needs it; writing resolves when the store has it.
 */
export abstract class UserDirectory {
  /**
   * Brings what is at hand up to date: afterwards `find` and `settings` know everything that was acknowledged before the call, on any
   * pod. @throws StoreUnavailable; what is at hand is then from before.
   */
  abstract refresh(app: string): Promise<void>;

  /** Whether anything is at hand for the app, if only from before. */
  abstract isLoaded(app: string): boolean;

  abstract find(app: string, userId: string): DirectoryEntry | undefined;

  /** The ids of all users that are in the directory. */
  abstract userIds(app: string): Iterable<string>;

  /** Creates or replaces the details. */
  abstract put(app: string, userId: string, details: UserDetails): Promise<void>;

  /** Forgets details and tokens, and remembers only that the user was erased, and when. */
  abstract erase(app: string, userId: string, atMs: number): Promise<void>;

  /** Adds a token, and drops those that have expired by `nowMs`. */
  abstract addToken(app: string, userId: string, token: StoredToken, nowMs: number): Promise<void>;

  /** Drops all tokens and refuses those from elsewhere that were issued until now. */
  abstract revokeTokens(app: string, userId: string, atMs: number): Promise<void>;

  /** The app's settings as far as they are at hand. */
  abstract settings(app: string): AppSettings;

  /** Replaces the settings. */
  abstract putSettings(app: string, settings: AppSettings): Promise<void>;

  /** Calls `listener` when the settings at hand have become others, on every pod. */
  abstract onSettings(listener: (app: string) => void): void;

  /** Calls `listener` after each change of what is at hand of a user, on every pod; not for what is read again unchanged. */
  abstract onChange(listener: (app: string, userId: string) => void): void;
}
