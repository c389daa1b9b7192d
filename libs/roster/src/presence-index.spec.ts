import { PresenceIndex, type Stamped } from './presence-index';

const MINUTE_MS = 60_000;

describe('The index of changes', () => {
  const indexOf = (isCurrent: (entry: Stamped) => boolean = () => true) => new PresenceIndex(isCurrent);
  const since = (index: PresenceIndex, fromMs: number): string[] =>
    [...index.since(fromMs)].map(({ userId, stampMs }) => `${userId} ${stampMs}`);

  it('begins at the time asked for, inclusively', () => {
    const index = indexOf();
    for (const stampMs of [10, 20, 20, 30]) index.changed('ada', stampMs);
    expect(since(index, 20)).toEqual(['ada 20', 'ada 20', 'ada 30']);
    expect(since(index, 21)).toEqual(['ada 30']);
    expect(since(index, 31)).toEqual([]);
  });

  it('finds what a snapshot told, in whatever order it came, and what came later', () => {
    const index = indexOf();
    index.fill(
      [30, 10, 20].map((stampMs) => ({ userId: 'ada', stampMs })),
      [50, 40].map((stampMs) => ({ userId: 'bob', stampMs })),
    );
    index.changed('cyd', 35);
    index.departing('cyd', 45);
    expect(since(index, 20)).toEqual(['ada 20', 'ada 30', 'cyd 35', 'bob 40', 'cyd 45', 'bob 50']);
  });

  it('knows the next departure after a time, which that time itself is not', () => {
    const index = indexOf();
    expect(index.nextDepartureAfter(0)).toBe(Infinity);
    index.departing('ada', 10);
    index.departing('bob', 20);
    index.changed('cyd', 5);
    expect([0, 9, 10, 20].map((atMs) => index.nextDepartureAfter(atMs))).toEqual([10, 10, 20, Infinity]);
  });

  it('drops what nobody may ask for any more, and nothing else', () => {
    const index = indexOf();
    for (let second = 0; second < 3600; second += 1) index.changed('ada', second * 1000);
    const lastMs = 3599_000;
    expect(since(index, 0).length).toBeLessThan(2 * 11 * 60 + 2);
    expect(since(index, lastMs - 10 * MINUTE_MS)).toHaveLength(601);
  });

  it('takes no more room for users who change all the time than for others', () => {
    let latest = 0;
    const index = indexOf(({ userId, stampMs }) => userId === 'bob' || stampMs === latest);
    index.changed('bob', 1);
    for (latest = 2; latest < 5000; latest += 1) {
      index.changed('ada', latest);
      index.departing('ada', latest);
    }
    latest -= 1;
    const left = since(index, 0);
    expect(left.length).toBeLessThan(600);
    expect(left).toEqual(expect.arrayContaining(['bob 1', `ada ${latest}`]));
  });
});
