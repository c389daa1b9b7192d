import type { UserClaims } from '@rollcall/roster';
import type { Connection } from '../sockets/connection';
import type { Identity } from '../auth/identity';
import type { Trace } from './traces.service';

/** What connections of one erased user that were closed together leave behind on a host. */
export interface LeftBehind extends Trace {
  readonly connectionIds: ReadonlySet<string>;
  /** What their tokens said, by which they came in. */
  readonly claims: readonly UserClaims[];
  /** The last revocation that any of their tokens was held against. */
  readonly checkedAgainstMs: number;
  /** Ends when each of them is out of the store, or the store is away. */
  readonly whenLeft: Promise<unknown>;
  /** Whether something of them may still come to the store. */
  readonly isPending: () => boolean;
}

/** Of connections that were closed, one for each user and host. `isMeant`: whether somebody was erased since they were let in. */
export function leftBehindBy(
  connections: readonly Connection[],
  isMeant: (appId: string, user: Identity) => boolean,
): LeftBehind[] {
  const meant = new Map<string, { trace: Trace; of: { connection: Connection; user: Identity }[] }>();
  for (const connection of connections) {
    const { host, visitor } = connection;
    const { app, user } = visitor;
    if (user === null || !isMeant(app.id, user)) continue;
    // Neither has line feeds.
    const key = `${host}\n${user.id}`;
    const one = meant.get(key) ?? { trace: { appId: app.id, host, userId: user.id }, of: [] };
    one.of.push({ connection, user });
    meant.set(key, one);
  }
  return [...meant.values()].map(({ trace, of }) => ({
    ...trace,
    connectionIds: new Set(of.map(({ connection }) => connection.id)),
    claims: of.flatMap(({ connection }) => connection.claims ?? []),
    checkedAgainstMs: Math.max(...of.map(({ user }) => user.checkedAgainstMs)),
    whenLeft: Promise.all(of.flatMap(({ connection }) => connection.left ?? [])),
    isPending: () => of.some(({ connection: { id, roster } }) => roster.isPending(id)),
  }));
}
