import { listOf } from './json-members';
import { UserChannel } from './user-channel';
import { UserFragments } from './user-fragments';

type Step = readonly ['join' | 'leave', userId: string, since: number];

const channelAfter = (...steps: Step[]): UserChannel => {
  const channel = new UserChannel();
  for (const [act, userId, since] of steps) channel[act](userId, since);
  return channel;
};

/** The channel's list, as an answer shows it. */
const listed = (channel: UserChannel, fragments = quoted()): string =>
  listOf((parts) => channel.pushJson(parts, fragments)).toString();

const quoted = (): UserFragments => new UserFragments((userId) => JSON.stringify(userId));

describe('The members of a channel', () => {
  it.each<readonly [name: string, steps: Step[], order: string[]]>([
    [
      'are listed in the order of joining',
      [
        ['join', 'b', 1],
        ['join', 'a', 2],
      ],
      ['b', 'a'],
    ],
    [
      'are listed by revision, however late it is heard',
      [
        ['join', 'b', 5],
        ['join', 'a', 2],
        ['join', 'c', 4],
      ],
      ['a', 'c', 'b'],
    ],
    [
      'keep their place when a second tab joins',
      [
        ['join', 'a', 1],
        ['join', 'b', 2],
        ['join', 'a', 3],
      ],
      ['a', 'b'],
    ],
    [
      'move to their second tab when the first leaves',
      [
        ['join', 'a', 1],
        ['join', 'b', 2],
        ['join', 'a', 3],
        ['leave', 'a', 1],
      ],
      ['b', 'a'],
    ],
    [
      'keep their place when the second tab leaves',
      [
        ['join', 'a', 1],
        ['join', 'b', 2],
        ['join', 'a', 3],
        ['leave', 'a', 3],
      ],
      ['a', 'b'],
    ],
    [
      'move forward when an older tab is heard of late',
      [
        ['join', 'a', 4],
        ['join', 'b', 5],
        ['join', 'b', 2],
      ],
      ['b', 'a'],
    ],
    [
      'move behind who came meanwhile',
      [
        ['join', 'a', 1],
        ['join', 'a', 2],
        ['join', 'b', 3],
        ['leave', 'a', 1],
        ['leave', 'a', 2],
        ['join', 'a', 4],
      ],
      ['b', 'a'],
    ],
    [
      'are gone when their last tab leaves',
      [
        ['join', 'a', 1],
        ['join', 'b', 2],
        ['join', 'a', 3],
        ['leave', 'a', 1],
        ['leave', 'a', 3],
      ],
      ['b'],
    ],
    [
      'are unchanged by a leave of someone who is not there',
      [
        ['join', 'a', 1],
        ['leave', 'b', 1],
      ],
      ['a'],
    ],
  ])('%s', (_name, steps, order) => {
    const channel = channelAfter(...steps);
    expect([...channel.userIds()]).toEqual(order);
    expect(channel.size).toBe(order.length);
    expect(JSON.parse(listed(channel))).toEqual(order);
  });

  it.each([1, 2, 3])(
    'are the same whether they are read after each step or only at the end (variant %i)',
    (variant) => {
      const steps: Step[] = [];
      for (let since = 1; since <= 60; since += 1) {
        const userId = `user-${(since * since * variant) % 7}`;
        steps.push(['join', userId, since]);
        if (since % 3 === 0) steps.push(['leave', `user-${((since - 2) ** 2 * variant) % 7}`, since - 2]);
      }
      const read = new UserChannel();
      for (const [act, userId, since] of steps) {
        read[act](userId, since);
        listed(read);
      }
      const unread = channelAfter(...steps);
      expect(listed(read)).toBe(listed(unread));
      expect([read.size, read.connections]).toEqual([unread.size, unread.connections]);
      expect(read.connections).toBe(40);
    },
  );

  it('are put in order again when an older one is heard of after they were read', () => {
    const channel = channelAfter(['join', 'a', 5], ['join', 'b', 2]);
    expect([...channel.userIds()]).toEqual(['b', 'a']);
    channel.join('c', 3);
    expect([...channel.userIds()]).toEqual(['b', 'c', 'a']);
  });

  it('are read from behind a place on, whether its member is there or not', () => {
    const channel = channelAfter(['join', 'b', 1], ['join', 'c', 2], ['join', 'a', 2], ['join', 'd', 4]);
    const behind = (since: number, userId: string): string[] =>
      [...channel.behind({ since, userId })].map((place) => place.userId);
    expect([...channel.behind(undefined)].map(({ userId }) => userId)).toEqual(['b', 'a', 'c', 'd']);
    expect([behind(1, 'b'), behind(2, 'a'), behind(2, 'b'), behind(3, 'x'), behind(4, 'd')]).toEqual([
      ['a', 'c', 'd'],
      ['c', 'd'],
      ['c', 'd'],
      ['d'],
      [],
    ]);
    channel.leave('c', 2);
    expect(behind(2, 'c')).toEqual(['d']);
  });

  it('are counted by connection as well', () => {
    const channel = channelAfter(['join', 'a', 1], ['join', 'a', 2], ['join', 'b', 3], ['leave', 'a', 1]);
    expect([channel.size, channel.connections]).toEqual([2, 2]);
    expect([channel.has('a'), channel.has('c')]).toEqual([true, false]);
  });

  it('are made into JSON again only when a member or a fragment changes', () => {
    const channel = channelAfter(['join', 'a', 1]);
    let text = 'old';
    const fragments = new UserFragments(() => `"${text}"`);
    const made = jest.spyOn(fragments, 'of');
    listed(channel, fragments);
    listed(channel, fragments);
    channel.join('a', 2);
    channel.leave('a', 2);
    fragments.refresh('a');
    expect(listed(channel, fragments)).toBe('["old"]');
    expect(made).toHaveBeenCalledTimes(1);
    text = 'new';
    fragments.refresh('a');
    expect(listed(channel, fragments)).toBe('["new"]');
    expect(made).toHaveBeenCalledTimes(2);
  });
});
