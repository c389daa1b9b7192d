import { TurnQueue } from './turn-queue.service';

const { signal } = new AbortController();

describe('The queue of turns', () => {
  it('lets what was begun go on before all else of the same name, and not before others', async () => {
    const queue = new TurnQueue();
    const taken: string[] = [];
    const begin = async (name: string, what: string, parts: number): Promise<void> => {
      await queue.turn(name, signal);
      taken.push(`${what} begins`);
      for (let part = 1; part < parts; part += 1) {
        await queue.nextTurn(name, signal);
        taken.push(`${what} goes on`);
      }
    };
    await Promise.all([begin('a', 'a1', 3), begin('a', 'a2', 2), begin('b', 'b1', 2), begin('b', 'b2', 1)]);
    expect(taken.filter((what) => what.startsWith('a'))).toEqual([
      'a1 begins',
      'a1 goes on',
      'a1 goes on',
      'a2 begins',
      'a2 goes on',
    ]);
    expect(taken.indexOf('b1 begins')).toBeLessThan(taken.indexOf('a2 begins'));
  });

  it('does not keep what was begun for who has gone', async () => {
    const queue = new TurnQueue();
    const gone = new AbortController();
    await queue.turn('a', gone.signal);
    const next = queue.nextTurn('a', gone.signal);
    gone.abort();
    expect(await next).toBe(false);
    expect(await queue.nextTurn('a', gone.signal)).toBe(false);
    expect(queue.waitingOf('a')).toBe(0);
    expect(await queue.turn('a', signal)).toBe(true);
  });
});
