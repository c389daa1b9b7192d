import { STATUSES } from '@rollcall/contract';
import { eventually } from '../support/eventually';
import { Rollcall } from '../support/rollcall';
import { asUser, shop, tabOf } from '../support/shop';
import type { Tab } from '../support/tab';

interface Row {
  readonly _id: string;
  readonly name: string;
  readonly status: string;
  readonly statusText?: string;
}

interface Presence {
  readonly users: readonly Row[];
  readonly full: boolean;
}

const iso = (ms: number): string => new Date(ms).toISOString();
const short = ({ users, full }: Presence) => ({ full, users: users.map(({ _id, status }) => `${_id} ${status}`) });

/** What `userId` is told about everything since `fromMs`. */
async function since(rollcall: Rollcall, fromMs: number, userId = 'eve'): Promise<Presence> {
  const { json } = await rollcall.presence(`?from=${iso(fromMs)}`, { headers: asUser(userId) });
  return json as Presence;
}

async function timeOf(rollcall: Rollcall): Promise<number> {
  return Number((await rollcall.presence('?ids=')).headers['x-rollcall-time']);
}

/** The store's clock in the test's hand. */
function clock(): { nowMs: number } {
  const hand = { nowMs: Date.now() };
  jest.spyOn(Date, 'now').mockImplementation(() => hand.nowMs);
  return hand;
}

async function gone(rollcall: Rollcall, tab: Tab): Promise<void> {
  tab.close();
  await eventually(async () => expect((await rollcall.message('users')).json).not.toHaveProperty([`tab|${tab.id}`]));
}

afterEach(() => void jest.restoreAllMocks());

