/*
 * What a pod has at hand of the tokens of one app that were revoked without regard to a user: all that Redis has ever told,
 * until it is trimmed. `FollowedApp` alone writes to it, from one reading at a time. What Redis has forgotten of it is
 * owed, and it ends with the pod.
 */
import { RevokedTokenSet } from '@rollcall/roster';
import { decodeName, encodeName } from './codec';
import { absent } from './directory-copy';

/** The field that says before when everything counts as revoked; those of ids begin with a quotation mark. */
export const ISSUED_BEFORE = 'before';

export interface OwedField {
  readonly field: string;
  /** What Redis has instead; `null`: nothing. */
  readonly seen: string | null;
  readonly text: string;
}

export class RevokedCopy {
  readonly tokens = new RevokedTokenSet();
  /** Of which Redis knows less, and what it was seen to have. */
  private readonly behind = new Map<string, string | null>();
  /** So many ids other pods may have taken out of Redis before this one has forgotten them. */
  private expiredElsewhere = 0;

  constructor(private readonly changed: () => void) {}

  *fields(): Iterable<string> {
    if (this.tokens.issuedBeforeMs > 0) yield ISSUED_BEFORE;
    for (const jti of this.tokens.ids()) yield encodeName(jti);
  }

  /** What is known of a field, in ms; 0: nothing. */
  valueOf(field: string): number {
    if (field === ISSUED_BEFORE) return this.tokens.issuedBeforeMs;
    return this.tokens.keptUntilMs(decodeName(field)) ?? 0;
  }

  /** Takes what Redis has of a field; `null`: nothing. */
  take(field: string, stored: string | null): void {
    const told = decodeMoment(stored);
    if (told < this.valueOf(field)) {
      this.behind.set(field, stored);
      return;
    }
    this.behind.delete(field);
    if (stored !== null && this.keep(field, told)) this.changed();
  }

  /**
   * Whether Redis, of whose table there are so many fields, has all that it has told. It is without those that have expired
   * by its clock: with `nowMs` they are counted anew.
   */
  isWhole(count: number, nowMs?: number): boolean {
    if (nowMs !== undefined) this.expiredElsewhere = this.tokens.expired(nowMs).length;
    const told = this.tokens.size - absent(this.behind) + (this.tokens.issuedBeforeMs > 0 ? 1 : 0);
    return count >= told - this.expiredElsewhere;
  }

  /** What Redis should have, and has not. */
  owed(): OwedField[] {
    return [...this.behind].map(([field, seen]) => ({ field, seen, text: encodeMoment(this.valueOf(field)) }));
  }

  /** The ids whose tokens have expired by themselves, with what Redis has of them, as far as is known. */
  expired(nowMs: number): [field: string, text: string][] {
    return this.tokens.expired(nowMs).map(([jti, untilMs]) => [encodeName(jti), encodeMoment(untilMs)]);
  }

  trim(nowMs: number): void {
    for (const [field] of this.expired(nowMs)) this.behind.delete(field);
    this.tokens.trim(nowMs);
    this.expiredElsewhere = 0;
  }

  private keep(field: string, ms: number): boolean {
    return field === ISSUED_BEFORE ? this.tokens.revokeBefore(ms) : this.tokens.revoke(decodeName(field), ms);
  }
}

/** `null` in JSON is for good. */
export const encodeMoment = (ms: number): string => JSON.stringify(ms);

export const decodeMoment = (stored: string | null): number =>
  stored === null ? 0 : ((JSON.parse(stored) as number | null) ?? Infinity);
