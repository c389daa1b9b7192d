/* What the map must say while a pod is killed: nobody of the pods that live is missing, and whoever is gone stays gone. */
import { userId } from './dialect';
import type { Check } from './large-load';

interface User {
  readonly id: string;
}

/**
 * `survives` tells whose pod lives. Answers to several callers may overtake each other, so an answer is held against
 * those that had come when it was asked for.
 */
export function survivingMapCheck(
  connections: number,
  survives: (user: number) => boolean,
): Check & { left(): number } {
  const living = Array.from({ length: connections }, (_, user) => user)
    .filter(survives)
    .map(userId);
  const shown = [{ atMs: -Infinity, users: connections }];
  let last: { readonly body: Buffer; readonly users: number } | undefined;
  const fewest = (): number => shown.at(-1)?.users ?? connections;
  const check: Check = (status, body, askedAtMs) => {
    if (status < 200 || status >= 300) return false;
    const users = last?.body.equals(body) === true ? last.users : usersOf(body, living);
    if (users === undefined || users > (shown.findLast(({ atMs }) => atMs <= askedAtMs)?.users ?? connections))
      return false;
    last = { body, users };
    if (users < fewest()) shown.push({ atMs: performance.now(), users });
    return true;
  };
  return Object.assign(check, { left: fewest });
}

/** How many are there; `undefined`: somebody is missing who must not, or lists and tabs tell of different moments. */
function usersOf(body: Buffer, living: readonly string[]): number | undefined {
  const map = JSON.parse(body.toString()) as Record<string, unknown>;
  const there = new Set(((map.authenticated ?? []) as User[]).map(({ id }) => id));
  const tabs = Object.keys(map).filter((name) => name.startsWith('tab|')).length;
  return tabs === there.size && living.every((id) => there.has(id)) ? there.size : undefined;
}
