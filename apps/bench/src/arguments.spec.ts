import { readArguments } from './arguments';

const KNOWN = ['map', 'start'];

describe('the command line', () => {
  it('may say nothing', () => {
    expect(readArguments([], KNOWN)).toEqual({ quick: false, list: false, only: undefined, repeats: undefined });
  });

  it('chooses rows, repeats and sizes', () => {
    const read = readArguments(['--quick', '--only', 'start,map', '--repeats', '3', '--list'], KNOWN);
    expect(read).toEqual({ quick: true, list: true, only: ['start', 'map'], repeats: 3 });
  });

  it.each([
    [['--only', 'moon'], 'There is no row "moon". Rows: map, start'],
    [['--repeats', '0'], '--repeats must be'],
    [['--repeats', 'many'], '--repeats must be'],
    [['--fast'], '--fast'],
  ])('is refused with the reason: %j', (words, reason) => {
    expect(() => readArguments(words, KNOWN)).toThrow(reason);
  });
});
