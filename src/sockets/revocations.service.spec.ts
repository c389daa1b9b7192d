import { setTimeout as sleep } from 'node:timers/promises';
import type { Accounts } from '../auth/accounts.service';
import type { Apps } from '../auth/apps.service';
import type { Connection } from './connection';
import { Connections } from './connections.service';
import { Revocations } from './revocations.service';

const LOOK_MS = 10;

describe('Revocations', () => {
  let connections: Connections;
  let changed: (appId: string, userId: string) => void;
  let revoked: (appId: string) => void;
  let closed: string[];
  let looks: number;
  const bad = new Set<string>();

  beforeEach(() => {
    bad.clear();
    closed = [];
    looks = 0;
    connections = new Connections();
    for (const [id, userId, appId] of [
      ['t1', 'ada', 'shop'],
      ['t2', 'ada', 'other'],
      ['t3', 'bob', 'shop'],
    ] as const) {
      const visitor = { app: { id: appId }, user: { id: userId } };
      const socket = { disconnect: () => closed.push(id) };
      connections.add({ id, host: 'a.example', visitor, socket } as unknown as Connection);
    }
    const values = connections.values.bind(connections);
    jest.spyOn(connections, 'values').mockImplementation(() => {
      looks += 1;
      for (const startedMs = performance.now(); performance.now() - startedMs < LOOK_MS;);
      return values();
    });
    const accounts = {
      onChange: (listener: typeof changed) => (changed = listener),
      onRevocation: (listener: typeof revoked) => (revoked = listener),
      isRevoked: (_: unknown, { id }: { id: string }) => bad.has(id),
    };
    const revocations = new Revocations(
      accounts as unknown as Accounts,
      { byId: (id: string) => ({ id }) } as unknown as Apps,
      connections,
    );
    revocations.onModuleInit();
  });

  it("of one user close that user's sockets of the app, and look at nobody else's", () => {
    bad.add('ada');
    changed('shop', 'ada');
    changed('shop', 'bob');
    expect({ closed, looks }).toEqual({ closed: ['t1'], looks: 0 });
  });

  it('that may mean anybody look at all sockets, but not at each of very many that follow one another', async () => {
    bad.add('bob');
    revoked('shop');
    expect(closed).toEqual(['t3']);
    bad.add('ada');
    for (let n = 0; n < 100; n += 1) revoked('shop');
    expect({ closed, looks }).toEqual({ closed: ['t3'], looks: 1 });
    await sleep(LOOK_MS * 9 + 50);
    expect({ closed: closed.slice(1), looks }).toEqual({ closed: ['t1', 't3'], looks: 2 });
  });

  it('of one app are not put off for those of others', () => {
    for (let n = 0; n < 20; n += 1) revoked(`other-${n}`);
    bad.add('bob');
    revoked('shop');
    expect(closed).toEqual(['t3']);
  });

  it('of many apps at once are put off together, and not one behind the other', async () => {
    const apps = Array.from({ length: 12 }, (_, n) => `app-${n}`);
    for (const id of apps) {
      const socket = { disconnect: () => closed.push(id) };
      const visitor = { app: { id }, user: { id: 'zoe' } };
      connections.add({ id, host: 'a.example', visitor, socket } as unknown as Connection);
      revoked(id);
    }
    bad.add('zoe');
    for (const id of apps) revoked(id);
    // The pause is nine looks, and each of the twelve is one more; one behind the other would be over a second.
    await sleep(LOOK_MS * (9 + 12) + 300);
    expect(closed).toEqual(apps);
  });
});
