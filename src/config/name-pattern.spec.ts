import fc from 'fast-check';
import { fitsPattern } from './name-pattern';

const runs = (length: number, text: string): string => text.repeat(length);

/** The same, character by character, and with all the stepping back that it takes. */
function fitsNaively(pattern: readonly string[], name: string): boolean {
  const [head, ...rest] = pattern;
  if (head === undefined) return name === '';
  if (head === '*') return fitsNaively(rest, name) || (name !== '' && fitsNaively(pattern, name.slice(1)));
  return name.startsWith(head) && fitsNaively(rest, name.slice(head.length));
}

describe('A pattern of names', () => {
  it.each([
    ['room', 'room', true],
    ['room', 'rooms', false],
    ['room', 'Room', false],
    ['*', '', true],
    ['*', 'anything', true],
    ['room-*', 'room-', true],
    ['room-*', 'room-7', true],
    ['room-*', 'my room-7', false],
    ['*-room', 'my-room', true],
    ['*-room', 'my-room-2', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['ab*bc', 'abc', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['a**c', 'ac', true],
    ['.*', 'x', false],
    ['.*', '.x', true],
    ['[ab]', 'a', false],
    ['(a+)+$', 'aaaa', false],
    ['🦊*', '🦊 den', true],
    ['__proto__', '__proto__', true],
  ])('%j fits %j: %j', (pattern, name, fits) => {
    expect(fitsPattern(pattern, name, null)).toBe(fits);
  });

  it.each([
    ['inbox-{userId}', 'inbox-ada', 'ada', true],
    ['inbox-{userId}', 'inbox-bob', 'ada', false],
    ['inbox-{userId}', 'inbox-{userId}', 'ada', false],
    ['inbox-{userId}', 'inbox-', null, false],
    ['inbox-{userId}*', 'inbox-bob', null, false],
    ['{userId}-and-{userId}', 'ada-and-ada', 'ada', true],
    ['*-{userId}-*', 'x-ada-y', 'ada', true],
    // An id is no pattern, whatever its owner has called himself.
    ['inbox-{userId}', 'inbox-bob', '*', false],
    ['inbox-{userId}', 'inbox-*', '*', true],
    ['inbox-{userId}', 'inbox-ada', '{userId}', false],
    ['inbox-{userId}', 'inbox-$&', '$&', true],
  ])('%j fits %j for user %j: %j', (pattern, name, userId, fits) => {
    expect(fitsPattern(pattern, name, userId)).toBe(fits);
  });

  it('fits what it fits when every way is tried', () => {
    const pieces = fc.array(fc.constantFrom('a', 'b', 'ab', '*'), { maxLength: 8 });
    const names = fc.array(fc.constantFrom('a', 'b'), { maxLength: 10 }).map((letters) => letters.join(''));
    const rule = fc.property(pieces, names, (pattern, name) => {
      expect(fitsPattern(pattern.join(''), name, null)).toBe(fitsNaively(pattern, name));
    });
    fc.assert(rule, { numRuns: 5000 });
  });

  it('fits what it fits when the id is written out, for ids without an asterisk', () => {
    const pieces = fc.array(fc.constantFrom('a', '{userId}', '*'), { maxLength: 6 });
    const names = fc.array(fc.constantFrom('a', 'b'), { maxLength: 8 }).map((letters) => letters.join(''));
    const rule = fc.property(pieces, names, fc.constantFrom('a', 'b', 'ab', '{}'), (pattern, name, userId) => {
      const written = pattern.map((piece) => (piece === '{userId}' ? userId : piece));
      expect(fitsPattern(pattern.join(''), name, userId)).toBe(fitsNaively(written, name));
    });
    fc.assert(rule, { numRuns: 5000 });
  });

  it('costs little, whatever both are made for', () => {
    const startedAtMs = performance.now();
    for (let n = 0; n < 1000; n += 1) fitsPattern(runs(127, 'a*') + 'b', runs(255, 'a'), null);
    expect(performance.now() - startedAtMs).toBeLessThan(1000);
  });
});
