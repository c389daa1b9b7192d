import type { Timing } from '@rollcall/roster';

/** Pods notice a loss with their next beat, and need a moment more to write what they own. */
export const REREGISTER_SLACK_MS = 500;

/** How often what nobody uses any more is let go. A view survives one round without a question. */
export const TIDY_EVERY_MS = 60_000;

export const REAL_TIME: Timing = {
  now: () => performance.now(),
  wait: (ms) => new Promise((resolve) => (ms === 0 ? setImmediate(resolve) : setTimeout(resolve, ms))),
};

/** The same, but nobody waits for it when the process ends. */
export const QUIET_TIME: Timing = {
  now: REAL_TIME.now,
  wait: (ms) => new Promise((resolve) => (ms === 0 ? setImmediate(resolve) : setTimeout(resolve, ms).unref())),
};
