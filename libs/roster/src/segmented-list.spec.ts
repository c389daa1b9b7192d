import * as fc from 'fast-check';
import { listOf } from './json-members';
import { SegmentedList } from './segmented-list';

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

const json = (list: SegmentedList, fragmentOf: (name: string) => string): unknown =>
  JSON.parse(listOf((parts) => list.pushJson(parts, fragmentOf)).toString());

const order = fc.nat(40);
const name = fc.constantFrom('a', 'b', 'c', '__proto__');
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ act: fc.constant('add' as const), order: fc.nat(1000), name }) },
    { weight: 3, arbitrary: fc.record({ act: fc.constant('add many' as const), order, name }) },
    { weight: 5, arbitrary: fc.record({ act: fc.constant('remove' as const), order: fc.nat(1000), name }) },
    { weight: 2, arbitrary: fc.record({ act: fc.constant('remove many' as const), order, name }) },
    { weight: 2, arbitrary: fc.record({ act: fc.constant('change' as const), order, name }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('drop' as const), order, name }) },
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
        const fragmentOf = (of: string): string => JSON.stringify([of, versions.get(of) ?? 0]);
        for (const { act, order: at, name: who } of sequence) {
          // Enough at a time that segments are split, and joined again.
          const many = Array.from({ length: 50 }, (_, n) => at * 50 + n);
          if (act === 'add') [list, plain].forEach((one) => one.add(at, who));
          if (act === 'remove') [list, plain].forEach((one) => one.remove(at, who));
          if (act === 'add many') many.forEach((o) => [list, plain].forEach((one) => one.add(o, who)));
          if (act === 'remove many') many.forEach((o) => [list, plain].forEach((one) => one.remove(o, who)));
          if (act === 'change') {
            versions.set(who, (versions.get(who) ?? 0) + 1);
            for (const [o, n] of plain.places) if (n === who) list.changed(o, n);
          }
          if (act === 'drop') {
            list.dropBefore(at * 20);
            // Some of the old may stay, and only the old may go.
            const left = [...list.from(0)];
            expect(left).toEqual(plain.places.slice(plain.places.length - left.length));
            expect(left.filter(([o]) => o >= at * 20)).toEqual(plain.places.filter(([o]) => o >= at * 20));
            plain.places = left;
          }
          expect(json(list, fragmentOf)).toEqual(plain.places.map(([, n]) => [n, versions.get(n) ?? 0]));
          expect([...list.from(at)]).toEqual(plain.places.filter(([o]) => o >= at));
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
    let written = 0;
    const counting = (of: string): string => {
      written += 1;
      return JSON.stringify(of);
    };
    json(list, counting);
    expect(written).toBe(10_000);
    written = 0;
    json(list, counting);
    expect(written).toBe(0);
    list.remove(5000, 'name-5000');
    list.changed(7000, 'name-7000');
    list.add(10_000, 'name-10000');
    json(list, counting);
    expect(written).toBeLessThan(400);
  });

  it('does not stay in crumbs when most of it has gone', () => {
    const list = new SegmentedList();
    for (let at = 0; at < 10_000; at += 1) list.add(at, 'name');
    for (let at = 0; at < 10_000; at += 1) if (at % 100 !== 0) list.remove(at, 'name');
    const parts: Buffer[] = [];
    list.pushJson(parts, JSON.stringify);
    expect(parts.length).toBeLessThan(10);
  });
});
