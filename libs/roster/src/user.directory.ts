import type { UserDetails } from './profile';
import type { RevokedTokens } from './revoked-tokens';

export interface StoredToken {
  /** SHA-256 of the token. */
  readonly hash: Buffer;
  /** Absent: nobody has noted it, so it counts as issued before anything else. */
  readonly issuedAtMs?: number;
  readonly expiresAtMs?: number;
}

/** What the directory knows of one user of an app. */
export interface DirectoryEntry {
  /** `undefined`: nothing was ever put. `null`: the user was erased. */
  readonly details: UserDetails | null | undefined;
  readonly tokens: readonly StoredToken[];
  /** When the user was erased last, by the clock of revocations; absent: never. */
  readonly erasedAtMs?: number;
  /** No token from before this moment counts, wherever it comes from; 0: none was ever revoked. */
  readonly revokedAtMs: number;
  /** No token that was issued before this moment counts; 0: none was revoked so. */
  readonly issuedBeforeMs: number;
}

/** What an app's back end has set at run time; where it says nothing, the apps file counts. */
export interface AppSettings {
  readonly broadcastDisabled?: boolean;
  /** When the app was told to speak of presence again, in ms by the clock of the pod that was asked. */
  readonly silentUntilMs?: number;
}

/** Of whom nothing is known. */
export const UNKNOWN_USER: DirectoryEntry = { details: undefined, tokens: [], revokedAtMs: 0, issuedBeforeMs: 0 };

/**
 * The moment of one more revocation. Never before, nor at, that of the last: pods' clocks differ, and what was let in
 * since the last one has to see that there was another.
 */
export const laterRevocation = ({ revokedAtMs }: DirectoryEntry, atMs: number): number =>
  Math.max(atMs, revokedAtMs + 1);

/** What is left of an entry when the user is erased. */
export function erased(entry: DirectoryEntry, atMs: number): DirectoryEntry {
  const revokedAtMs = laterRevocation(entry, atMs);
  return { ...entry, details: null, tokens: [], revokedAtMs, erasedAtMs: revokedAtMs };
}

/** What is left of an entry's tokens when those are revoked that were issued before a moment. */
export function withoutEarlier(entry: DirectoryEntry, issuedBeforeMs: number): DirectoryEntry {
  if (issuedBeforeMs <= entry.issuedBeforeMs) return entry;
  const tokens = entry.tokens.filter(({ issuedAtMs = 0 }) => issuedAtMs >= issuedBeforeMs);
  return { ...entry, tokens, issuedBeforeMs };
}

/** What limits one more token: those that have expired by `nowMs`, or are from before `issuedBeforeMs`, take no room. */
export interface TokenRoom {
  readonly nowMs: number;
  readonly issuedBeforeMs: number;
  readonly most: number;
}

/** An entry with one more token, and without those that count no more; itself, if there is no room. */
export function withToken(entry: DirectoryEntry, token: StoredToken, room: TokenRoom): DirectoryEntry {
  const kept = entry.tokens.filter(
    ({ issuedAtMs = 0, expiresAtMs = Infinity }) => room.nowMs < expiresAtMs && issuedAtMs >= room.issuedBeforeMs,
  );
  return kept.length < room.most ? { ...entry, tokens: [...kept, token] } : entry;
}

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

  /** What time it is, by the one clock that all pods share, in ms. @throws StoreUnavailable */
  abstract nowMs(app: string): Promise<number>;

  /** Whether anything is at hand for the app, if only from before. */
  abstract isLoaded(app: string): boolean;

  abstract find(app: string, userId: string): DirectoryEntry | undefined;

  /** The ids of all users that are in the directory. */
  abstract userIds(app: string): Iterable<string>;

  /** Creates or replaces the details. */
  abstract put(app: string, userId: string, details: UserDetails): Promise<void>;

  /** Forgets details and tokens, and remembers only that the user was erased, and when. */
  abstract erase(app: string, userId: string, atMs: number): Promise<void>;

  /**
   * Adds a token, and drops those that have expired by `nowMs` or were revoked for everybody. At most `most` are kept at one
   * time: `false` if there are so many already, and then nothing was done.
   */
  abstract addToken(app: string, userId: string, token: StoredToken, nowMs: number, most?: number): Promise<boolean>;

  /** Drops all tokens and refuses those from elsewhere that were issued until now. */
  abstract revokeTokens(app: string, userId: string, atMs: number): Promise<void>;

  /** Drops and refuses the user's tokens, or with `null` those of everybody, that were issued before a moment. */
  abstract revokeTokensBefore(app: string, userId: string | null, issuedBeforeMs: number): Promise<void>;

  /**
   * Refuses one JWT, by its id, until `keptUntilMs` (`Infinity`: for good), when it has expired by itself. At most `most`
   * are kept at one time: `false` if there are so many already, and then nothing was done.
   */
  abstract revokeToken(app: string, jti: string, keptUntilMs: number, most: number): Promise<boolean>;

  /** What is at hand of what was revoked without regard to a user. */
  abstract revokedTokens(app: string): RevokedTokens & { nextTrimMs(): number };

  /**
   * Forgets revoked ids whose tokens have expired both by `nowMs` and by the clock that all pods share: a pod that is ahead
   * forgets nothing for the others, and one that is behind nothing that it would still take. @throws StoreUnavailable
   */
  abstract trim(nowMs: number): Promise<void>;

  /** The app's settings as far as they are at hand. */
  abstract settings(app: string): AppSettings;

  /** Replaces the settings. */
  abstract putSettings(app: string, settings: AppSettings): Promise<void>;

  /** Calls `listener` when the settings at hand have become others, on every pod. */
  abstract onSettings(listener: (app: string) => void): void;

  /** Calls `listener` after each change of what is at hand of a user, on every pod; not for what is read again unchanged. */
  abstract onChange(listener: (app: string, userId: string) => void): void;

  /** The same for what is revoked without regard to a user. */
  abstract onRevocation(listener: (app: string) => void): void;
}
