import { RosterView } from '@rollcall/roster';
import { rowOf } from '../../test/support/roster-store';
import { Directory, Followed } from '../../test/support/roster-view';
import type { Scope } from '../auth/apps.service';
import { LargeAnswers } from '../http/large-answers.service';
import { TurnQueue } from '../http/turn-queue.service';
import type { Seen } from './datacenter';
import type { Datacenters, DatacenterSeen } from './datacenters';
import { Spread } from './spread.service';

const ROWS = 201;

describe('How a host is spread over data centres', () => {
  let places: Followed[];
  let datacenters: Pick<Datacenters, 'look' | 'pods' | 'again'>;
  let turns: TurnQueue;
  let taken: jest.SpyInstance;
  let spread: Spread;

  const seenOf = (view: RosterView, dc: number): DatacenterSeen => ({
    dc: `dc${dc}`,
    seen: { dc: `dc${dc}`, view, answeredNow: true, ageMs: 0, roundTripMs: 1 } satisfies Seen,
  });
  const seen = (): DatacenterSeen[] => places.map(({ view }, at) => seenOf(view, at));

  beforeEach(async () => {
    places = [await Followed.open(), await Followed.open()];
    for (const [at, { pod }] of places.entries()) {
      for (let n = 0; n < ROWS; n += 1) await pod.row(`t${n}`, rowOf(`user${at * 100 + n}`));
    }
    datacenters = {
      look: () => Promise.resolve(seen()),
      pods: () => Promise.resolve(new Map()),
      again: () => seen(),
    };
    turns = new TurnQueue();
    taken = jest.spyOn(turns, 'turn');
    spread = new Spread(datacenters as Datacenters, new LargeAnswers(turns));
  });

  /** As if so many were there whom nobody needs to see. */
  const pretendUsers = (users: number): void => {
    for (const { view } of places) {
      jest.spyOn(view, 'totals', 'get').mockReturnValue({ users, userConnections: users, anonymousConnections: 0 });
    }
  };
  const ask = (query: { readonly users?: boolean; readonly limit?: number } = {}, app = 'shop') => {
    const scope = { app: { id: app }, host: 'a.example' } as unknown as Scope;
    return spread.of(scope, { users: false, limit: 100, ...query }, () => new AbortController().signal);
  };
  const walks = (): jest.SpyInstance[] => places.map(({ view }) => jest.spyOn(view, 'userIds'));
  const calls = (spies: readonly jest.SpyInstance[]): number =>
    spies.reduce((sum, { mock }) => sum + mock.calls.length, 0);

  it('is told at once where few are to be gone through', async () => {
    expect((await ask()).total).toMatchObject({ authenticated: 2 * ROWS, distinctUsers: ROWS + 100 });
    expect(taken).not.toHaveBeenCalled();
  });

  it('is told in its turn with any page of users, each of whom may have many connections', async () => {
    expect((await ask({ users: true, limit: 200 })).users).toHaveLength(200);
    expect(taken).toHaveBeenCalledTimes(1);
  });

  it('is counted in one turn for all who ask until somebody comes or goes', async () => {
    pretendUsers(501);
    const walked = walks();
    await Promise.all([ask(), ask(), ask()]);
    expect(taken).toHaveBeenCalledTimes(3);
    expect(calls(walked)).toBe(1);
    await ask();
    expect(taken).toHaveBeenCalledTimes(3);
    await places[1]?.pod.row('t', rowOf('zoe'));
    await ask();
    expect(taken).toHaveBeenCalledTimes(4);
    expect(calls(walked)).toBe(2);
  });

  it('counts nobody one by one where there is one data centre, however many are there', async () => {
    places = places.slice(0, 1);
    pretendUsers(20_000);
    const walked = walks();
    expect((await ask()).total.distinctUsers).toBe(20_000);
    expect(calls(walked)).toBe(0);
    expect(taken).not.toHaveBeenCalled();
  });

  it('shows what is so when the turn has come', async () => {
    let go = (): void => undefined;
    taken.mockImplementationOnce(() => new Promise((resolve) => (go = () => resolve(true))));
    const page = ask({ users: true, limit: 1000 });
    await new Promise((resolve) => setImmediate(resolve));
    await places[0]?.pod.row('t', rowOf('zoe'));
    const replaced = await places[0]?.fresh();
    datacenters.again = () => seen().map((one, at) => (at === 0 && replaced ? seenOf(replaced, 0) : one));
    go();
    const { datacenters: told, users } = await page;
    expect(told[0]?.authenticated).toBe(ROWS + 1);
    expect(users?.at(-1)?.id).toBe('zoe');
  });

  it('takes a data centre without pods for empty, which has no place in a log', async () => {
    datacenters.look = () => Promise.resolve([...seen(), seenOf(new RosterView(new Directory()), 2)]);
    expect((await ask()).total.distinctUsers).toBe(ROWS + 100);
  });
});
