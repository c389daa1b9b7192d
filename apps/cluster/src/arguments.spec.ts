import { readArguments } from './arguments';

describe('the command line of the cluster', () => {
  it('may say nothing', () => {
    expect(readArguments([])).toEqual({ dcs: 3, pods: 2, appsFile: undefined, help: false });
  });

  it('says how many of what, and what they serve', () => {
    expect(readArguments(['--dcs', '9', '--pods', '1', '--apps', 'apps.json'])).toMatchObject({
      dcs: 9,
      pods: 1,
      appsFile: 'apps.json',
    });
  });

  it.each([
    [['--dcs', '0'], '--dcs is "0", but must be a whole number from 1 to 9.'],
    [['--dcs', '10'], '--dcs is "10"'],
    [['--pods', 'two'], '--pods is "two", but must be a whole number from 1 to 9.'],
    [['--pods', '1.5'], '--pods is "1.5"'],
    [['--moons', '1'], '--moons'],
    [['three'], 'three'],
  ])('is refused with the reason: %j', (words, reason) => {
    expect(() => readArguments(words)).toThrow(reason);
  });
});
