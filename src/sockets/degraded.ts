import type { Written } from '@rollcall/roster';

/** What an answer says of a change that the store has yet to be told of: it is away, and this pod keeps the change. */
export const degraded = (written: Written): { degraded?: true } => (written === 'degraded' ? { degraded: true } : {});
