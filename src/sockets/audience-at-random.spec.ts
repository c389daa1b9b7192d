import type { Moment, Position, RosterView } from '@rollcall/roster';
import * as fc from 'fast-check';
import { Audience, type Shown, shownAt, type Telling } from './audience';

interface Picture {
  readonly head: { revision: number };
  /** What happened before is not remembered. */
  sinceRevision: number;
  readonly history: { covers(position: Position): boolean };
}

function pictureOf(revision: number): Picture & RosterView {
  const picture: Picture = {
    head: { revision },
    sinceRevision: revision,
    history: { covers: (position) => position.revision >= picture.sinceRevision },
  };
  return picture as Picture & RosterView;
}

const at = (of: RosterView, atMs: number): Moment => ({ view: of, atMs });

/** So far is another pod's guess of the time ahead, at most; a tick comes each millisecond. */
const AHEAD_MS = 30;

/** A host of a few users whose values change, and watchers who have what they were told. */
class World {
  readonly audience = new Audience<string>();
  /** The values at each revision, by user. */
  private readonly states: number[][] = [[0, 0, 0]];
  private readonly pictures = new Map<string, { readonly users: number[]; values: number[]; atMs: number }>();
  /** Whom an error kept from being told, or not: they do not know. */
  private readonly doubtful = new Set<string>();
  private view = pictureOf(0);
  private nowMs = 0;
  /** How often news was made at this tick, and how often that was everything. */
  private made = 0;
  private madeAnew = 0;

  private get now(): number[] {
    return this.states.at(-1) ?? [];
  }

  change(user: number, value: number): void {
    this.states.push(this.now.map((before, n) => (n === user ? value : before)));
    this.view.head.revision = this.states.length - 1;
  }

  /** The picture is loaded anew. */
  replace(): void {
    this.view = pictureOf(this.states.length - 1);
  }

  /** So few steps are remembered. */
  forget(steps: number): void {
    this.view.sinceRevision = Math.max(this.view.sinceRevision, this.states.length - 1 - steps);
  }

  add(name: string, users: number[], aheadMs: number): void {
    const atMs = this.nowMs + aheadMs;
    this.pictures.set(name, { users, values: [...this.now], atMs });
    this.doubtful.delete(name);
    this.audience.add(name, shownAt(at(this.view, atMs)));
  }

  remove(name: string): void {
    this.pictures.delete(name);
    this.audience.remove(name);
  }

  /** `failsAt`: whom telling breaks at, after those before. */
  tick(late: readonly string[], failsAt?: string): boolean {
    this.nowMs += 1;
    this.made = 0;
    this.madeAnew = 0;
    try {
      return this.audience.bring(at(this.view, this.nowMs), {
        takesMore: (name) => !late.includes(name),
        news: (shown, names) => this.news(shown, names, failsAt),
      });
    } catch (error) {
      expect(error).toEqual(new Error('Broken.'));
      return true;
    }
  }

  /** All ticks that it takes until everybody has the truth. */
  settle(): void {
    for (let ticks = 0; this.tick([]); ticks += 1) expect(ticks).toBeLessThan(AHEAD_MS + 10);
    // Newcomers have been brought to where all are: from here on there is one group.
    this.tick([]);
    expect(this.made).toBeLessThanOrEqual(1);
    for (const { users, values } of this.pictures.values()) {
      expect(users.map((user) => values[user])).toEqual(users.map((user) => this.now[user]));
    }
  }

  private news(
    shown: Shown | undefined,
    names: ReadonlySet<string>,
    failsAt: string | undefined,
  ): ReturnType<Telling<string>['news']> {
    this.made += 1;
    if (shown === undefined) this.madeAnew += 1;
    expect(this.madeAnew).toBeLessThanOrEqual(1);
    expect(shown?.view.history.covers(shown.position)).not.toBe(false);
    expect(names.size).toBeGreaterThan(0);
    const before = shown && this.states[shown.position.revision];
    const changed = this.now.flatMap((value, user) => (value === before?.[user] ? [] : [user]));
    if (changed.length === 0) return undefined;
    return {
      concerns: (name) => before === undefined || changed.some((user) => this.picture(name).users.includes(user)),
      tell: (told) => {
        for (const name of told) {
          if (name === failsAt) {
            for (const one of names) this.doubtful.add(one);
            throw new Error('Broken.');
          }
          this.take(name, shown, changed);
        }
      },
    };
  }

  private take(name: string, shown: Shown | undefined, changed: readonly number[]): void {
    const picture = this.picture(name);
    expect(picture.atMs).toBeLessThanOrEqual(this.nowMs);
    if (this.doubtful.delete(name)) expect(shown).toBeUndefined();
    // Who is told what is new has what was before: nothing is heard twice, nothing is missed.
    if (shown !== undefined) {
      const was = this.states[shown.position.revision];
      for (const user of picture.users) expect(picture.values[user]).toBe(was?.[user]);
    }
    for (const user of changed) picture.values[user] = this.now[user] ?? 0;
    picture.atMs = this.nowMs;
  }

  private picture(name: string) {
    const picture = this.pictures.get(name);
    if (picture === undefined) throw new Error(`${name} is told, who does not watch.`);
    return picture;
  }
}

describe('An audience whose watchers are late at random', () => {
  const NAMES = Array.from({ length: 20 }, (_, n) => `w${n}`);
  const user = fc.nat({ max: 2 });
  const names = fc.subarray(NAMES);
  const act = fc.oneof(
    { weight: 4, arbitrary: fc.record({ act: fc.constant('change' as const), user, value: fc.nat({ max: 2 }) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        act: fc.constant('add' as const),
        name: fc.constantFrom(...NAMES),
        users: fc.uniqueArray(user, { minLength: 1 }),
        aheadMs: fc.constantFrom(0, 0, 0, 3),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        act: fc.constant('crowd' as const),
        names: fc.subarray(NAMES, { minLength: 5 }),
        users: fc.uniqueArray(user, { minLength: 1 }),
        aheadMs: fc.nat({ max: AHEAD_MS }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('remove' as const), name: fc.constantFrom(...NAMES) }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('replace' as const) }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('forget' as const), steps: fc.nat({ max: 5 }) }) },
    { weight: 6, arbitrary: fc.record({ act: fc.constant('tick' as const), late: names }) },
    {
      weight: 1,
      arbitrary: fc.record({ act: fc.constant('fail' as const), late: names, name: fc.constantFrom(...NAMES) }),
    },
  );

  it('tells each of them the truth in the end, nothing twice, and misses nothing', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 100, size: 'max' }), (acts) => {
        const world = new World();
        for (const step of acts) {
          if (step.act === 'change') world.change(step.user, step.value);
          else if (step.act === 'add') world.add(step.name, step.users, step.aheadMs);
          else if (step.act === 'crowd') for (const name of step.names) world.add(name, step.users, step.aheadMs);
          else if (step.act === 'remove') world.remove(step.name);
          else if (step.act === 'replace') world.replace();
          else if (step.act === 'forget') world.forget(step.steps);
          else if (step.act === 'tick') world.tick(step.late);
          else world.tick(step.late, step.name);
        }
        world.settle();
      }),
      { numRuns: 500 },
    );
  });
});
