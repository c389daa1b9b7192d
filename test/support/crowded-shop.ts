/* The shop on several pods with one Redis, and what they answer. */
import type { Faces } from './faces';
import { type RunningRedis, startRedis } from './redis-server';
import { appsFile } from './rollcall';
import { jwtOf, shop, type WrittenApp } from './shop';
import type { Tab, TabOptions } from './tab';
import { stopAfterTest } from './teardown';

const SECRET = 'crowd-secret-crowd-secret-crowd-secret';

/** The shop, whose users may also come with a JWT, and which counts nobody's requests. */
export const crowdedShop = (more: Partial<WrittenApp> = {}): WrittenApp =>
  shop({
    jwt: { algorithms: ['HS256'], secret: SECRET },
    limits: { usersPresencePerMinute: 100_000_000, eventsPerSecond: 100_000, eventsBurst: 100_000 },
    ...more,
  });

/** A Redis of the test's own, which ends after the pods that the test starts. */
export async function redisOfTest(): Promise<RunningRedis> {
  const redis = await startRedis();
  stopAfterTest(() => redis.stop());
  return redis;
}

/** What a pod process of the crowded shop needs to know. */
export const podEnvironment = (redis: RunningRedis): Record<string, string> => ({
  REDIS_URL: redis.url,
  APPS_FILE: appsFile({ apps: [crowdedShop()] }),
});

/** How a user whom nobody has registered opens a tab. */
export const guest = (userId: string): TabOptions => ({
  token: jwtOf({ sub: userId, email: `${userId}@example.com` }, SECRET),
});

/** So many tabs, a hundred at a time. */
export async function openMany(pod: Faces, count: number, optionsOf: (n: number) => TabOptions): Promise<Tab[]> {
  const tabs: Tab[] = [];
  while (tabs.length < count) {
    const some = Array.from({ length: Math.min(100, count - tabs.length) }, (_, n) => tabs.length + n);
    tabs.push(...(await Promise.all(some.map((n) => pod.open(optionsOf(n))))));
  }
  return tabs;
}

/** The whole channel map, as the pod answers it, with lists in their order. */
export async function mapOf(pod: Faces): Promise<Record<string, unknown>> {
  const { status, json, headers } = await pod.message('users');
  expect(status).toBe(201);
  expect(headers).not.toHaveProperty('x-rollcall-stale');
  return json as Record<string, unknown>;
}

/** The ids of the tabs that the pod shows, sorted. */
export async function tabsOn(pod: Faces): Promise<string[]> {
  const names = Object.keys(await mapOf(pod));
  return names.flatMap((name) => (name.startsWith('tab|') ? name.slice(4) : [])).sort();
}

/** Who is not offline, bots aside, and how. */
export async function presentOn(pod: Faces): Promise<Map<string, string>> {
  const { status, json } = await pod.presence();
  expect(status).toBe(200);
  const { users } = json as { users: { _id: string; status: string; statusText?: string }[] };
  const shown = users.map(({ _id, status: now, statusText = '' }) => [_id, `${now} ${statusText}`.trim()] as const);
  return new Map(shown.filter(([userId]) => userId !== 'cat'));
}
