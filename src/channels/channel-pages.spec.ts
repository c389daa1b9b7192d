import type { ChannelKind } from '@rollcall/contract';
import type { RosterView } from '@rollcall/roster';
import { deepStrictEqual } from 'node:assert/strict';
import * as fc from 'fast-check';
import { rowOf } from '../../test/support/roster-store';
import { Followed } from '../../test/support/roster-view';
import { readChannelsQuery, readMembersQuery } from './channel-lists-query';
import { channelsOn, membersOf } from './channel-pages';

interface Membership {
  readonly userId: string | null;
  readonly kind: ChannelKind;
  readonly channel: string;
  /** Absent: it begins with this act. Else it is an old one that is registered again. */
  readonly since?: number;
}

/** A tab is in one channel, or gone. */
type Act = readonly [tabId: string, membership: Membership | null];

/** Reading one page, and what others do before the next one. */
interface Step {
  readonly limit: number;
  readonly acts: readonly Act[];
}

/** What is so, as plainly as can be: who is where since when. */
class World {
  readonly tabs = new Map<string, Membership & { readonly since: number }>();
  private asked = 0;

  private constructor(private readonly followed: Followed) {}

  static async open(acts: readonly Act[]): Promise<World> {
    const world = new World(await Followed.open());
    for (const act of acts) await world.do(act);
    return world;
  }

  async do([tabId, membership]: Act): Promise<void> {
    const { pod } = this.followed;
    if (membership === null) {
      this.tabs.delete(tabId);
      await pod.gone(tabId);
      return;
    }
    const { revision } = await pod.row(tabId, rowOf(membership.userId, { channels: [membership] }));
    this.tabs.set(tabId, { ...membership, since: membership.since ?? revision });
  }

  /** Another pod answers each time: one that has followed from the start, or one that has loaded everything just now. */
  async view(): Promise<RosterView> {
    this.asked += 1;
    return this.asked % 2 === 0 ? this.followed.fresh() : this.followed.view;
  }

  /** Every item of a list, with its place in it. */
  members(): { readonly key: string; readonly since: number; readonly connections: number }[] {
    const members = new Map<string, { key: string; since: number; connections: number }>();
    for (const { userId, kind, since } of this.tabs.values()) {
      if (userId === null || kind === 'anonymous') continue;
      const known = members.get(userId) ?? { key: userId, since, connections: 0 };
      members.set(userId, { ...known, since: Math.min(since, known.since), connections: known.connections + 1 });
    }
    return [...members.values()].sort((a, b) => a.since - b.since || (a.key < b.key ? -1 : 1));
  }

  channels(prefix: string): { readonly key: string; readonly count: number }[] {
    const who = new Map<string, Set<string>>();
    for (const [tabId, { channel, kind, userId }] of this.tabs) {
      if (!channel.startsWith(prefix)) continue;
      const key = JSON.stringify([channel, kind]);
      who.set(key, (who.get(key) ?? new Set()).add(kind === 'authenticated' ? String(userId) : tabId));
    }
    const partsOf = (key: string): string[] => JSON.parse(key) as string[];
    const byName = ([a]: [string, unknown], [b]: [string, unknown]): number => {
      const [nameA = '', kindA = ''] = partsOf(a);
      const [nameB = '', kindB = ''] = partsOf(b);
      return nameA === nameB ? (kindA > kindB ? -1 : 1) : nameA < nameB ? -1 : 1;
    };
    return [...who].sort(byName).map(([key, { size: count }]) => ({ key, count }));
  }
}

/** Items that were there, and at the same place, at every reading. */
const constant = <Item extends { readonly key: string; readonly since?: number }>(lists: readonly Item[][]): string[] =>
  (lists[0] ?? [])
    .filter((item) => lists.every((list) => list.some(({ key, since }) => key === item.key && since === item.since)))
    .map(({ key }) => key);

interface PageRead<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string | undefined;
}

/** Reads all pages, with the acts in between, and then checks what every reader may rely on. */
async function readAll<Item extends { readonly key: string; readonly since?: number }>(
  world: World,
  steps: readonly Step[],
  truth: () => Item[],
  isBehind: (item: Item, last: Item) => boolean,
  ask: (query: Record<string, string>) => Promise<PageRead<Item>>,
): Promise<void> {
  const seen: Item[][] = [];
  const lists: Item[][] = [];
  let page: PageRead<Item> | undefined;
  for (let turn = 0; page === undefined || page.nextCursor !== undefined; turn += 1) {
    const { limit, acts } = steps[turn] ?? { limit: 7, acts: [] };
    const last = seen.at(-1)?.at(-1);
    const list = truth();
    page = await ask({ limit: String(limit), ...(page?.nextCursor === undefined ? {} : { cursor: page.nextCursor }) });
    const rest = last === undefined ? list : list.filter((item) => isBehind(item, last));
    deepStrictEqual(page, {
      items: rest.slice(0, limit),
      nextCursor: rest.length > limit ? page.nextCursor : undefined,
    });
    expect(page.nextCursor !== undefined).toBe(rest.length > limit);
    seen.push([...page.items]);
    lists.push(list);
    for (const act of acts) await world.do(act);
  }
  for (const key of constant(lists)) {
    expect(seen.flat().filter((item) => item.key === key)).toHaveLength(1);
  }
}

