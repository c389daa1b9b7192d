import { Connections } from '../../src/sockets/connections.service';
import { eventually } from '../support/eventually';
import { DEMO, Rollcall } from '../support/rollcall';
import { seeded } from '../support/seeded';
import type { Tab } from '../support/tab';

const TABS = 300;
const CHANNELS = ['sales', 'support', '__proto__', 'a b', 'ü', 'tab', 'x|y', 'lobby'];
const USERS = Array.from({ length: 30 }, (_, n) => ({ id: `u${n}`, email: `u${n}@example.com`, tokens: [`t${n}`] }));

interface Member {
  readonly tab: Tab;
  readonly userId: string | null;
  /** `authenticated name` or `anonymous name`. */
  readonly places: Set<string>;
}

type Json = Record<string, unknown>;

/** Lists of users in the order of their ids: who is in them is the model's business, the order is not. */
function sorted(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return (value as ({ id: string } | string)[]).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

const sortedValues = (map: unknown): Json =>
  Object.fromEntries(Object.entries(map as Json).map(([key, value]) => [key, sorted(value)]));

/** What all answers should be, by going through all tabs. */
function expected(members: readonly Member[]) {
  const users = members.filter(({ userId }) => userId !== null);
  const anonymous = members.length - users.length;
  const listed = (among: readonly Member[]): unknown => {
    const ids = new Set(among.map(({ userId }) => userId));
    return sorted(USERS.filter(({ id }) => ids.has(id)).map(({ id, email }) => ({ id, email })));
  };
  const map = new Map<string, unknown>();
  if (users.length > 0) map.set('authenticated', listed(users));
  if (anonymous > 0) map.set('anonymous', anonymous);
  for (const { tab, userId } of members) {
    map.set(`tab|${tab.id}`, userId === null ? 1 : { id: userId, email: `${userId}@example.com` });
  }
  const names = { authenticated: [] as string[], anonymous: [] as string[] };
  for (const channel of CHANNELS) {
    const listeners = members.filter(({ places }) => places.has(`authenticated ${channel}`));
    const counted = members.filter(({ places }) => places.has(`anonymous ${channel}`)).length;
    if (listeners.length > 0) map.set(channel, listed(listeners));
    if (counted > 0) map.set(listeners.length > 0 ? `${channel}|anonymous` : channel, counted);
    if (listeners.length > 0) names.authenticated.push(channel);
    if (counted > 0) names.anonymous.push(channel);
  }
  const distinct = listed(users) as unknown[];
  return {
    users: Object.fromEntries(map),
    channels: sortedValues(names),
    counts: { authenticated: distinct.length, anonymous },
    listed: { authenticated: distinct, authenticatedCount: distinct.length, anonymous },
    connections: { authenticated: users.length, anonymous },
  };
}

async function answers(rollcall: Rollcall): Promise<ReturnType<typeof expected>> {
  const ask = async (verb: string, body: Json = {}): Promise<Json> => (await rollcall.message(verb, body)).json as Json;
  const [users, channels, counts, listed, connections] = await Promise.all([
    ask('users'),
    ask('channels'),
    ask('allusers'),
    ask('allusers', { includeUsers: true }),
    ask('allusers', { dedupeUsers: false }),
  ]);
  expect(counts._total).toEqual(counts.local);
  return {
    users: sortedValues(users),
    channels: sortedValues(channels),
    counts: counts.local as { authenticated: number; anonymous: number },
    listed: sortedValues(listed.local) as ReturnType<typeof expected>['listed'],
    connections: connections.local as { authenticated: number; anonymous: number },
  };
}

describe('A crowd', () => {
  it.each([1, 2])('of 300 tabs that come, join, leave and go is what a plain model says, seed %i', async (seed) => {
    const app = { id: 'crowd', hosts: ['localhost'], apiKeys: [DEMO.apiKey], anonymous: true, users: USERS };
    const rollcall = await Rollcall.start([app]);
    const below = seeded(seed);
    const members: Member[] = [];
    const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item;

    const come = async (): Promise<void> => {
      const n = below(USERS.length + 3);
      const userId = USERS[n]?.id ?? null;
      const tab = await rollcall.open(userId === null ? {} : { userId, token: `t${n}` });
      members.push({ tab, userId, places: new Set() });
    };
    const change = async ({ tab, userId, places }: Member): Promise<void> => {
      const [channel, anonymous, joins] = [pick(CHANNELS), below(3) === 0, below(5) < 3];
      const place = `${userId === null || anonymous ? 'anonymous' : 'authenticated'} ${channel}`;
      if (joins) places.add(place);
      else places.delete(place);
      const { ok } = await tab.ask(joins ? 'channel:join' : 'channel:leave', { channel, anonymous });
      expect(ok).toBe(true);
    };
    const go = (): void => {
      const [{ tab }] = members.splice(below(members.length), 1) as [Member];
      if (below(2) === 0) tab.close();
      else tab.vanish();
    };
    const many = (times: number, act: () => Promise<void>): Promise<void[]> =>
      Promise.all(Array.from({ length: times }, act));

    await many(TABS, come);
    expect(await answers(rollcall)).toEqual(expected(members));
    for (let round = 0; round < 8; round += 1) {
      await many(150, () => change(pick(members)));
      // All of it was acknowledged, so all of it shows at once.
      expect(await answers(rollcall)).toEqual(expected(members));
      const changing = many(40, () => change(pick(members.slice(60))));
      for (let gone = 0; gone < 30; gone += 1) members.splice(0, 2).forEach(({ tab }) => tab.close());
      await changing;
      await many(TABS - members.length, come);
      go();
      await eventually(() => expect(rollcall.app.get(Connections).size).toBe(members.length));
      await eventually(async () => expect(await answers(rollcall)).toEqual(expected(members)), { within: 500 });
    }
    while (members.length > 0) go();
    await eventually(async () => expect(await answers(rollcall)).toEqual(expected([])));
  });
});
