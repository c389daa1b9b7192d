import { type RosterReader, RosterStore, type Timing, Views } from '@rollcall/roster';
import { Directory } from './roster-view';

export const REAL_TIME: Timing = {
  now: () => performance.now(),
  wait: (ms) => new Promise((resolve) => (ms === 0 ? setImmediate(resolve) : setTimeout(resolve, ms))),
};

export const viewsOf = (store: RosterReader, times = { reregisterMs: 1000, staleMaxMs: 30_000 }): Views =>
  new Views({
    store,
    ...(store instanceof RosterStore ? { own: store } : {}),
    profilesOf: () => new Directory(),
    isWritten: () => Promise.resolve(true),
    timing: REAL_TIME,
    times,
  });
