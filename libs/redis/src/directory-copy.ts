/*
 * What a pod has at hand of one app's users: what Redis has told, and where Redis has forgotten a revocation or an
 * erasure, that over it; and of the app's settings, which Redis alone knows. `FollowedApp` alone writes to it, from one
 * reading at a time; it is as old as the last one, and ends with the pod. It holds no user but those that Redis has or has
 * forgotten a revocation of.
 */
import {
  type AppSettings,
  type DirectoryEntry,
  UNKNOWN_USER,
  type UserDetails,
  withoutEarlier,
} from '@rollcall/roster';

interface EntryText {
  /** `null`: erased. Absent: never put. */
  readonly details?: UserDetails | null;
  readonly tokens: [hash: string, expiresAtMs: number | null, issuedAtMs?: number][];
  readonly revokedAtMs: number;
  readonly issuedBeforeMs?: number;
  readonly erasedAtMs?: number;
}

interface Kept {
  /** By which what is read again is known to be the same. */
  readonly text: string;
  readonly entry: DirectoryEntry;
}

export interface Owed {
  readonly userId: string;
  /** What Redis has instead; `null`: nothing. */
  readonly seen: string | null;
  readonly text: string;
}

export class DirectoryCopy {
  private readonly kept = new Map<string, Kept>();
  /** Of whose revocation Redis knows less, and what it was seen to have. All of them are kept, so these are not more. */
  private readonly behind = new Map<string, string | null>();

  private settingsText: string | null = null;
  private appSettings: AppSettings = {};

  constructor(
    private readonly changed: (userId: string) => void,
    private readonly settingsChanged: () => void,
  ) {}

  get settings(): AppSettings {
    return this.appSettings;
  }

  /** Takes what Redis has of the settings; `null`: nothing. */
  takeSettings(stored: string | null): void {
    if (stored === this.settingsText) return;
    this.settingsText = stored;
    this.appSettings = stored === null ? {} : (JSON.parse(stored) as AppSettings);
    this.settingsChanged();
  }

  find(userId: string): DirectoryEntry | undefined {
    return this.kept.get(userId)?.entry;
  }

  userIds(): Iterable<string> {
    return this.kept.keys();
  }

  /** Whether Redis, of whose table there are so many fields, has all that it has told: none of them is ever taken out. */
  isWhole(count: number): boolean {
    const told = this.kept.size - absent(this.behind) + (this.settingsText === null ? 0 : 1);
    return count >= told;
  }

  /** What Redis should have, and has not. */
  owed(): Owed[] {
    return [...this.behind].map(([userId, seen]) => ({ userId, seen, text: this.kept.get(userId)?.text ?? '' }));
  }

  /** Takes what Redis has of a user; `null`: nothing. */
  take(userId: string, stored: string | null): void {
    const known = this.kept.get(userId);
    if (stored === (known?.text ?? null)) {
      this.behind.delete(userId);
      return;
    }
    const told = decodeUser(stored);
    const entry = withoutLoss(told, known?.entry);
    if (entry !== told) this.behind.set(userId, stored);
    else this.behind.delete(userId);
    const text = entry === told ? stored : encodeUser(entry);
    if (text === known?.text) return;
    if (text === null) this.kept.delete(userId);
    else this.kept.set(userId, { text, entry });
    this.changed(userId);
  }

  /** What there is to build upon where Redis has `stored`. */
  heldAgainst(userId: string, stored: string | null): DirectoryEntry {
    return withoutLoss(decodeUser(stored), this.find(userId));
  }
}

/** Of how many things that Redis should have it has nothing. */
export function absent(behind: ReadonlyMap<string, string | null>): number {
  let count = 0;
  for (const seen of behind.values()) if (seen === null) count += 1;
  return count;
}

/**
 * `told` itself, unless it knows of fewer revocations. Then it is from before one, or was written by somebody who had
 * not heard of it: none of its tokens can be told from one that was revoked, so none counts. Its profile does, but an
 * erased one must not come back.
 */
function withoutLoss(told: DirectoryEntry, known: DirectoryEntry | undefined): DirectoryEntry {
  if (known === undefined) return told;
  if (told.revokedAtMs >= known.revokedAtMs) {
    // Written over nothing, by somebody who had not heard of the erasure: after one something else would be there.
    const isErased = told.details === undefined && known.details === null;
    const kept = isErased ? { ...told, details: null, erasedAtMs: known.erasedAtMs } : told;
    return withoutEarlier(kept, known.issuedBeforeMs);
  }
  const details = known.details === null ? null : told.details;
  const { revokedAtMs, erasedAtMs = told.erasedAtMs } = known;
  const held = { ...told, details, tokens: [], revokedAtMs, ...(erasedAtMs === undefined ? {} : { erasedAtMs }) };
  return withoutEarlier(held, known.issuedBeforeMs);
}

/**
 * Whether what is written over `stored` lets somebody do more or less than before, also over connections that are there.
 * Held against what Redis had, for other pods may know no more. The apps file, which is not known here, counts for whom
 * no profile was ever written: their first one may take a role away without naming any.
 */
export function changesAccess(stored: string | null, entry: DirectoryEntry): boolean {
  const before = decodeUser(stored);
  return (
    entry.revokedAtMs > before.revokedAtMs ||
    entry.issuedBeforeMs > before.issuedBeforeMs ||
    (entry.details === undefined) !== (before.details === undefined) ||
    entry.details?.role !== before.details?.role
  );
}

export function encodeUser({ details, tokens, revokedAtMs, issuedBeforeMs, erasedAtMs }: DirectoryEntry): string {
  const text: EntryText = {
    ...(details === undefined ? {} : { details }),
    tokens: tokens.map(({ hash, expiresAtMs = null, issuedAtMs = 0 }) => [
      hash.toString('base64'),
      expiresAtMs,
      issuedAtMs,
    ]),
    revokedAtMs,
    ...(issuedBeforeMs === 0 ? {} : { issuedBeforeMs }),
    ...(erasedAtMs === undefined ? {} : { erasedAtMs }),
  };
  return JSON.stringify(text);
}

function decodeUser(stored: string | null): DirectoryEntry {
  if (stored === null) return UNKNOWN_USER;
  const { details, tokens, revokedAtMs, issuedBeforeMs = 0, erasedAtMs } = JSON.parse(stored) as EntryText;
  return {
    details,
    tokens: tokens.map(([hash, expiresAtMs, issuedAtMs = 0]) => ({
      hash: Buffer.from(hash, 'base64'),
      ...(issuedAtMs === 0 ? {} : { issuedAtMs }),
      ...(expiresAtMs === null ? {} : { expiresAtMs }),
    })),
    revokedAtMs,
    issuedBeforeMs,
    ...(erasedAtMs === undefined ? {} : { erasedAtMs }),
  };
}
