import { NEVER_CONNECTED, type UserRecord } from './presence';
import { PresenceIndex } from './presence-index';

const MINUTE_MS = 60_000;

/** Connected, and shown as it is since `stampMs`. */
const here = (stampMs: number): UserRecord => ({
  ...NEVER_CONNECTED,
  connections: 1,
  stampMs,
  was: 'online',
  previousStampMs: stampMs,
});

/** Left: shown as before since `previousStampMs`, and offline from `stampMs` on. */
const leaving = (previousStampMs: number, stampMs: number): UserRecord => ({
  ...NEVER_CONNECTED,
  stampMs,
  was: 'online',
  previousStampMs,
});

/** The same with a choice that ends. */
const until = (untilMs: number, record: UserRecord): UserRecord => ({ ...record, chosen: 'busy', untilMs });

describe('The index of changes', () => {
  const since = (index: PresenceIndex, fromMs: number): string[] =>
    index
      .textSince(fromMs, '', undefined, (userId, stampMs) => `,${userId} ${stampMs}`)
      .split(',')
      .slice(1);

  it('begins at the time asked for, inclusively', () => {
    const index = new PresenceIndex();
    ['ada', 'bob', 'cyd', 'dan'].forEach((userId, at) =>
      index.move(userId, undefined, here([10, 20, 20, 30][at] ?? 0)),
    );
    expect(since(index, 20)).toEqual(['bob 20', 'cyd 20', 'dan 30']);
    expect(since(index, 21)).toEqual(['dan 30']);
    expect(since(index, 31)).toEqual([]);
  });

  it('has a user at the last change alone, and at a departure that is to come', () => {
    const index = new PresenceIndex();
    index.move('ada', undefined, here(30));
    index.move('bob', undefined, here(10));
    index.move('ada', here(30), here(40));
    index.move('bob', here(10), leaving(10, 45));
    expect(since(index, 0)).toEqual(['bob 10', 'ada 40', 'bob 45']);
    index.move('bob', leaving(10, 45), here(10));
    index.move('ada', here(40), null);
    expect(since(index, 0)).toEqual(['bob 10']);
  });

  it('keeps its texts until the user has changed, and makes them without one user', () => {
    const index = new PresenceIndex();
    const [ada, bob] = [here(10), leaving(20, 30)];
    index.move('ada', undefined, ada);
    index.move('bob', undefined, bob);
    let word = 'one';
    const texts = (fromMs: number, except: string, record?: UserRecord): string =>
      index.textSince(fromMs, except, record, (userId, stampMs) => `${userId} ${stampMs} ${word},`);
    expect(texts(0, '')).toBe('ada 10 one,bob 20 one,bob 30 one,');
    word = 'two';
    expect(texts(0, '')).toBe('ada 10 one,bob 20 one,bob 30 one,');
    expect(texts(0, 'ada', ada)).toBe('bob 20 two,bob 30 one,');
    expect(texts(11, '')).toBe('bob 20 two,bob 30 one,');
    index.changed('bob', bob);
    expect(texts(0, '')).toBe('ada 10 two,bob 20 two,bob 30 two,');
    word = 'three';
    index.move('ada', ada, here(10));
    expect(texts(0, '')).toBe('ada 10 three,bob 20 three,bob 30 two,');
  });

  it('has a departure without a grace once', () => {
    const index = new PresenceIndex();
    index.move('ada', undefined, leaving(20, 20));
    expect(since(index, 0)).toEqual(['ada 20']);
  });

  it('knows the next departure after a time, which that time itself is not', () => {
    const index = new PresenceIndex();
    expect(index.nextEffectAfter(0)).toBe(Infinity);
    index.move('ada', undefined, leaving(1, 10));
    index.move('bob', undefined, leaving(1, 20));
    index.move('cyd', undefined, here(5));
    expect([0, 9, 10, 20].map((atMs) => index.nextEffectAfter(atMs))).toEqual([10, 10, 20, Infinity]);
  });

  it('has a user once more at the end of a timed choice, unless the departure takes effect then', () => {
    const index = new PresenceIndex();
    index.move('ada', undefined, until(50, here(10)));
    index.move('bob', undefined, until(60, leaving(20, 40)));
    index.move('cyd', undefined, until(45, leaving(30, 45)));
    expect(since(index, 0)).toEqual(['ada 10', 'bob 20', 'cyd 30', 'bob 40', 'cyd 45', 'ada 50', 'bob 60']);
    expect([...index.takingEffect(40, 50)].sort()).toEqual(['ada', 'cyd']);
    expect([0, 40, 45, 50, 60].map((atMs) => index.nextEffectAfter(atMs))).toEqual([40, 45, 50, 60, Infinity]);
    index.move('ada', until(50, here(10)), here(10));
    index.move('bob', until(60, leaving(20, 40)), null);
    expect(since(index, 0)).toEqual(['ada 10', 'cyd 30', 'cyd 45']);
  });

  it('forgets nothing because a choice ends in a year', () => {
    const index = new PresenceIndex();
    const yearMs = 365 * 24 * 60 * MINUTE_MS;
    index.move('ada', undefined, until(yearMs, here(1)));
    index.move('bob', undefined, here(2));
    expect(since(index, 0)).toEqual(['ada 1', 'bob 2', `ada ${yearMs}`]);
    for (let minute = 1; minute < 60; minute += 1) index.move(`user-${minute}`, undefined, here(minute * MINUTE_MS));
    expect(since(index, 50 * MINUTE_MS)).toHaveLength(10 + 1);
  });

  it('drops what nobody may ask for any more, and nothing else', () => {
    const index = new PresenceIndex();
    for (let second = 0; second < 3600; second += 1) index.move(`user-${second}`, undefined, here(second * 1000));
    const lastMs = 3599_000;
    expect(since(index, 0).length).toBeLessThan(11 * 60 + 200);
    expect(since(index, lastMs - 10 * MINUTE_MS)).toHaveLength(601);
  });

  it('does not take what nobody may ask for', () => {
    const index = new PresenceIndex(1000);
    index.move('ada', undefined, here(999));
    index.move('bob', undefined, here(1000));
    expect(since(index, 0)).toEqual(['bob 1000']);
  });

  it('takes no more room for users who change all the time than for others', () => {
    const index = new PresenceIndex();
    index.move('bob', undefined, here(1));
    for (let stampMs = 2; stampMs < 5000; stampMs += 1) {
      index.move('ada', stampMs === 2 ? undefined : here(stampMs - 1), here(stampMs));
    }
    expect(since(index, 0)).toEqual(['bob 1', 'ada 4999']);
  });
});
