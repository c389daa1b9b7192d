/*
 * What lists show of each user, as JSON, and when that last became another one. Written by the view that owns it. Lists
 * keep what they have made of the fragments, and ask here whether it still holds when they are next read: so the change of
 * a user costs the same in however many connections and channels the user is. Somebody who is in no list any more is
 * forgotten.
 */

/** What a list is made of: the fragment of each of its names. */
export interface Fragments {
  /** Grows with each change. */
  readonly version: number;
  of(name: string): string;
  /** Whether the name's fragment has changed after a version. */
  isNewerThan(version: number, name: string): boolean;
}

export class UserFragments implements Fragments {
  private changes = 0;
  private allChangedAt = 0;
  private readonly texts = new Map<string, string>();
  /** Only of those whose fragment has changed. */
  private readonly changedAt = new Map<string, number>();

  /** `write` says what a user's fragment is now. */
  constructor(private readonly write: (userId: string) => string) {}

  get version(): number {
    return this.changes;
  }

  of(userId: string): string {
    let text = this.texts.get(userId);
    if (text === undefined) {
      text = this.write(userId);
      this.texts.set(userId, text);
    }
    return text;
  }

  isNewerThan(version: number, userId: string): boolean {
    return this.allChangedAt > version || (this.changedAt.get(userId) ?? 0) > version;
  }

  /** Looks again at what is shown of a user; `false`: it is what it was, or nobody has been shown it. */
  refresh(userId: string): boolean {
    const before = this.texts.get(userId);
    if (before === undefined) return false;
    const text = this.write(userId);
    if (text === before) return false;
    this.changes += 1;
    this.texts.set(userId, text);
    this.changedAt.set(userId, this.changes);
    return true;
  }

  /** Whatever is shown of anybody may be another one. */
  refreshAll(): void {
    this.changes += 1;
    this.allChangedAt = this.changes;
    this.texts.clear();
    this.changedAt.clear();
  }

  /** The user is in no list any more. */
  forget(userId: string): void {
    this.texts.delete(userId);
    this.changedAt.delete(userId);
  }
}

/** The fragments of what belongs to users, or to nobody: each changes with its owner's. */
export class OwnedFragments implements Fragments {
  constructor(
    private readonly users: UserFragments,
    private readonly ownerOf: (name: string) => string | null,
    readonly of: (name: string) => string,
  ) {}

  get version(): number {
    return this.users.version;
  }

  isNewerThan(version: number, name: string): boolean {
    const owner = this.ownerOf(name);
    return owner !== null && this.users.isNewerThan(version, owner);
  }
}
