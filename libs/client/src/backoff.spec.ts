import { Backoff } from './backoff';

describe('The waits between attempts', () => {
  it('double up to the longest', () => {
    const backoff = new Backoff({ reconnectionDelay: 100, reconnectionDelayMax: 500 }, () => 0.5);
    expect([1, 2, 3, 4, 5].map(() => backoff.nextMs())).toEqual([100, 200, 400, 500, 500]);
    expect(backoff.count).toBe(5);
    backoff.reset();
    expect([backoff.count, backoff.nextMs()]).toEqual([0, 100]);
  });

  it('stray by the factor to both sides', () => {
    const waits = [0, 0.25, 0.75, 1].map((random) => new Backoff({ randomizationFactor: 0.4 }, () => random).nextMs());
    expect(waits).toEqual([600, 800, 1200, 1400]);
  });

  it('are never negative', () => {
    expect(new Backoff({ randomizationFactor: 1 }, () => 0).nextMs()).toBe(0);
  });
});
