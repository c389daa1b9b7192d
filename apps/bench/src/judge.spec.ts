import { digits, judge, measure, quantity } from './judge';
import { median, quantile } from './measure/statistics';
import type { Verdict } from './row';

describe('a median', () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 2.5],
    [[], NaN],
  ])('of %j is %d', (values, expected) => expect(median(values)).toBe(expected));
});

describe('a quantile', () => {
  const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);
  it.each([
    [0.5, 50],
    [0.99, 99],
    [1, 100],
    [0, 1],
  ])('%d of 1 to 100 is %d', (share, expected) => expect(quantile(hundred, share)).toBe(expected));

  it('of nothing is nothing', () => expect(quantile([], 0.5)).toBeNaN());
});

describe('samples', () => {
  it('become medians by figure, also where a figure is missing in some', () => {
    expect(measure([{ p50: 3, cpu: 1 }, { p50: 1 }, { p50: 2, cpu: 3 }])).toEqual({
      p50: { median: 2, samples: [3, 1, 2] },
      cpu: { median: 2, samples: [1, 3] },
    });
  });
});

describe('a verdict', () => {
  const measures = { A: measure([{ p50: 0.5, share: 0.9 }]), B: measure([{ p50: 100, share: 0.3 }]) };
  const verdict: Verdict = { label: 'p50', unit: 'ms', figure: 'p50', ours: 'A', theirs: 'B' };

  it('says how many times theirs is ours', () => {
    const judged = judge(
      { ...verdict, bar: { kind: 'times', least: 120 }, stretch: { kind: 'times', least: 201 } },
      measures,
    );
    expect(judged).toMatchObject({ ours: 0.5, theirs: 100, ratio: 200, bar: '≥ 120×', stretch: '≥ 201×' });
    expect(judged).toMatchObject({ met: true, stretchMet: false });
    expect(judged.goal).toBeCloseTo(100 / 120);
  });

  it('says what part of theirs ours is', () => {
    const judged = judge({ ...verdict, ours: 'B', theirs: 'A', bar: { kind: 'ratio', most: 200 } }, measures);
    expect(judged).toMatchObject({ ratio: 200, bar: '≤ 200×', met: true });
    expect(judged.stretchMet).toBeUndefined();
  });

  it('holds ours alone against a limit', () => {
    const alone = { label: 'right', unit: 'share', figure: 'share', ours: 'A' } as const;
    expect(judge({ ...alone, bar: { kind: 'least', value: 1 } }, measures)).toMatchObject({
      bar: '≥ 100 %',
      met: false,
    });
    expect(judge({ ...alone, bar: { kind: 'most', value: 0.9 } }, measures)).toMatchObject({ met: true });
  });

  it('without a bar only compares, so that more is better', () => {
    expect(judge(verdict, measures)).toMatchObject({ ratio: 200, met: undefined, bar: undefined });
    expect(judge({ ...verdict, unit: 'share', figure: 'share' }, measures).ratio).toBeCloseTo(3);
    expect(judge({ ...verdict, compare: 'ratio' }, measures).ratio).toBe(0.005);
  });

  it('is not met by a figure that is missing', () => {
    expect(judge({ ...verdict, figure: 'none', bar: { kind: 'times', least: 1 } }, measures).met).toBe(false);
    expect(judge({ ...verdict, figure: 'none', bar: { kind: 'most', value: 1 } }, measures).met).toBe(false);
  });
});

describe('a quantity', () => {
  it.each([
    [0.04567, 'ms', '0.0457 ms'],
    [123.456, 'ms', '123 ms'],
    [16_384, 'bytes', '16 KB'],
    [290, 'bytes', '290 B'],
    [0.2954, 'share', '29.5 %'],
    [61_234, 'per s', '61,234/s'],
    [NaN, 'ms', '–'],
  ] as const)('%d %s is written %s', (value, unit, text) => expect(quantity(value, unit)).toBe(text));

  it('may be nothing', () => expect(digits(0)).toBe('0'));
});
