import type { Connection } from '../sockets/connection';
import { WaitingIds } from './waiting-ids';

const tabOf = (id: string, host = 'a.example'): Connection =>
  ({ host, visitor: { user: { id } } }) as unknown as Connection;

/** A thousand ids of 255 characters: 574,000 bytes, of which 29 fit. */
const ids = new Set(Array.from({ length: 1000 }, (_, n) => `${n}`.padEnd(255, 'x')));

describe('The ids that a user waits with', () => {
  it('are so many bytes at one time, however many connections ask', async () => {
    const waiting = new WaitingIds();
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const all = Array.from({ length: 29 }, () => waiting.during(tabOf('ada'), ids, () => ended));
    await expect(waiting.during(tabOf('ada'), ids, () => ended)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    const others = [waiting.during(tabOf('ada'), undefined, () => ended)];
    others.push(waiting.during(tabOf('bob'), ids, () => ended));
    others.push(waiting.during(tabOf('ada', 'b.example'), ids, () => ended));
    end();
    await Promise.all([...all, ...others]);
    await waiting.during(tabOf('ada'), ids, () => ended);
  });

  it('wait no longer when what they waited for has failed', async () => {
    const waiting = new WaitingIds();
    for (let n = 0; n < 100; n += 1) {
      await expect(waiting.during(tabOf('ada'), ids, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    }
    expect(await waiting.during(tabOf('ada'), ids, () => Promise.resolve('yes'))).toBe('yes');
  });
});
