import { Deferred } from './deferred';
import { SharedCheck } from './shared-check';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('A shared question', () => {
  let sent: Deferred<number>[];
  let failing: boolean;
  let check: SharedCheck<number>;

  beforeEach(() => {
    sent = [];
    failing = false;
    check = new SharedCheck(async () => {
      const answer = new Deferred<number>();
      sent.push(answer);
      const value = await answer.promise;
      if (failing) throw new Error(`No answer ${value}.`);
      return value;
    });
  });

  it('is sent once for all who ask before it is sent', async () => {
    const answers = [check.ask(), check.ask(), check.ask()];
    await settle();
    expect(sent).toHaveLength(1);
    sent[0]?.resolve(1);
    expect(await Promise.all(answers)).toEqual([1, 1, 1]);
  });

  it('is sent anew for who asks while it is under way, once, when the answer is there', async () => {
    const first = check.ask();
    await settle();
    const later = [check.ask(), check.ask()];
    await settle();
    expect(sent).toHaveLength(1);
    sent[0]?.resolve(1);
    expect(await first).toBe(1);
    await settle();
    expect(sent).toHaveLength(2);
    sent[1]?.resolve(2);
    expect(await Promise.all(later)).toEqual([2, 2]);
  });

  it('fails for those who share it, and for nobody else', async () => {
    const first = check.ask();
    await settle();
    const second = check.ask();
    failing = true;
    sent[0]?.resolve(1);
    await expect(first).rejects.toThrow('No answer 1');
    failing = false;
    await settle();
    sent[1]?.resolve(2);
    expect(await second).toBe(2);
    const third = check.ask();
    await settle();
    sent[2]?.resolve(3);
    expect(await third).toBe(3);
  });
});
