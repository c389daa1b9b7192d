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

  it('with patience follows on one that takes long, but never without need', async () => {
    let waits = 0;
    let goOn: () => void = () => undefined;
    const answers: Deferred<number>[] = [];
    const far = new SharedCheck(
      () => {
        const answer = new Deferred<number>();
        answers.push(answer);
        return answer.promise;
      },
      () => {
        waits += 1;
        return new Promise((resolve) => (goOn = resolve));
      },
    );
    const first = far.ask();
    await settle();
    expect(waits).toBe(0);
    const later = [far.ask(), far.ask()];
    await settle();
    expect(answers).toHaveLength(1);
    goOn();
    await settle();
    expect(answers).toHaveLength(2);
    answers[1]?.resolve(2);
    expect(await Promise.all(later)).toEqual([2, 2]);
    answers[0]?.resolve(1);
    expect(await first).toBe(1);
    await settle();
    void far.ask();
    await settle();
    expect([answers.length, waits]).toEqual([3, 1]);
  });
});
