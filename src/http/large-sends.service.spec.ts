import { LargeSends } from './large-sends.service';

const busyFor = (ms: number): void => {
  for (const startedMs = performance.now(); performance.now() - startedMs < ms;);
};

describe('Large answers that are ready', () => {
  it('are sent one after another, in the order in which they were asked for', async () => {
    const sends = new LargeSends();
    const sent: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        await sends.turn();
        sent.push(n);
      }),
    );
    expect(sent).toEqual(Array.from({ length: 20 }, (_, n) => n));
    await sends.turn();
  });

  it('let everybody else have a turn after every few milliseconds', async () => {
    const sends = new LargeSends();
    let longestMs = 0;
    let lastMs = performance.now();
    let isOver = false;
    const look = (): void => {
      longestMs = Math.max(longestMs, performance.now() - lastMs);
      lastMs = performance.now();
      if (!isOver) setImmediate(look);
    };
    setImmediate(look);
    await Promise.all(
      Array.from({ length: 100 }, async () => {
        await sends.turn();
        busyFor(2);
      }),
    );
    isOver = true;
    // All at once they take 200 ms.
    expect(longestMs).toBeLessThan(100);
  });
});