const steps = (act: fc.Arbitrary<Act>): fc.Arbitrary<Step[]> =>
  fc.array(fc.record({ limit: fc.integer({ min: 1, max: 12 }), acts: fc.array(act, { maxLength: 6 }) }), {
    maxLength: 12,
  });

const userId = fc.constantFrom('ada', 'bob', 'eve', '__proto__', 'a/b', '\ud800', '\u{1f600}');
const inRoom: fc.Arbitrary<Act> = fc
  .record({ userId, tab: fc.nat(2), late: fc.option(fc.nat(60)), gone: fc.boolean() })
  .map(({ userId: id, tab, late, gone }) => {
    const room = { userId: id, kind: 'authenticated', channel: 'room' } as const;
    return [`${id} ${tab}`, gone ? null : { ...room, ...(late === null ? {} : { since: late }) }];
  });

const channel = fc.constantFrom('a', 'ab', 'abc', 'b', '__proto__', 'a/b', 'a|', 'a\uffff', '\u{1f600}', 'é');
const anywhere: fc.Arbitrary<Act> = fc
  .record({
    channel,
    kind: fc.constantFrom<ChannelKind>('authenticated', 'anonymous'),
    tab: fc.nat(2),
    gone: fc.boolean(),
  })
  .map(({ channel: name, kind, tab, gone }) => [
    `${name} ${kind} ${tab}`,
    gone ? null : { userId: `user-${tab % 2}`, kind, channel: name },
  ]);

const crowd = (size: number, actOf: (n: number) => Act): Act[] => Array.from({ length: size }, (_, n) => actOf(n));

describe('Whatever others do between two pages,', () => {
  it('whose first connection stays the same is on exactly one page of members, in the order of joining', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(80), steps(inRoom), async (size, sequence) => {
        const room = { kind: 'authenticated', channel: 'room' } as const;
        const world = await World.open(crowd(size, (n) => [`t${n}`, { ...room, userId: `user-${n}` }]));
        // A list has no pages without a member.
        await world.do(['first', { ...room, userId: 'zoe' }]);
        const sinceOf = (key: string): number => world.members().find((member) => member.key === key)?.since ?? -1;
        await readAll(
          world,
          sequence,
          () => world.members(),
          (item, last) => item.since > last.since || (item.since === last.since && item.key > last.key),
          async (query) => {
            const { lists } = await world.view();
            const {
              members = [],
              count,
              nextCursor,
            } = membersOf({ lists, cursor: 'epoch.1.tag' }, 'room', readMembersQuery(query));
            expect(count).toBe(world.members().length);
            const items = members.map(({ id, connections }) => ({ key: id, since: sinceOf(id), connections }));
            return { items, nextCursor };
          },
        );
      }),
      { numRuns: 200 },
    ));

  it('a channel that stays active is on exactly one page of channels, in the order of names', () =>
    fc.assert(
      fc.asyncProperty(
        fc.nat(80),
        fc.constantFrom('', 'a', 'ab', '__', 'z'),
        steps(anywhere),
        async (size, prefix, sequence) => {
          const kindOf = (n: number): ChannelKind => (n % 3 === 0 ? 'anonymous' : 'authenticated');
          const world = await World.open(
            crowd(size, (n) => [`t${n}`, { userId: `user-${n}`, kind: kindOf(n), channel: `a${n % 50}` }]),
          );
          const isBehind = (a: string, b: string): boolean => {
            const [nameA = '', kindA = ''] = JSON.parse(a) as string[];
            const [nameB = '', kindB = ''] = JSON.parse(b) as string[];
            return nameA > nameB || (nameA === nameB && kindA < kindB);
          };
          await readAll(
            world,
            sequence,
            () => world.channels(prefix),
            (item, last) => isBehind(item.key, last.key),
            async (query) => {
              const { channels, nextCursor } = channelsOn(
                (await world.view()).lists,
                readChannelsQuery({ prefix, ...query }),
              );
              const items = channels.map(({ channel: name, kind, count }) => ({
                key: JSON.stringify([name, kind]),
                count,
              }));
              return { items, nextCursor };
            },
          );
        },
      ),
      { numRuns: 200 },
    ));
});
