import { pageOf, readCursor, readFlag, readLimit, readText } from './paging';

const HARD = ['', 'ada', '__proto__', 'a/b', '\u00e9\u{1f600}', '\ud800', 'x'.repeat(255)];
const textOf = (written: unknown): string | undefined => (typeof written === 'string' ? written : undefined);

describe('a list that is read page by page', () => {
  it('begins each page behind the last one, whatever the place is called', () => {
    const read: string[] = [];
    let cursor: string | undefined;
    do {
      const place = readCursor(cursor === undefined ? {} : { cursor }, textOf);
      const rest = place === undefined ? HARD : HARD.slice(HARD.indexOf(place) + 1);
      const page = pageOf(rest, 2, (name) => name);
      expect(page.items.length).toBeLessThanOrEqual(2);
      read.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(read).toEqual(HARD);
  });

  it('has no next page when the last one is full', () => {
    expect(pageOf(['a', 'b'], 2, String)).toEqual({ items: ['a', 'b'] });
    expect(pageOf([], 2, String)).toEqual({ items: [] });
  });

  it('takes no more than one item beyond the page', () => {
    let taken = 0;
    function* endless(): Iterable<number> {
      for (;;) yield (taken += 1);
    }
    expect(pageOf(endless(), 3, String).items).toEqual([1, 2, 3]);
    expect(taken).toBe(4);
  });
});

describe('a parameter of a page', () => {
  it('has a default', () => {
    expect([readLimit({}), readFlag({}, 'x'), readText({}, 'x'), readCursor({}, textOf)]).toEqual([
      100,
      undefined,
      undefined,
      undefined,
    ]);
    expect(readCursor({ cursor: '' }, textOf)).toBeUndefined();
  });

  it('is one of the own ones alone', () => {
    const inherited = Object.create({ limit: '5', x: 'true' }) as Record<string, unknown>;
    expect([readLimit(inherited), readFlag(inherited, 'x'), readText({}, 'constructor')]).toEqual([
      100,
      undefined,
      undefined,
    ]);
  });

  it.each(['1', '7', '0100', '1000'])('may be limit=%s', (limit) => expect(readLimit({ limit })).toBe(Number(limit)));

  it.each(['', '0', '1001', '-1', '1.5', '1e2', ' 5', '٣', '99999'])('must not be limit=%j', (limit) =>
    expect(() => readLimit({ limit })).toThrow('limit must be a whole number from 1 to 1000.'),
  );

  it.each([
    ['true', true],
    ['1', true],
    ['', true],
    ['false', false],
    ['0', false],
  ])('may be a flag that is %j', (given, flag) => expect(readFlag({ flag: given }, 'flag')).toBe(flag));

  it.each(['TRUE', 'yes', '2', 'true '])('must not be a flag that is %j', (flag) =>
    expect(() => readFlag({ flag }, 'flag')).toThrow('flag must be true or false.'),
  );

  it.each(['%', 'x', 'bnVsbA', Buffer.from('5').toString('base64url'), Buffer.from('["a"]').toString('base64url')])(
    'must not be a cursor that no answer had: %s',
    (cursor) => expect(() => readCursor({ cursor }, textOf)).toThrow('cursor is not one of an earlier answer.'),
  );

  it('comes once', () => {
    expect(() => readText({ prefix: ['a', 'b'] }, 'prefix')).toThrow('prefix may be given once.');
    expect(() => readLimit({ limit: ['1', '2'] })).toThrow('limit may be given once.');
  });
});
