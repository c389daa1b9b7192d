/*
 * Users over several data centres, each once. Pure, but for letting others run in between: there may be a million.
 */

/** What is asked of a roster here. */
export interface Users {
  userIds(): Iterable<string>;
  hasUser(userId: string): boolean;
  /** How many there are. */
  readonly totals: { readonly users: number };
}

/** So many users take some milliseconds. */
const CHUNK = 20_000;

/** Users who are in any of the rosters. The largest one is not gone through: each of its users counts. */
export async function countDistinct(rosters: readonly Users[], breathe: () => Promise<void>): Promise<number> {
  const [largest, ...others] = [...rosters].sort((a, b) => b.totals.users - a.totals.users);
  if (largest === undefined) return 0;
  let count = largest.totals.users;
  let taken = 0;
  for (const [index, roster] of others.entries()) {
    const earlier = [largest, ...others.slice(0, index)];
    for (const userId of idsOf(roster)) {
      if (!earlier.some((other) => other.hasUser(userId))) count += 1;
      taken += 1;
      if (taken % CHUNK === 0) await breathe();
    }
  }
  return count;
}

/**
 * The first `limit` users after a user, by the order of their ids: who is connected while all pages are read is on one of
 * them, wherever else they come and go.
 */
export async function pageOfUsers(
  rosters: readonly Users[],
  after: string | undefined,
  limit: number,
  breathe: () => Promise<void>,
): Promise<string[]> {
  let page = new Set<string>();
  let last: string | undefined;
  let taken = 0;
  const trim = (): void => {
    const first = [...page].sort(byCodeUnits).slice(0, limit);
    page = new Set(first);
    last = first.length === limit ? first.at(-1) : undefined;
  };
  for (const roster of rosters) {
    for (const userId of idsOf(roster)) {
      if ((after === undefined || userId > after) && (last === undefined || userId < last)) page.add(userId);
      // Twice as many as wanted are sorted seldom enough.
      if (page.size >= 2 * limit) trim();
      taken += 1;
      if (taken % CHUNK === 0) await breathe();
    }
  }
  trim();
  return [...page];
}

/** All at once: a list that changes while it is gone through might skip somebody. */
const idsOf = (roster: Users): string[] => [...roster.userIds()];

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : 1);
