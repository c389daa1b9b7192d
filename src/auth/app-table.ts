import type { App } from '../config/app';

/** The apps at one time, and who of them answers for which host. An exact host beats `*`. Frozen. */
export interface AppTable {
  readonly apps: readonly App[];
  readonly byHost: ReadonlyMap<string, App>;
  readonly anyHost: App | undefined;
}

export function tableOf(apps: readonly App[]): AppTable {
  const byHost = new Map(apps.flatMap((app) => app.hosts.map((host) => [host, app] as const)));
  const anyHost = byHost.get('*');
  byHost.delete('*');
  return Object.freeze({ apps: Object.freeze([...apps]), byHost, anyHost });
}

export const ownerOf = ({ byHost, anyHost }: AppTable, host: string): App | undefined => byHost.get(host) ?? anyHost;

/** Of whom the apps file says something else than before. */
export function* changedUsers(before: AppTable, after: AppTable): Iterable<readonly [appId: string, userId: string]> {
  for (const { id, users } of after.apps) {
    const known = before.apps.find((app) => app.id === id)?.users;
    for (const userId of new Set([...(known?.keys() ?? []), ...users.keys()])) {
      const [was, is] = [known?.get(userId)?.details, users.get(userId)?.details];
      if (JSON.stringify(was) !== JSON.stringify(is)) yield [id, userId];
    }
  }
}
