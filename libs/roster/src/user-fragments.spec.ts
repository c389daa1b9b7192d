import { OwnedFragments, UserFragments } from './user-fragments';

describe('The fragments of users', () => {
  const emails = new Map<string, string>();
  let written: string[];
  let fragments: UserFragments;

  beforeEach(() => {
    emails.clear();
    written = [];
    fragments = new UserFragments((userId) => {
      written.push(userId);
      return `${userId}:${emails.get(userId) ?? 'none'}`;
    });
  });

  it('are written once, and again when they are looked at anew', () => {
    expect([fragments.of('ada'), fragments.of('ada')]).toEqual(['ada:none', 'ada:none']);
    expect(written).toEqual(['ada']);
    emails.set('ada', 'new');
    expect(fragments.of('ada')).toBe('ada:none');
    expect(fragments.refresh('ada')).toBe(true);
    expect(fragments.of('ada')).toBe('ada:new');
  });

  it('have not changed if they say what they said, or were never shown', () => {
    fragments.of('ada');
    expect([fragments.refresh('ada'), fragments.refresh('bob')]).toEqual([false, false]);
    expect([fragments.version, fragments.isNewerThan(0, 'ada'), written]).toEqual([0, false, ['ada', 'ada']]);
  });

  it('tell whoever has read them before, and nobody else, that they have changed', () => {
    for (const userId of ['ada', 'bob']) fragments.of(userId);
    const before = fragments.version;
    emails.set('ada', 'new');
    fragments.refresh('ada');
    const newer = (version: number): boolean[] =>
      ['ada', 'bob'].map((userId) => fragments.isNewerThan(version, userId));
    expect([newer(before), newer(fragments.version)]).toEqual([
      [true, false],
      [false, false],
    ]);
    fragments.refreshAll();
    expect([newer(before), newer(fragments.version)]).toEqual([
      [true, true],
      [false, false],
    ]);
    expect(fragments.of('bob')).toBe('bob:none');
  });

  it('begin anew with somebody who comes back', () => {
    fragments.of('ada');
    emails.set('ada', 'new');
    fragments.refresh('ada');
    fragments.forget('ada');
    emails.set('ada', 'newer');
    expect([fragments.refresh('ada'), fragments.isNewerThan(0, 'ada'), fragments.of('ada')]).toEqual([
      false,
      false,
      'ada:newer',
    ]);
  });

  it('change what belongs to a user, and nothing that is nobody’s', () => {
    const tabs = new OwnedFragments(
      fragments,
      (tab) => (tab === 'lost' ? null : 'ada'),
      (tab) => `${tab} of ${fragments.of('ada')}`,
    );
    expect(tabs.of('tab')).toBe('tab of ada:none');
    emails.set('ada', 'new');
    fragments.refresh('ada');
    expect([tabs.isNewerThan(0, 'tab'), tabs.isNewerThan(0, 'lost'), tabs.version]).toEqual([true, false, 1]);
    expect(tabs.of('tab')).toBe('tab of ada:new');
  });
});
