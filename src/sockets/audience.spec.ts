import type { Moment, RosterView } from '@rollcall/roster';
import { Audience, type Shown, shownAt } from './audience';

const view = (revision: number): RosterView => ({ head: { revision } }) as unknown as RosterView;

describe('An audience', () => {
  const [one, other] = [view(1), view(2)];
  const at = (of: RosterView, atMs: number): Moment => ({ view: of, atMs });
  let audience: Audience<string>;
  let told: [revision: number | undefined, watchers: string[]][];

  beforeEach(() => {
    audience = new Audience();
    told = [];
  });

  const tell =
    (late: readonly string[] = []) =>
    (shown: Shown | undefined, watchers: ReadonlySet<string>): string[] => {
      told.push([shown?.position.revision, [...watchers]]);
      return [...watchers].filter((watcher) => late.includes(watcher));
    };

  it('is one group once everybody has been told', () => {
    for (const watcher of ['a', 'b', 'c']) audience.add(watcher, shownAt(at(one, 1)));
    expect(audience.bring(at(one, 2), tell())).toBe(false);
    told = [];
    audience.bring(at(one, 3), tell());
    expect(told).toEqual([[1, ['a', 'b', 'c']]]);
  });

  it('tells those who were late from where they were, and everything once the picture is another one', () => {
    for (const watcher of ['a', 'b']) audience.add(watcher, shownAt(at(one, 1)));
    expect(audience.bring(at(one, 2), tell(['b']))).toBe(true);
    told = [];
    expect(audience.bring(at(other, 3), tell(['b']))).toBe(true);
    expect(told).toEqual([
      [1, ['a']],
      [1, ['b']],
    ]);
    told = [];
    expect(audience.bring(at(other, 4), tell())).toBe(false);
    expect(told).toEqual([
      [2, ['a']],
      [undefined, ['b']],
    ]);
  });

  it('leaves those alone to whom another pod has shown a later moment', () => {
    audience.add('a', shownAt(at(one, 10)));
    expect(audience.bring(at(one, 5), tell())).toBe(true);
    expect(told).toEqual([]);
    expect(audience.bring(at(one, 10), tell())).toBe(false);
    expect(told).toEqual([[1, ['a']]]);
  });

  it('tells a group everything that it failed to tell, and nobody else anything twice', () => {
    for (const watcher of ['a', 'b', 'c']) audience.add(watcher, shownAt(at(one, 1)));
    const fail = (shown: Shown | undefined, watchers: ReadonlySet<string>): string[] => {
      if (watchers.has('b')) throw new Error('Not now.');
      return tell()(shown, watchers);
    };
    expect(() => audience.bring(at(one, 2), fail)).toThrow('Not now.');
    expect(told).toEqual([
      [1, ['a']],
      [1, ['c']],
    ]);
    told = [];
    expect(audience.bring(at(one, 3), tell())).toBe(false);
    expect(told).toEqual([
      [1, ['a', 'c']],
      [undefined, ['b']],
    ]);
    for (const watcher of ['a', 'b', 'c']) audience.remove(watcher);
    expect(audience.isEmpty).toBe(true);
  });
});
