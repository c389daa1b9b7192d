import * as fc from 'fast-check';
import { listOf } from './json-members';
import { SegmentedList } from './segmented-list';
import { UserFragments } from './user-fragments';

type Place = readonly [order: number, name: string];

/** What the list must be, as plainly as can be. */
class PlainList {
  places: Place[] = [];

  add(order: number, name: string): void {
    this.places.push([order, name]);
    this.places.sort(([a, m], [b, n]) => a - b || (m < n ? -1 : 1));
  }

  remove(order: number, name: string): void {
    const at = this.places.findIndex(([o, n]) => o === order && n === name);
    if (at >= 0) this.places.splice(at, 1);
  }
}

const json = (list: SegmentedList, fragments: UserFragments): unknown =>
  JSON.parse(listOf((parts) => list.pushJson(parts, fragments)).toString());

/** Of one segment at most. */
const SEGMENT_NAMES = 32;

const order = fc.nat(40);
const name = fc.constantFrom('a', 'b', 'c', '__proto__');
const read = fc.boolean();
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ act: fc.constant('add' as const), order: fc.nat(1000), name, read }) },
    { weight: 3, arbitrary: fc.record({ act: fc.constant('add many' as const), order, name, read }) },
    { weight: 5, arbitrary: fc.record({ act: fc.constant('remove' as const), order: fc.nat(1000), name, read }) },
    { weight: 2, arbitrary: fc.record({ act: fc.constant('remove many' as const), order, name, read }) },
    { weight: 2, arbitrary: fc.record({ act: fc.constant('change' as const), order, name, read }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('drop' as const), order, name, read }) },
  ),
  { maxLength: 40, size: 'max' },
);

describe('A list in segments', () => {
  it('has what a plain sorted list has, in its order, whatever is added and removed', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const list = new SegmentedList();
        const plain = new PlainList();
        const versions = new Map<string, number>();
        const fragments = new UserFragments((of) => JSON.stringify([of, versions.get(of) ?? 0]));
        for (const { act, order: at, name: who, read } of sequence) {
          // Enough at a time that segments are split, and joined again.
          const many = Array.from({ length: 50 }, (_, n) => at * 50 + n);
          if (act === 'add') [list, plain].forEach((one) => one.add(at, who));
          if (act === 'remove') [list, plain].forEach((one) => one.remove(at, who));
          if (act === 'add many') many.forEach((o) => [list, plain].forEach((one) => one.add(o, who)));
          if (act === 'remove many') many.forEach((o) => [list, plain].forEach((one) => one.remove(o, who)));
          if (act === 'change') {
            versions.set(who, (versions.get(who) ?? 0) + 1);
            fragments.refresh(who);
          }
          if (act === 'drop') {
            list.dropBefore(at * 20);
            // Some of the old may stay, and only the old may go.
            const left = [...list.from(0)];
            expect(left).toEqual(plain.places.slice(plain.places.length - left.length));
            expect(left.filter(([o]) => o >= at * 20)).toEqual(plain.places.filter(([o]) => o >= at * 20));
            plain.places = left;
          }
          // Many changes may come between two readings, and a list of which nothing is read knows of none.
          if (read) expect(json(list, fragments)).toEqual(plain.places.map(([, n]) => [n, versions.get(n) ?? 0]));
          expect([...list.from(at)]).toEqual(plain.places.filter(([o]) => o >= at));
          const beyond = list.countFrom(at) - plain.places.filter(([o]) => o >= at).length;
          expect([beyond >= 0, beyond <= SEGMENT_NAMES]).toEqual([true, true]);
          expect([...list.from(at, who)]).toEqual(plain.places.filter(([o, n]) => o > at || (o === at && n >= who)));
          expect([...list.at(at)]).toEqual(plain.places.filter(([o]) => o === at).map(([, n]) => n));
        }
        expect([...list.names()]).toEqual(plain.places.map(([, n]) => n));
      }),
      { numRuns: 150 },
    );
  });

  it('is read from any place on, also one where nothing is any more', () => {
    const list = new SegmentedList();
    const names = Array.from({ length: 500 }, (_, n) => String(n).padStart(3, '0'));
    for (const of of names) list.add(7, of);
    for (const [at, of] of names.entries()) {
      expect([...list.from(7, of)].map(([, n]) => n)).toEqual(names.slice(at));
      expect([...list.from(7, `${of}x`)].map(([, n]) => n)).toEqual(names.slice(at + 1));
    }
    expect([[...list.from(8)], [...list.from(6, '999')].length]).toEqual([[], 500]);
    for (const of of names) list.remove(7, of);
    expect([...list.from(7, '250')]).toEqual([]);
  });

  it('writes anew only what a change touches', () => {
    const list = new SegmentedList();
    for (let at = 0; at < 10_000; at += 1) list.add(at, `name-${at}`);
    const renamed = new Set<string>();
    const fragments = new UserFragments((of) => JSON.stringify(renamed.has(of) ? `new ${of}` : of));
    const pieces = (): Buffer[] => {
      const parts: Buffer[] = [];
      list.pushJson(parts, fragments);
      // The first one is a part of its segment.
      return parts.slice(1);
    };
    const first = pieces();
    expect(pieces().every((piece, at) => piece === first[at])).toBe(true);
    list.remove(5000, 'name-5000');
    for (const name of ['name-5100', 'name-7000']) fragments.refresh(name);
    renamed.add('name-7000').add('nobody');
    for (const name of ['name-7000', 'nobody']) fragments.refresh(name);
    list.add(10_000, 'name-10000');
    const second = pieces();
    expect(second.join('')).toContain('"new name-7000"');
    expect(second.filter((piece) => !first.includes(piece))).toHaveLength(3);
    fragments.refreshAll();
    expect(pieces().filter((piece) => second.includes(piece))).toEqual([]);
  });

  it('does not stay in crumbs when most of it has gone', () => {
    const list = new SegmentedList();
    for (let at = 0; at < 10_000; at += 1) list.add(at, 'name');
    for (let at = 0; at < 10_000; at += 1) if (at % 100 !== 0) list.remove(at, 'name');
    const parts: Buffer[] = [];
    list.pushJson(parts, new UserFragments(JSON.stringify));
    expect(parts.length).toBeLessThan(10);
  });
});
