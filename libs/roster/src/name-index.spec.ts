import fc from 'fast-check';
import { NameIndex } from './name-index';

describe('Who goes by which name', () => {
  it('is what a look at everybody would find, after any changes', () => {
    const id = fc.constantFrom('1', '2', '3', '4');
    const name = fc.option(fc.constantFrom('ada', 'bob', '__proto__'), { nil: undefined });
    fc.assert(
      fc.property(fc.array(fc.tuple(id, name)), (changes) => {
        const index = new NameIndex();
        const plain = new Map<string, string | undefined>();
        for (const [one, called] of changes) {
          index.set(one, called);
          plain.set(one, called);
          for (const asked of ['ada', 'bob', '__proto__', 'nobody']) {
            const ids = [...plain].flatMap(([other, its]) => (its === asked ? [other] : [])).sort();
            expect(index.idsOf(asked)).toEqual(ids);
          }
        }
      }),
    );
  });
});
