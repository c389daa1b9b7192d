import { LastSeen, SEEN_DROPPED_PER_BATCH, SEEN_KEPT_MS } from './last-seen';

const users = (from: number, count: number): string[] => Array.from({ length: count }, (_, n) => `user-${from + n}`);

describe('When users were last seen', () => {
  it('is known of as many as may be, those who left last', () => {
    const seen = new LastSeen(3);
    ['ada', 'bob', 'cyd'].forEach((userId, at) => seen.see([userId], at));
    seen.see(['ada'], 3);
    seen.see(['dan'], 4);
    expect(['ada', 'bob', 'cyd', 'dan'].map((userId) => seen.of(userId))).toEqual([3, undefined, 2, 4]);
  });

  it('is dropped a bounded number at a time', () => {
    const seen = new LastSeen();
    seen.see(users(0, 2 * SEEN_DROPPED_PER_BATCH), 0);
    const known = (): number => users(0, 2 * SEEN_DROPPED_PER_BATCH).filter((id) => seen.of(id) !== undefined).length;
    for (const left of [SEEN_DROPPED_PER_BATCH, 0]) {
      seen.see(['ada'], SEEN_KEPT_MS + 1);
      expect(known()).toBe(left);
    }
    expect(seen.of('ada')).toBe(SEEN_KEPT_MS + 1);
  });

  it('is over when the last one has been away for 90 days', () => {
    const seen = new LastSeen();
    expect(seen.isOver(0)).toBe(true);
    seen.see(['ada'], 0);
    seen.see(['bob'], 5);
    seen.see([], 1000);
    expect([seen.isOver(SEEN_KEPT_MS + 5), seen.isOver(SEEN_KEPT_MS + 6)]).toEqual([false, true]);
    seen.forget('bob');
    expect(seen.isOver(SEEN_KEPT_MS + 5)).toBe(true);
  });
});
