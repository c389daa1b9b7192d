/** Whose presence is meant: everybody's, or that of these ids. */
export type Users = 'everybody' | ReadonlySet<string>;

export const NOBODY: Users = new Set<string>();

export const has = (users: Users, id: string): boolean => users === 'everybody' || users.has(id);

export const isNobody = (users: Users): boolean => users !== 'everybody' && users.size === 0;

export const together = (one: Users, other: Users): Users =>
  one === 'everybody' || other === 'everybody' ? 'everybody' : new Set([...one, ...other]);

export const shared = (one: Users, other: Users): Users =>
  one === 'everybody' ? other : other === 'everybody' ? one : those(one, (id) => other.has(id));

export const without = (users: Users, gone: Users): Users =>
  users === 'everybody' || gone === 'everybody' ? NOBODY : those(users, (id) => !gone.has(id));

export const those = (ids: Iterable<string>, meant: (id: string) => boolean): ReadonlySet<string> =>
  new Set([...ids].filter(meant));
