import {
  completeProfile,
  type LogEntry,
  MemoryRosterStore,
  type Profile,
  type Profiles,
  RosterView,
  type UserClaims,
  type UserDetails,
} from '@rollcall/roster';
import { Writer } from './roster-store';

export const GRACE_MS = 3000;
/** Far from 0, so that nothing passes for being old by accident. */
export const START_MS = Date.UTC(2026, 10, 20);
const HOST = 'a.example';

/** Profiles that a test changes at will. */
export class Directory implements Profiles {
  readonly details = new Map<string, UserDetails>();

  profileOf(userId: string, claims: UserClaims | null): Profile {
    return completeProfile(userId, this.details.get(userId), claims);
  }

  *bots(): Iterable<string> {
    for (const [userId, { bot }] of this.details) if (bot) yield userId;
  }
}

/** A memory store, a pod that writes to it, and a view that follows. */
export class FollowedView {
  nowMs = START_MS;
  readonly directory = new Directory();
  readonly store = new MemoryRosterStore({ now: () => this.nowMs, offlineGraceMs: GRACE_MS });
  readonly pod = new Writer(this.store, HOST, 'pod-1');
  readonly view = new RosterView(this.directory);
  readonly entries: LogEntry[] = [];

  static async open(): Promise<FollowedView> {
    const followed = new FollowedView();
    await followed.store.follow(HOST, (entry) => {
      followed.entries.push(entry);
      if (!followed.view.apply(entry)) throw new Error('The view refused an entry of its store.');
    });
    followed.view.load(await followed.store.snapshot(HOST));
    return followed;
  }

  /** A second view, which has followed nothing. */
  async fresh(): Promise<RosterView> {
    const view = new RosterView(this.directory);
    view.load(await this.store.snapshot(HOST));
    return view;
  }
}

export const parsed = (json: Buffer | string): unknown => JSON.parse(json.toString());
