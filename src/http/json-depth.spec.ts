import { jsonFault } from './json-depth';

const nested = (levels: number, around: (inner: unknown) => unknown, inside: unknown = 1): unknown => {
  let value = inside;
  for (let level = 0; level < levels; level += 1) value = around(value);
  return value;
};
const inLists = (inner: unknown): unknown => [inner];
const inObjects = (inner: unknown): unknown => ({ inner });

describe('a value to pass on as JSON', () => {
  it.each([null, true, 0, '', 'text', [], {}, [{ a: [null, { b: 'c' }] }], JSON.parse('{"__proto__":{"a":1}}')])(
    'may be %j',
    (value) => expect(jsonFault(value)).toBeUndefined(),
  );

  it.each([
    ['lists', inLists],
    ['objects', inObjects],
  ])('may be nested to 100 levels of %s and no deeper', (_what, around) => {
    expect(jsonFault(nested(100, around))).toBeUndefined();
    expect(jsonFault(nested(101, around))).toBe('must not be nested deeper than 100 levels');
  });

  it('may be of any depth that a client thinks up, without a fault of ours', () => {
    expect(jsonFault(nested(1_000_000, inLists))).toBe('must not be nested deeper than 100 levels');
    expect(jsonFault(nested(30_000, inObjects, 'x'))).toBe('must not be nested deeper than 100 levels');
  });

  it('is looked through to the last of its branches', () => {
    expect(jsonFault([1, [2], { a: nested(100, inLists) }])).toBe('must not be nested deeper than 100 levels');
    expect(jsonFault([Array.from({ length: 10_000 }, () => ({})), { a: Buffer.from('x') }])).toMatch(/binary/);
  });

  it.each([Buffer.from('x'), new Uint8Array(1), new ArrayBuffer(1), new DataView(new ArrayBuffer(1))])(
    'has no binary data in it (%#)',
    (binary) => {
      expect(jsonFault(binary)).toBe('must be JSON, without binary data');
      expect(jsonFault({ deep: [binary] })).toBe('must be JSON, without binary data');
    },
  );
});
