import fc from 'fast-check';
import { TokenBucket } from './token-bucket';

const takenOf = (bucket: TokenBucket, tries: number, nowMs: number): number =>
  Array.from({ length: tries }, () => bucket.take(nowMs)).filter(Boolean).length;

describe('a token bucket', () => {
  it('lets a burst through at once, and no more', () => {
    expect(takenOf(new TokenBucket(10, 5), 20, 1000)).toBe(5);
  });

  it('fills at its rate', () => {
    const bucket = new TokenBucket(10, 5);
    takenOf(bucket, 5, 0);

    expect(takenOf(bucket, 9, 99)).toBe(0);
    expect(takenOf(bucket, 9, 100)).toBe(1);
    expect(takenOf(bucket, 9, 400)).toBe(3);
  });

  it('never holds more than the burst, however long nothing came', () => {
    const bucket = new TokenBucket(10, 5);
    takenOf(bucket, 5, 0);
    expect(takenOf(bucket, 20, 3_600_000)).toBe(5);
  });

  it('loses no part of a token between tries', () => {
    const bucket = new TokenBucket(1, 1);
    bucket.take(0);
    for (let nowMs = 10; nowMs < 990; nowMs += 10) expect(bucket.take(nowMs)).toBe(false);
    expect(bucket.take(1001)).toBe(true);
  });

  it('lets through what costs more than there is, which is to be earned up to the largest debt', () => {
    const usual = new TokenBucket(10, 5);
    const deep = new TokenBucket(10, 5, 1000);
    for (const bucket of [usual, deep]) expect(bucket.take(0, 105)).toBe(true);
    expect([usual.has(599), usual.has(600)]).toEqual([false, true]);
    expect([deep.has(10_099), deep.has(10_101)]).toEqual([false, true]);
  });

  it('gives nothing for a clock that goes back', () => {
    const bucket = new TokenBucket(10, 2);
    takenOf(bucket, 2, 5000);
    expect(takenOf(bucket, 5, 0)).toBe(0);
    expect(takenOf(bucket, 5, 100)).toBe(1);
  });

  it('over any time gives no more than burst and rate allow', () => {
    const waits = fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 200 });
    const rule = fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 50 }),
      waits,
      (rate, burst, steps) => {
        const bucket = new TokenBucket(rate, burst);
        let [nowMs, taken] = [0, 0];
        for (const step of steps) if (bucket.take((nowMs += step))) taken += 1;
        expect(taken).toBeLessThanOrEqual(burst + (nowMs * rate) / 1000);
      },
    );
    fc.assert(rule, { numRuns: 200 });
  });
});
