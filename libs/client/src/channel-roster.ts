import type { ChannelChange, ChannelSnapshot, Member } from '@rollcall/contract';
import { sameFields } from './same-fields';

/** What has really changed in a channel: never empty. */
export interface ChannelDifference {
  readonly joined: readonly Member[];
  /** As they were last known. */
  readonly left: readonly Member[];
  /** Those who stayed, and whose name or another field is a new one. */
  readonly updated: readonly Member[];
  /** How many anonymous connections there are now. */
  readonly anonymous: number;
  /** All was told anew, and this is how it differs from what was known: what happened in between is not known. */
  readonly reset: boolean;
}

/** Who is in a channel, as far as was told. Ids are keys of a `Map`: `__proto__` is one like any other. */
export class ChannelRoster {
  private readonly members = new Map<string, Member>();
  private counted = 0;

  get users(): ReadonlyMap<string, Member> {
    return this.members;
  }

  get anonymous(): number {
    return this.counted;
  }

  /** Takes the snapshot in place of all that was known. */
  replace({ users, anonymous }: ChannelSnapshot): ChannelDifference | undefined {
    const before = new Map(this.members);
    const anonymousBefore = this.counted;
    // Emptied first, so that users stand in the snapshot's order.
    this.members.clear();
    for (const user of users) this.members.set(user.id, user);
    this.counted = anonymous;
    return this.difference(before, new Set([...before.keys(), ...this.members.keys()]), anonymousBefore, true);
  }

  apply({
    joined,
    left,
    anonymous,
  }: Pick<ChannelChange, 'joined' | 'left' | 'anonymous'>): ChannelDifference | undefined {
    const before = new Map<string, Member>();
    const touched = new Set([...left, ...joined.map(({ id }) => id)]);
    for (const id of touched) {
      const known = this.members.get(id);
      if (known !== undefined) before.set(id, known);
    }
    const anonymousBefore = this.counted;
    for (const id of left) this.members.delete(id);
    for (const user of joined) this.members.set(user.id, user);
    this.counted = anonymous;
    return this.difference(before, touched, anonymousBefore, false);
  }

  private difference(
    before: ReadonlyMap<string, Member>,
    ids: ReadonlySet<string>,
    anonymousBefore: number,
    reset: boolean,
  ): ChannelDifference | undefined {
    const [joined, left, updated]: [Member[], Member[], Member[]] = [[], [], []];
    for (const id of ids) {
      const [was, is] = [before.get(id), this.members.get(id)];
      if (was === undefined && is !== undefined) joined.push(is);
      else if (was !== undefined && is === undefined) left.push(was);
      else if (was !== undefined && is !== undefined && !sameFields(was, is)) updated.push(is);
    }
    const anonymous = this.counted;
    if (joined.length + left.length + updated.length === 0 && anonymous === anonymousBefore) return undefined;
    return { joined, left, updated, anonymous, reset };
  }
}
