/* Roster stores on a real Redis, each with keys of its own. */
import {
  connectRedis,
  RedisLink,
  RedisRosterStore,
  type RedisRosterStoreOptions,
  type RedisSettings,
} from '@rollcall/redis';
import { randomUUID } from 'node:crypto';
import { eventually } from './eventually';
import { HOST, isMadeUp, OFFLINE_GRACE_MS, remembersSeen, type RosterStoreHarness } from './roster-store';

/** Long after any real clock: the time of `HOST` then moves by what was shown alone. */
const FROZEN_MS = Date.UTC(2100, 0, 1);

const TIMEOUT_MS = 2000;

export type RedisAddress = Pick<RedisSettings, 'urls' | 'sentinels'>;

export function connectLink(address: RedisAddress, timeoutMs = TIMEOUT_MS): RedisLink {
  // Broken connections are mended; a command that suffers from one fails for itself.
  const port = connectRedis({ ...address, timeoutMs, onError: () => undefined });
  return new RedisLink(port, timeoutMs);
}

export interface RedisRoster {
  readonly store: RedisRosterStore;
  /** Read with each call, so it may be changed. */
  readonly options: { leaseMs: number };
}

export function redisRosterOn(
  link: RedisLink,
  prefix = `test-${randomUUID()}`,
  more: Partial<RedisRosterStoreOptions> = {},
): RedisRoster {
  const options = { link, prefix, leaseMs: 60_000, graceMs: OFFLINE_GRACE_MS, ...more };
  return { store: new RedisRosterStore(options), options };
}

/** What the contract needs, over a connection that is the caller's. */
export async function redisHarness(link: RedisLink): Promise<RosterStoreHarness & RedisRoster> {
  const { store, options } = redisRosterOn(link, undefined, { remembersSeen, isMadeUp });
  await eventually(() => store.checkFormat(), { within: 10_000 });
  await store.now(HOST, FROZEN_MS);
  return {
    store,
    options,
    leasesLast: (ms) => {
      options.leaseMs = ms;
    },
    advanceClock: async (ms) => {
      const { atMs } = await store.head(HOST);
      await store.now(HOST, atMs + ms);
    },
    turnBackClock: undefined,
    close: () => Promise.resolve(),
  };
}