describe('users.presence with `from`', () => {
  it('tells who changed, also who went offline, and leaves the caller and bots out', async () => {
    const rollcall = await Rollcall.start([shop()], { OFFLINE_GRACE_MS: '0' });
    const from = await timeOf(rollcall);
    await rollcall.open(tabOf('ada'));
    const bob = await rollcall.open(tabOf('bob'));
    await rollcall.open(tabOf('eve'));
    await gone(rollcall, bob);

    const users = ['ada online', 'bob offline'];
    expect(short(await since(rollcall, from))).toEqual({
      full: false,
      users: expect.arrayContaining(users) as unknown,
    });
    expect((await since(rollcall, from)).users).toHaveLength(2);
    expect(short(await since(rollcall, from, 'ada')).users).toEqual(
      expect.arrayContaining(['eve online', 'bob offline']),
    );
  });

  it('is a delta until 10 minutes have passed, and a full list from then on', async () => {
    const hand = clock();
    const rollcall = await Rollcall.start([shop()]);
    const start = hand.nowMs;
    await rollcall.open(tabOf('ada'));
    const minutes = 60_000;

    hand.nowMs = start + 10 * minutes - 1;
    expect(short(await since(rollcall, start))).toEqual({ full: false, users: ['ada online'] });
    expect(await timeOf(rollcall)).toBe(hand.nowMs);
    hand.nowMs = start + 10 * minutes;
    expect(short(await since(rollcall, start))).toEqual({ full: true, users: ['ada online', 'cat online'] });
    expect(short(await since(rollcall, start + 1000))).toEqual({ full: false, users: [] });
    expect((await since(rollcall, start - 1)).full).toBe(true);
  });

  it('takes its time as the first moment that counts', async () => {
    const hand = clock();
    const rollcall = await Rollcall.start([shop()]);
    const start = hand.nowMs;
    await rollcall.open(tabOf('ada'));
    hand.nowMs += 5000;

    expect(short(await since(rollcall, start)).users).toEqual(['ada online']);
    expect(short(await since(rollcall, start + 1)).users).toEqual([]);
  });

  it('is an empty delta for a time to come', async () => {
    const rollcall = await Rollcall.start([shop()], { OFFLINE_GRACE_MS: '60000' });
    await rollcall.open(tabOf('ada'));
    // Bob's departure is stamped with a moment to come.
    await gone(rollcall, await rollcall.open(tabOf('bob')));

    expect(await since(rollcall, Date.now() + 10_000)).toEqual({ users: [], full: false, success: true });
    expect(await since(rollcall, Date.UTC(9999, 0))).toEqual({ users: [], full: false, success: true });
  });

  it('shows a departure when its grace is over, to the poll from just before', async () => {
    const hand = clock();
    const rollcall = await Rollcall.start([shop()], { OFFLINE_GRACE_MS: '3000' });
    const bob = await rollcall.open(tabOf('bob'));
    hand.nowMs += 60_000;
    const left = hand.nowMs;
    await gone(rollcall, bob);

    hand.nowMs = left + 2999;
    expect(short(await since(rollcall, left)).users).toEqual([]);
    expect((await rollcall.presence('?ids=bob')).json).toMatchObject({ users: [{ _id: 'bob', status: 'online' }] });
    hand.nowMs = left + 3000;
    expect(short(await since(rollcall, left + 2999)).users).toEqual(['bob offline']);
    expect(short(await since(rollcall, left + 3000)).users).toEqual(['bob offline']);
    expect((await rollcall.presence('?ids=bob')).json).toMatchObject({ users: [] });
    hand.nowMs = left + 60_000;
    expect(short(await since(rollcall, left + 2999)).users).toEqual(['bob offline']);
    expect(short(await since(rollcall, left + 3001)).users).toEqual([]);
  });

  it('shows no departure of who came back within the grace', async () => {
    const hand = clock();
    const rollcall = await Rollcall.start([shop()]);
    const bob = await rollcall.open(tabOf('bob'));
    hand.nowMs += 60_000;
    const left = hand.nowMs;
    await gone(rollcall, bob);
    hand.nowMs += 2999;
    await rollcall.open(tabOf('bob'));
    hand.nowMs += 60_000;

    expect(short(await since(rollcall, left))).toEqual({ full: false, users: [] });
  });

  it('shows status, text and idleness as they change, and each once', async () => {
    const hand = clock();
    const rollcall = await Rollcall.start([shop()]);
    const ada = await rollcall.open(tabOf('ada'));
    const step = async (event: string, payload: object): Promise<readonly Row[]> => {
      hand.nowMs += 1000;
      const from = hand.nowMs;
      await ada.ask(event, payload);
      return (await since(rollcall, from)).users;
    };
    expect(await step('presence:set', { status: 'busy' })).toMatchObject([{ _id: 'ada', status: 'busy' }]);
    expect(await step('presence:set', { statusText: 'hm' })).toMatchObject([{ status: 'busy', statusText: 'hm' }]);
    expect(await step('presence:set', { status: 'busy', statusText: 'hm' })).toEqual([]);
    expect(await step('presence:idle', { idle: true })).toEqual([]);
    const [cleared] = await step('presence:set', { status: 'online', statusText: '' });
    expect(cleared).toMatchObject({ status: 'away' });
    expect(cleared).not.toHaveProperty('statusText');
    expect(await step('presence:idle', { idle: false })).toMatchObject([{ _id: 'ada', status: 'online' }]);
    expect(await step('presence:set', { status: 'offline' })).toMatchObject([{ _id: 'ada', status: 'offline' }]);
  });

  it('shows neither a second tab nor a profile edit, and the row as it is edited', async () => {
    const hand = clock();
    const rollcall = await Rollcall.start([shop()]);
    await rollcall.open(tabOf('ada'));
    hand.nowMs += 2000;
    const start = hand.nowMs;
    hand.nowMs += 1000;

    const second = await rollcall.open(tabOf('ada'));
    await second.join('salesRoom');
    await rollcall.native('PUT', '/v1/users/ada', { body: { name: 'Countess', avatarETag: 'new' } });
    await gone(rollcall, second);

    expect(await since(rollcall, start)).toEqual({ users: [], full: false, success: true });
    expect((await since(rollcall, start - 60_000)).users).toMatchObject([{ _id: 'ada', name: 'Countess' }]);
  });

  it.each([
    ['X-Rollcall-Time', 7],
    ['X-Rollcall-Time', 4711],
    ['Date', 99],
  ])('misses nothing when polled with the last %s, under random activity (seed %d)', async (header, seed) => {
    const rollcall = await Rollcall.start([shop()], { OFFLINE_GRACE_MS: '20' });
    const random = randomOf(seed);
    const tabs: Tab[] = [];
    const seen = new Map<string, Row>();
    let from = '';
    const poll = async (): Promise<void> => {
      const { json, headers } = await rollcall.presence(`?from=${encodeURIComponent(from)}`, {
        headers: asUser('eve'),
      });
      const { users, full } = json as Presence;
      if (full) seen.clear();
      expect(full).toBe(from === '');
      for (const row of users) seen.set(row._id, row);
      const value = String(headers[header.toLowerCase()]);
      from = header === 'Date' ? value : iso(Number(value));
    };
    const shown = () => [...seen.values()].filter(({ status }) => status !== 'offline').sort(byId);
    await poll();
    for (let round = 0; round < 12; round += 1) {
      const acting = Array.from({ length: 6 }, () => act(rollcall, tabs, random));
      if (random() < 0.7) await poll();
      await Promise.all(acting);
      await eventually(async () => {
        await poll();
        const { users } = (await rollcall.presence('', { headers: asUser('eve') })).json as Presence;
        expect(shown()).toEqual([...users].sort(byId));
      });
    }
    expect([...seen.keys()].sort()).toEqual(['ada', 'bob', 'cat']);
  });
});

const byId = (a: Row, b: Row): number => a._id.localeCompare(b._id);

async function act(rollcall: Rollcall, tabs: Tab[], random: () => number): Promise<void> {
  const any = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const kind = random();
  if (kind < 0.3 || tabs.length === 0) {
    tabs.push(await rollcall.open(tabOf(any(['ada', 'bob']))));
    return;
  }
  const tab = any(tabs);
  if (kind < 0.6) {
    tabs.splice(tabs.indexOf(tab), 1);
    tab.close();
    return;
  }
  const event = kind < 0.8 ? 'presence:set' : 'presence:idle';
  const status = any(STATUSES);
  tab.socket.emit(event as 'presence:set', { status, statusText: any(['', 'x', 'y']), ...{ idle: random() < 0.5 } });
}

/** A small generator of numbers below 1, the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
