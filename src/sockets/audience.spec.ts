import type { Moment, Position, RosterView } from '@rollcall/roster';
import { Audience, AHEAD_MAX, LATE_MAX, type Shown, shownAt, type Telling } from './audience';

/** Remembers what has happened since a revision. */
const view = (revision: number, since = 0): RosterView =>
  ({
    head: { revision },
    history: { covers: (position: Position) => position.revision >= since },
  }) as unknown as RosterView;
const at = (of: RosterView, atMs: number): Moment => ({ view: of, atMs });

describe('An audience', () => {
  const [one, other] = [view(1), view(2)];
  let audience: Audience<string>;
  let told: [revision: number | undefined, watchers: string[]][];
  /** What news was made from, whether or not anybody was told. */
  let made: (number | undefined)[];

  beforeEach(() => {
    audience = new Audience();
    told = [];
    made = [];
  });

  const telling = (late: readonly string[] = [], concerns: (watcher: string) => boolean = () => true) => ({
    takesMore: (watcher: string) => !late.includes(watcher),
    news: (shown: Shown | undefined) => {
      made.push(shown?.position.revision);
      return {
        concerns,
        tell: (watchers: readonly string[]) => void told.push([shown?.position.revision, [...watchers]]),
      };
    },
  });

  /** So many, each of whom was late from a revision of its own on. */
  const fallBehind = (count: number): string[] => {
    const names = Array.from({ length: count }, (_, n) => `late-${n + 1}`);
    for (const [n, name] of names.entries()) {
      audience.add(name, { view: one, position: { revision: n + 1, atMs: n + 1 } });
      audience.bring(at(one, n + 2), telling(names));
    }
    told = [];
    made = [];
    return names;
  };

  it('is one group once everybody has been told', () => {
    for (const watcher of ['a', 'b', 'c']) audience.add(watcher, shownAt(at(one, 1)));
    expect(audience.bring(at(one, 2), telling())).toBe(false);
    told = [];
    audience.bring(at(one, 3), telling());
    expect(told).toEqual([[1, ['a', 'b', 'c']]]);
  });

  it('tells those who were late from where they were, and everything once the picture is another one', () => {
    for (const watcher of ['a', 'b', 'c']) audience.add(watcher, shownAt(at(one, 1)));
    expect(audience.bring(at(one, 2), telling(['b', 'c']))).toBe(true);
    told = [];
    expect(audience.bring(at(other, 3), telling(['c']))).toBe(true);
    expect(told).toEqual([
      [1, ['a']],
      [1, ['b']],
    ]);
    told = [];
    expect(audience.bring(at(other, 4), telling())).toBe(false);
    expect(told).toEqual([
      [2, ['a', 'b']],
      [undefined, ['c']],
    ]);
  });

  /** So many, to each of whom another pod has shown a later moment, a millisecond apart. */
  const goAhead = (count: number, fromMs: number, of: RosterView = one): string[] => {
    const names = Array.from({ length: count }, (_, n) => `ahead-${fromMs + n}`);
    for (const [n, name] of names.entries()) {
      audience.add(name, { view: of, position: { revision: n, atMs: fromMs + n } });
    }
    return names;
  };

  it('leaves those alone to whom another pod has shown a later moment', () => {
    const names = goAhead(AHEAD_MAX, 10);
    expect(audience.bring(at(one, 5), telling())).toBe(true);
    expect(made).toEqual([]);
    expect(audience.bring(at(one, 50), telling())).toBe(false);
    expect(told).toEqual(names.map((name, n) => [n, [name]]));
  });

  it('keeps few places of those who are ahead, and tells the others everything, together, once the last may know', () => {
    const names = goAhead(AHEAD_MAX + 20, 10);
    for (const nowMs of [5, 6, 7]) expect(audience.bring(at(one, nowMs), telling())).toBe(true);
    expect(made).toEqual([]);
    for (const [n, name] of names.entries()) expect(audience.shownMsTo(name)).toBeGreaterThanOrEqual(10 + n);

    const lastMs = 10 + names.length - 1;
    expect(audience.bring(at(one, lastMs - 1), telling())).toBe(true);
    expect(told).toEqual(names.slice(0, AHEAD_MAX).map((name, n) => [n, [name]]));
    told = [];
    expect(audience.bring(at(one, lastMs), telling())).toBe(false);
    const anew = told.find(([revision]) => revision === undefined);
    expect(anew?.[1].sort()).toEqual(names.slice(AHEAD_MAX).sort());
    expect(made.filter((revision) => revision === undefined)).toHaveLength(1);
  });

  it('keeps nobody waiting for those who are far ahead, however many of them come', () => {
    const near = goAhead(AHEAD_MAX + 5, 100);
    const far: string[] = [];
    const pass = (fromMs: number, untilMs: number, each: (nowMs: number) => void = () => undefined): void => {
      for (let nowMs = fromMs; nowMs < untilMs; nowMs += 50) {
        each(nowMs);
        audience.bring(at(one, nowMs), telling());
      }
    };
    const heard = (): string[] => [...new Set(told.flatMap(([, names]) => names))].sort();

    pass(10, 200, (nowMs) => far.push(...goAhead(5, nowMs + 9000)));
    expect(heard()).toEqual([...near].sort());
    pass(200, 2000, (nowMs) => far.push(...goAhead(5, nowMs + 9000)));
    expect(heard()).toEqual([...near].sort());
    made = [];
    pass(2000, 11_500);
    expect(heard()).toEqual([...near, ...far].sort());
    // The others of each of two seconds.
    expect(made.filter((revision) => revision === undefined)).toHaveLength(2);
  });

  it('makes everything once for all of whom it is not remembered what they were shown', () => {
    const picture = view(1);
    const names = [...goAhead(AHEAD_MAX, 10, picture), 'new', 'late'];
    audience.add('late', shownAt(at(picture, 1)));
    audience.bring(at(picture, 2), telling(['late']));
    audience.add('new', shownAt(at(picture, 2)));
    Object.assign(picture, view(100, 50));
    told = [];
    made = [];
    expect(audience.bring(at(picture, 100), telling())).toBe(false);
    expect(made).toEqual([undefined]);
    expect(told.map(([, all]) => [...all].sort())).toEqual([[...names].sort()]);
  });

  it('tells a group everything that it failed to tell, and nobody else anything twice', () => {
    for (const watcher of ['a', 'b', 'c']) audience.add(watcher, shownAt(at(one, 1)));
    const { takesMore, news } = telling();
    const failing: Telling<string> = {
      takesMore,
      news: (shown) => ({
        concerns: () => true,
        tell: (watchers) => {
          if (watchers.includes('b')) throw new Error('Not now.');
          news(shown).tell(watchers);
        },
      }),
    };
    expect(() => audience.bring(at(one, 2), failing)).toThrow('Not now.');
    expect(told).toEqual([
      [1, ['a']],
      [1, ['c']],
    ]);
    told = [];
    expect(audience.bring(at(one, 3), telling())).toBe(false);
    expect(told).toEqual([
      [1, ['a', 'c']],
      [undefined, ['b']],
    ]);
    for (const watcher of ['a', 'b', 'c']) audience.remove(watcher);
    expect(audience.isEmpty).toBe(true);
  });

  it('makes no news for those who are late and cannot take any', () => {
    const names = fallBehind(3);
    audience.add('quick', { view: one, position: { revision: 10, atMs: 10 } });
    expect(audience.bring(at(one, 20), telling(names))).toBe(true);
    expect(made).toEqual([10]);
    expect(told).toEqual([[10, ['quick']]]);
    audience.remove('quick');
    made = [];
    expect(audience.bring(at(one, 21), telling(names))).toBe(true);
    expect(made).toEqual([]);
    expect(audience.bring(at(one, 22), telling(['late-1', 'late-3']))).toBe(true);
    expect(made).toEqual([2]);
  });

  it('keeps few places of those who are late, and tells the oldest ones everything anew, together', () => {
    const names = fallBehind(LATE_MAX + 20);
    expect(audience.bring(at(one, 100), telling())).toBe(false);
    const newest = names.slice(20).map((name, n): [number, string[]] => [n + 21, [name]]);
    expect(told.slice(0, -1)).toEqual(newest.reverse());
    const [revision, anew] = told.at(-1) ?? [];
    expect(revision).toBeUndefined();
    expect(anew?.sort()).toEqual(names.slice(0, 20).sort());
  });

  it('asks nobody whom nothing concerns, and lets them keep up', () => {
    for (const watcher of ['a', 'b']) audience.add(watcher, shownAt(at(one, 1)));
    const concernsB = (watcher: string): boolean => watcher === 'b';
    expect(audience.bring(at(one, 2), telling(['a'], concernsB))).toBe(false);
    expect(told).toEqual([[1, ['b']]]);
  });

  it('is one group to whom nothing shown counts any more, however they came', () => {
    for (const watcher of ['a', 'b', 'c']) audience.add(watcher, shownAt(at(one, 1)));
    audience.forget();
    audience.bring(at(one, 2), telling());
    expect(told).toEqual([[undefined, ['a', 'b', 'c']]]);
  });

  it('looks at nobody else for the sake of one, however many stand apart', () => {
    const names = Array.from({ length: 20_000 }, (_, n) => `w${n}`);
    const startedMs = performance.now();
    for (const [n, name] of names.entries()) audience.add(name, shownAt(at(one, 1_000_000 + n)));
    audience.bring(at(one, 2), telling());
    for (const [n, name] of names.entries()) {
      expect(audience.shownMsTo(name)).toBeGreaterThanOrEqual(1_000_000 + n);
      audience.remove(name);
    }
    expect(audience.isEmpty).toBe(true);
    expect(performance.now() - startedMs).toBeLessThan(5000);
  });
});
