import { RevokedTokenSet } from './revoked-tokens';

describe('A set of revoked tokens', () => {
  it('moves an id and a moment on, and never back', () => {
    const revoked = new RevokedTokenSet();
    expect([revoked.revoke('a', 5000), revoked.revoke('a', 5000), revoked.revoke('a', 4000)]).toEqual([
      true,
      false,
      false,
    ]);
    expect([revoked.revoke('a', Infinity), revoked.keptUntilMs('a')]).toEqual([true, Infinity]);
    expect([revoked.revokeBefore(10), revoked.revokeBefore(10), revoked.revokeBefore(9)]).toEqual([true, false, false]);
    expect(revoked.issuedBeforeMs).toBe(10);
  });

  it('forgets an id at its time and not before, and says when the next one is due', () => {
    const revoked = new RevokedTokenSet();
    revoked.revoke('a', 5000);
    revoked.revoke('b', 6000);
    revoked.revoke('c', Infinity);
    revoked.trim(4999);
    expect([revoked.size, revoked.nextTrimMs()]).toEqual([3, 5000]);
    revoked.trim(5000);
    expect([[...revoked.ids()], revoked.nextTrimMs()]).toEqual([['b', 'c'], 6000]);
    revoked.trim(Number.MAX_VALUE);
    expect([[...revoked.ids()], revoked.nextTrimMs()]).toEqual([['c'], Infinity]);
  });
});
