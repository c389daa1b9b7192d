import { deepStrictEqual, ok } from 'node:assert/strict';
import * as fc from 'fast-check';
import { modelAnswers, viewAnswers } from '../support/roster-answers';
import { RosterWatcher } from '../support/roster-watcher';
import { type History, histories, World } from '../support/roster-world';
import type { Reading } from '@rollcall/roster';

const SLOW = process.env.ROLLCALL_SLOW !== undefined;
const NUM_RUNS = SLOW ? 2000 : 200;
const TEN_MINUTES_MS = 600_000;

/** Fails with the seed and the shortest history that fast-check finds. */
const always = (arbitrary: fc.Arbitrary<History>, holds: (history: History) => Promise<void>): Promise<void> =>
  fc.assert(fc.asyncProperty(arbitrary, holds), { numRuns: NUM_RUNS });

jest.setTimeout(SLOW ? 600_000 : 60_000);

describe('Whatever happens on a host,', () => {
  it('a view answers everything as the plain model does', () =>
    always(histories({ edits: true }), (history) =>
      World.live(history, (world, { view, atMs }) => {
        const questions = world.questions(atMs);
        deepStrictEqual(viewAnswers(view, questions), modelAnswers(world.model, questions));
      }),
    ));

  it('a view that has followed from the start equals one that was loaded just now', () =>
    always(histories({ edits: true }), (history) =>
      World.live(history, async (world, { atMs }) => {
        const fresh = await world.fresh();
        const questions = world.questions(atMs);
        deepStrictEqual(viewAnswers(world.followed, questions), viewAnswers(fresh, questions));
        deepStrictEqual(world.followed.cursor, fresh.cursor);
        deepStrictEqual(world.followed.totals.userConnections, world.model.userConnections().length);
      }),
    ));

  it.each([1, 1000])(
    'one who polls with the last answer’s time, rounded down to %i ms, misses no change',
    (roundedMs) =>
      always(histories({ edits: false }), async (history) => {
        const copy = new Map<string, { readonly status: string; readonly statusText?: string }>();
        let lastMs = -Infinity;
        await World.live(history, (world, { view: { presence }, atMs }) => {
          const full = atMs - lastMs >= TEN_MINUTES_MS;
          if (full) copy.clear();
          const json = full ? presence.full(atMs).toString() : presence.since(lastMs, atMs, 'caller');
          for (const row of JSON.parse(json) as { _id: string; status: string }[]) copy.set(row._id, row);
          lastMs = Math.floor(atMs / roundedMs) * roundedMs;
          const shownTo = (userId: string): unknown => {
            const { status, statusText } = copy.get(userId) ?? { status: 'offline' };
            return status === 'offline' ? { status } : { status, statusText: statusText ?? '' };
          };
          const truth = (userId: string): unknown => {
            const { status, text } = world.model.history(userId, atMs).at(-1) ?? { status: 'offline', text: '' };
            return status === 'offline' ? { status } : { status, statusText: text };
          };
          const humans = world.userIds.filter((userId) => userId !== 'cat');
          deepStrictEqual(humans.map(shownTo), humans.map(truth));
        });
      }),
  );

  it('what was acknowledged is in the next answer', () =>
    always(histories({ edits: false }), (history) =>
      World.live(history, (world, { view }) => {
        const shown = world.acknowledged.map((id) => {
          const row = view.connection(id);
          return row && [id, row.active, row.channels.map(({ kind, channel }) => [kind, channel])];
        });
        const truth = world.acknowledged.map((id) => {
          const tab = world.model.truthOf(id);
          return tab && [id, tab.active, tab.places.map(({ kind, channel }) => [kind, channel])];
        });
        deepStrictEqual(shown, truth);
      }),
    ));

  const watchedIn = (world: World, { atMs }: Reading): unknown => [
    world.channels.map((channel) => [
      world.model.watched(channel, atMs),
      world.model.members('anonymous', channel).length,
    ]),
    world.userIds
      .filter((userId) => userId !== 'cat')
      .map((userId) => {
        const { status, text } = world.model.history(userId, atMs).at(-1) ?? { status: 'offline', text: '' };
        return status === 'offline' ? { status } : { status, text };
      }),
  ];
  const toldTo = (watcher: RosterWatcher, world: World): unknown => [
    world.channels.map((channel) => [watcher.members(channel), watcher.count(channel)]),
    world.userIds.filter((userId) => userId !== 'cat').map((userId) => watcher.presence(userId)),
  ];

  it('watchers have the truth, and are told nothing twice', () =>
    always(histories({ edits: false }), async (history) => {
      let look = 0;
      let watchers: RosterWatcher[] | undefined;
      await World.live(history, (world, reading) => {
        watchers ??= [1, 2, 3].map(() => new RosterWatcher(world.channels));
        look += 1;
        for (const [index, watcher] of watchers.entries()) {
          if (look % (index + 1) !== 0) continue;
          watcher.look(world.followed, reading.atMs);
          deepStrictEqual(toldTo(watcher, world), watchedIn(world, reading));
        }
      });
      for (const { resets } of watchers ?? []) ok(resets <= 1);
    }));

  it('watchers of a view that remembers the last few steps alone are told everything anew, and have the truth in the end', () =>
    always(histories({ edits: false }), async (history) => {
      let look = 0;
      let watcher: RosterWatcher | undefined;
      let last: (() => void) | undefined;
      await World.live(
        history,
        (world, reading) => {
          const told = (watcher ??= new RosterWatcher(world.channels));
          look += 1;
          last = undefined;
          if (look % 2 === 0) return;
          told.look(world.followed, reading.atMs);
          // Whoever is forgotten to have vanished is gone at once.
          for (const channel of world.channels) {
            const { users } = world.followed.changes.picture('authenticated', channel, reading.atMs);
            deepStrictEqual(told.members(channel), [...users].sort());
          }
          last = () => deepStrictEqual(toldTo(told, world), watchedIn(world, reading));
        },
        { min: 2, max: 6 },
      );
      // The last question is asked after the grace.
      last?.();
    }));

  it('watchers of a view that was loaded anew are told the difference', () =>
    always(histories({ edits: false }), async (history) => {
      let watcher: RosterWatcher | undefined;
      let look = 0;
      await World.live(history, async (world, { atMs }) => {
        watcher ??= new RosterWatcher(world.channels);
        look += 1;
        const view = look % 2 === 0 ? await world.fresh() : world.followed;
        watcher.look(view, atMs);
        const told = watcher;
        for (const channel of world.channels) {
          deepStrictEqual(
            told.members(channel),
            [...view.changes.picture('authenticated', channel, atMs).users].sort(),
          );
        }
      });
    }));
});
