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
  let nowMs: number;
  const bad = new Set<string>();

  beforeEach(() => {
    jest.useFakeTimers();
    nowMs = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
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
      nowMs += LOOK_MS;
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

  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  /** What looks take is on the clock beside it. */
  const pass = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 1) {
      nowMs += 1;
      jest.advanceTimersByTime(1);
    }
  };

  it("of one user close that user's sockets of the app, and look at nobody else's", () => {
    bad.add('ada');
    changed('shop', 'ada');
    changed('shop', 'bob');
    expect({ closed, looks }).toEqual({ closed: ['t1'], looks: 0 });
  });

  it('that may mean anybody look at all sockets, but not at each of very many that follow one another', () => {
    bad.add('bob');
    revoked('shop');
    expect(closed).toEqual(['t3']);
    bad.add('ada');
    for (let n = 0; n < 100; n += 1) revoked('shop');
    expect({ closed, looks }).toEqual({ closed: ['t3'], looks: 1 });
    pass(LOOK_MS * 9);
    expect({ closed: closed.slice(1), looks }).toEqual({ closed: ['t1', 't3'], looks: 2 });
  });

  it('of one app are not put off for those of others', () => {
    for (let n = 0; n < 20; n += 1) revoked(`other-${n}`);
    bad.add('bob');
    revoked('shop');
    expect(closed).toEqual(['t3']);
  });

  it('of many apps at once are put off together, and not one behind the other', () => {
    const apps = Array.from({ length: 8 }, (_, n) => `app-${n}`);
    for (const id of apps) {
      const socket = { disconnect: () => closed.push(id) };
      const visitor = { app: { id }, user: { id: 'zoe' } };
      connections.add({ id, host: 'a.example', visitor, socket } as unknown as Connection);
      revoked(id);
    }
    bad.add('zoe');
    for (const id of apps) revoked(id);
    expect(closed).toEqual([]);
    // A pause is nine looks; one behind the other they would take eight pauses.
    pass(LOOK_MS * 9);
    expect(closed.toSorted()).toEqual(apps);
  });
});
