/* The shared library's store, as the service sets it up, for processes that have no sockets. */
import { connectRedis, RedisLink, RedisRosterStore } from '@rollcall/redis';
import { completeProfile, type Profiles, type Timing } from '@rollcall/roster';

/** What a pod with default settings puts before every key. */
export const PREFIX = 'rollcall:local';

const TIMEOUT_MS = 20_000;

/** Nobody beats for what is written here, and it shall outlast the row; a longer lease would count as one of a clock set back. */
const LEASE_MS = 590_000;

export interface OwnStore {
  readonly store: RedisRosterStore;
  readonly close: () => Promise<void>;
}

export async function openStore(redisUrl: string): Promise<OwnStore> {
  const onError = (error: Error): void => console.error(error);
  const link = new RedisLink(connectRedis({ urls: [redisUrl], timeoutMs: TIMEOUT_MS, onError }), TIMEOUT_MS);
  const store = new RedisRosterStore({ link, prefix: PREFIX, leaseMs: LEASE_MS, graceMs: 3000 });
  await connected(store);
  return { store, close: () => link.close() };
}

/** Commands fail while there is no connection yet. */
async function connected(store: RedisRosterStore): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await store.checkFormat();
    } catch (error) {
      if (tries >= 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

export const REAL_TIME: Timing = {
  now: () => performance.now(),
  wait: (ms) => new Promise((resolve) => (ms === 0 ? setImmediate(resolve) : setTimeout(resolve, ms))),
};

/** Profiles as tokens give them: there is no directory. */
export const CLAIMED: Profiles = {
  profileOf: (userId, claims) => completeProfile(userId, undefined, claims),
  bots: () => new Set(),
};
