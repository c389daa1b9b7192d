import { AppError } from '@rollcall/contract';
import * as fc from 'fast-check';
import { AT_ONCE_MAX, type Leave, SignatureQueue, WAIT_MAX_MS, WAITING_MAX } from './signature-queue';

/** What became of whom, in the order in which it did. */
class Watched {
  nowMs = 1_000_000;
  readonly inside: { readonly who: number; readonly leave: Leave }[] = [];
  readonly begun: number[] = [];
  readonly refused: number[] = [];
  private readonly queue = new SignatureQueue(() => this.nowMs);
  private count = 0;

  async come(times = 1): Promise<void> {
    for (let n = 0; n < times; n += 1) {
      const who = this.count++;
      this.queue.enter().then(
        (leave) => {
          this.begun.push(who);
          this.inside.push({ who, leave });
        },
        (error: unknown) => {
          expect(error).toBeInstanceOf(AppError);
          expect(error).toMatchObject({ code: 'UNAVAILABLE' });
          this.refused.push(who);
        },
      );
    }
    await settled();
  }

  async leave(times = 1): Promise<void> {
    for (const { leave } of this.inside.splice(0, times)) leave();
    await settled();
  }
}

const settled = () => new Promise(setImmediate);
const upTo = (end: number, from = 0) => Array.from({ length: end - from }, (_, n) => from + n);

describe('The queue for signatures', () => {
  it('lets so many be checked at one time, and the others in the order in which they came', async () => {
    const watched = new Watched();
    await watched.come(AT_ONCE_MAX + 5);
    expect(watched.begun).toEqual(upTo(AT_ONCE_MAX));
    await watched.leave(2);
    expect(watched.begun).toEqual(upTo(AT_ONCE_MAX + 2));
    await watched.leave(AT_ONCE_MAX);
    expect(watched.begun).toEqual(upTo(AT_ONCE_MAX + 5));
    expect(watched.refused).toEqual([]);
  });

  it('refuses whoever has waited for too long when their turn comes, and gives the place to who has not', async () => {
    const watched = new Watched();
    await watched.come(AT_ONCE_MAX + 100);
    watched.nowMs += 1;
    await watched.come(3);
    watched.nowMs += WAIT_MAX_MS;
    expect(watched.refused).toEqual([]);
    await watched.leave();
    expect(watched.refused).toEqual(upTo(AT_ONCE_MAX + 100, AT_ONCE_MAX));
    expect(watched.begun).toEqual([...upTo(AT_ONCE_MAX), AT_ONCE_MAX + 100]);
  });

  it('refuses at once whoever comes when so many wait, and takes the next when one of them has had their turn', async () => {
    const watched = new Watched();
    await watched.come(AT_ONCE_MAX + WAITING_MAX);
    expect(watched.refused).toEqual([]);
    await watched.come();
    expect(watched.refused).toEqual([AT_ONCE_MAX + WAITING_MAX]);
    await watched.leave();
    await watched.come(2);
    expect(watched.refused).toEqual([AT_ONCE_MAX + WAITING_MAX, AT_ONCE_MAX + WAITING_MAX + 2]);
  });

  it('has all its places again when everybody has gone, however late', async () => {
    const watched = new Watched();
    await watched.come(AT_ONCE_MAX + 50);
    watched.nowMs += 10 * WAIT_MAX_MS;
    await watched.leave(AT_ONCE_MAX);
    expect(watched.inside).toEqual([]);
    await watched.come(AT_ONCE_MAX + 1);
    expect(watched.inside).toHaveLength(AT_ONCE_MAX);
  });

  it('does what a list of who waits since when says, whoever comes and leaves at whatever time', async () => {
    const step = fc.oneof(
      fc.record({ come: fc.integer({ min: 1, max: 40 }) }),
      fc.record({ leave: fc.integer({ min: 1, max: 20 }) }),
      fc.record({ passMs: fc.integer({ min: 1, max: WAIT_MAX_MS }) }),
    );
    const rule = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const watched = new Watched();
      const list: { who: number; sinceMs: number }[] = [];
      const [begun, refused]: [number[], number[]] = [[], []];
      let [count, atOnce] = [0, 0];
      const serve = () => {
        while (atOnce < AT_ONCE_MAX && list.length > 0) {
          const [{ who, sinceMs } = { who: -1, sinceMs: 0 }] = list.splice(0, 1);
          const isLate = watched.nowMs - sinceMs > WAIT_MAX_MS;
          (isLate ? refused : begun).push(who);
          if (!isLate) atOnce += 1;
        }
      };
      for (const one of steps) {
        if ('passMs' in one) watched.nowMs += one.passMs;
        if ('come' in one) {
          for (let n = 0; n < one.come; n += 1) list.push({ who: count++, sinceMs: watched.nowMs });
          serve();
          await watched.come(one.come);
        }
        if ('leave' in one) {
          for (let n = Math.min(one.leave, atOnce); n > 0; n -= 1) {
            atOnce -= 1;
            serve();
          }
          await watched.leave(one.leave);
        }
        expect([watched.begun, watched.refused, watched.inside.length]).toEqual([begun, refused, atOnce]);
      }
    });
    await fc.assert(rule, { numRuns: 200 });
  });
});
