import { BoundedPublisher } from './bounded-publisher';

const MIB = 1_048_576;
const TIMEOUT_MS = 1000;

/** A client that keeps what it is given until it is told to answer. */
function start() {
  const waiting: { readonly bytes: number; readonly answer: () => void }[] = [];
  const send = (_: string, message: string | Buffer): Promise<unknown> =>
    new Promise<void>((resolve) => waiting.push({ bytes: 2 * message.length, answer: resolve }));
  const publisher = new BoundedPublisher(send, TIMEOUT_MS);
  return {
    publish: (length: number, times: number) => {
      for (let n = 0; n < times; n += 1) publisher.publish('news', 'x'.repeat(length));
    },
    bytes: () => waiting.reduce((sum, { bytes }) => sum + bytes, 0),
    count: () => waiting.length,
    answerFirst: async () => {
      waiting.shift()?.answer();
      await new Promise((resolve) => process.nextTick(resolve));
    },
    answer: async () => {
      for (const { answer } of waiting.splice(0)) answer();
      await new Promise((resolve) => process.nextTick(resolve));
    },
  };
}

describe('Messages that Redis has not answered', () => {
  let nowMs = 0;

  beforeEach(() => {
    nowMs = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
  });

  afterEach(() => void jest.restoreAllMocks());

  it('are so many bytes at one time', async () => {
    const { publish, bytes, answer } = start();
    publish(7000, 4000);
    expect(bytes()).toBeGreaterThan(29 * MIB);
    expect(bytes()).toBeLessThanOrEqual(32 * MIB);
    await answer();
    publish(10, 1);
    expect(bytes()).toBe(20);
  });

  it('are no more of them however long it stays away', () => {
    const { publish, bytes } = start();
    for (nowMs = 0; nowMs < 60_000; nowMs += 100) publish(65_536, 100);
    expect(bytes()).toBeLessThanOrEqual(32 * MIB);
  });

  it('are few where they are large, so that small ones go on beside them', () => {
    const { publish, bytes, count } = start();
    publish(65_536, 2000);
    expect(bytes()).toBeGreaterThan(3 * MIB);
    expect(bytes()).toBeLessThanOrEqual(4 * MIB);
    const large = count();
    publish(7000, 100);
    expect(count()).toBe(large + 100);
  });

  it('keep nothing from being sent while others are answered, however long they wait', async () => {
    const { publish, count, answerFirst } = start();
    publish(10, 10);
    for (nowMs = 900; nowMs < 8000; nowMs += 900) await answerFirst();
    nowMs = 8000;
    publish(10, 1);
    expect(count()).toBe(3);
  });

  it('are not many where they are small', () => {
    const { publish, count } = start();
    publish(1, 100_000);
    expect(count()).toBeLessThan(33_000);
  });

  it('keep others from being sent while it is silent, and not for ever', async () => {
    const { publish, count, answer } = start();
    publish(10, 1);
    nowMs = TIMEOUT_MS + 1;
    publish(10, 1);
    expect(count()).toBe(1);
    nowMs = 4 * TIMEOUT_MS;
    publish(10, 1);
    expect(count()).toBe(2);
    nowMs += TIMEOUT_MS + 1;
    publish(10, 1);
    expect(count()).toBe(2);
    await answer();
    publish(10, 1);
    expect(count()).toBe(1);
  });
});
