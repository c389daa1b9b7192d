import {
  completeProfile,
  type LogEntry,
  MemoryRosterStore,
  type Profile,
  type Profiles,
  RosterView,
  type Timing,
  type UserClaims,
  type UserDetails,
} from '@rollcall/roster';
import { HOST, listening, Writer } from './roster-store';

export const GRACE_MS = 3000;
/** Far from 0, so that nothing passes for being old by accident. */
export const START_MS = Date.UTC(2026, 10, 20);

/** Waits for nothing but what is under way. */
export const IMMEDIATE: Timing = {
  now: () => performance.now(),
  wait: () => new Promise((resolve) => setImmediate(resolve)),
};

/** Loads a view with what the store has now. */
export async function loadView(view: RosterView, store: MemoryRosterStore): Promise<RosterView> {
  await view.load(await store.snapshot(HOST), 2, () => IMMEDIATE.wait(0));
  return view;
}

/** Profiles that a test changes at will. */
export class Directory implements Profiles {
  readonly details = new Map<string, UserDetails>();

  profileOf(userId: string, claims: UserClaims | null): Profile {
    return completeProfile(userId, this.details.get(userId), claims);
  }

  bots(): ReadonlySet<string> {
    return new Set([...this.details].flatMap(([userId, { bot }]) => (bot === true ? [userId] : [])));
  }
}

/** A memory store, a pod that writes to it, and a view that follows. */
export class Followed {
  nowMs = START_MS;
  readonly directory = new Directory();
  readonly store = new MemoryRosterStore({ now: () => this.nowMs, graceMs: GRACE_MS, leaseMs: 6000 });
  readonly pod = new Writer(this.store, HOST, 'pod-1');
  readonly view = new RosterView(this.directory);
  readonly entries: LogEntry[] = [];

  static async open(): Promise<Followed> {
    const followed = new Followed();
    const take = (entry: LogEntry): void => {
      followed.entries.push(entry);
      if (!followed.view.apply(entry)) throw new Error('The view refused an entry of its store.');
    };
    await followed.store.follow(HOST, listening(take));
    await loadView(followed.view, followed.store);
    return followed;
  }

  /** A second view, which has followed nothing. */
  async fresh(): Promise<RosterView> {
    return loadView(new RosterView(this.directory), this.store);
  }
}

export const parsed = (json: Buffer | string): unknown => JSON.parse(json.toString());
