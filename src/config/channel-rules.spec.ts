import { type Actor, CHANNEL_ACTS, type ChannelRule, channelRules, mayAct, type WhoMay } from './channel-rules';

const rule = (pattern: string, all: WhoMay): ChannelRule => ({ pattern, join: all, watch: all, send: all });
const user = (more: Partial<Actor> = {}): Actor => ({ userId: 'ada', role: 'user', granted: [], ...more });
const grant = (pattern: string, ...acts: (typeof CHANNEL_ACTS)[number][]) => ({ pattern, acts });

const ACTORS: Record<string, Actor | null> = {
  visitor: null,
  user: user(),
  editor: user({ role: 'editor' }),
  claimant: user({ granted: [grant('room-*', ...CHANNEL_ACTS)] }),
  reader: user({ granted: [grant('room-1', 'join', 'watch')] }),
  stranger: user({ granted: [grant('hall', ...CHANNEL_ACTS)] }),
};

describe('The rules of channels', () => {
  it.each<[WhoMay, string[]]>([
    ['anyone', ['visitor', 'user', 'editor', 'claimant', 'reader', 'stranger']],
    ['users', ['user', 'editor', 'claimant', 'reader', 'stranger']],
    ['claimed', ['claimant', 'reader']],
    [['editor'], ['editor']],
    [
      ['user', 'editor'],
      ['user', 'editor', 'claimant', 'reader', 'stranger'],
    ],
    [['admin'], []],
    ['nobody', []],
  ])('let %j join: %j', (who, allowed) => {
    const may = Object.entries(ACTORS).filter(([, actor]) => mayAct([rule('room-*', who)], 'join', 'room-1', actor));
    expect(may.map(([name]) => name)).toEqual(allowed);
  });

  it('look at each act by itself', () => {
    const rules: ChannelRule[] = [{ pattern: 'news', join: 'anyone', watch: 'users', send: ['editor'] }];
    const table = Object.entries(ACTORS).map(([name, actor]) => [
      name,
      CHANNEL_ACTS.filter((act) => mayAct(rules, act, 'news', actor)),
    ]);
    expect(Object.fromEntries(table)).toEqual({
      visitor: ['join'],
      user: ['join', 'watch'],
      editor: ['join', 'watch', 'send'],
      claimant: ['join', 'watch'],
      reader: ['join', 'watch'],
      stranger: ['join', 'watch'],
    });
  });

  it('take from a token the acts that it names, and no others', () => {
    const may = CHANNEL_ACTS.filter((act) => mayAct([rule('*', 'claimed')], act, 'room-1', ACTORS.reader ?? null));
    expect(may).toEqual(['join', 'watch']);
  });

  it('are decided by the first that fits', () => {
    const rules = [rule('room-1', 'nobody'), rule('room-*', 'users'), rule('*', 'nobody')];
    const may = (channel: string): boolean => mayAct(rules, 'join', channel, user());
    expect([may('room-1'), may('room-2'), may('hall')]).toEqual([false, true, false]);
  });

  it('let anyone where none fits, and where there are none', () => {
    expect(mayAct([rule('room-*', 'nobody')], 'join', 'hall', null)).toBe(true);
    expect(mayAct([], 'send', 'room-1', null)).toBe(true);
  });

  it('give each user a channel of their own', () => {
    const rules = [rule('inbox-{userId}', 'users'), rule('inbox-*', 'nobody')];
    expect(mayAct(rules, 'join', 'inbox-ada', user())).toBe(true);
    expect(mayAct(rules, 'join', 'inbox-bob', user())).toBe(false);
    expect(mayAct(rules, 'join', 'inbox-ada', null)).toBe(false);
    expect(mayAct(rules, 'join', 'inbox-bob', user({ userId: '*' }))).toBe(false);
    const own = user({ granted: [grant('{userId}-*', 'join')] });
    expect(mayAct([rule('*', 'claimed')], 'join', 'ada-1', own)).toBe(true);
    expect(mayAct([rule('*', 'claimed')], 'join', 'bob-1', own)).toBe(false);
  });
});

describe('The rules of channels in an apps file', () => {
  const faultsOf = (pattern: string): string[] =>
    channelRules.safeParse([{ pattern }]).error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`) ??
    [];

  it.each([
    'inbox-{userID}',
    '{ userId }',
    '{user_id}-*',
    'inbox-{}',
    '{{userId}}',
    '{userId}-{id}',
    'inbox-{userId',
    'a}',
  ])('are refused for the pattern %j, which would guard nothing', (pattern) => {
    expect(faultsOf(pattern)).toEqual([
      `0.pattern is ${JSON.stringify(pattern)}, but must have braces in "{userId}" alone, written exactly so`,
    ]);
  });

  it.each(['inbox-{userId}', '{userId}{userId}', '*', 'room-*-{userId}', 'userID', '(a+)[b]'])(
    'are taken with the pattern %j',
    (pattern) => {
      expect(faultsOf(pattern)).toEqual([]);
    },
  );
});
