import { CHANNEL_ACTS } from '../config/channel-rules';
import { claimsOf, grantsOf, roleOf } from './identity';

const granted = (pattern: string, ...acts: string[]) => ({ pattern, acts: acts.length === 0 ? CHANNEL_ACTS : acts });

describe('What a token says its bearer may do', () => {
  it.each([
    [{}, {}],
    [
      { role: 'editor', channels: ['room', 'team:*'] },
      { role: 'editor', channels: [granted('room'), granted('team:*')] },
    ],
    [
      { channels: { 'room-1': ['join', 'watch'], 'room-*': ['send'], hall: [] } },
      { channels: [granted('room-1', 'join', 'watch'), granted('room-*', 'send'), { pattern: 'hall', acts: [] }] },
    ],
    [{ channels: {} }, { channels: [] }],
    [{ channels: [] }, { channels: [] }],
    [{ role: '' }, {}],
    [{ role: 'x'.repeat(256) }, {}],
    [{ role: ['admin'] }, {}],
  ])('in %j is %j', (payload, grants) => {
    expect(grantsOf(payload)).toEqual(grants);
  });

  it.each([
    ['a text', 'room'],
    ['null', null],
    ['an object of something else', { room: true }],
    ['an object with an act that there is not', { room: ['join', 'own'], hall: ['join'] }],
    ['an object with too many acts', { room: ['join', 'join', 'join', 'join'] }],
    ['an object with an empty name', { '': ['join'] }],
    ['too large an object', Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [`room ${n}`, ['join']]))],
    ['a list with a number', ['room', 7]],
    ['a list with an empty name', ['room', '']],
    ['a list with a name that is too long', ['x'.repeat(256)]],
    ['too long a list', Array.from({ length: 1001 }, (_, n) => `room ${n}`)],
  ])('is nothing where its channels are %s', (_what, channels) => {
    expect(grantsOf({ channels })).toEqual({ channels: [] });
  });

  it('is never more than a role that exists, where only those count', () => {
    expect([{ role: 'admin' }, { role: 'root' }, { role: 'toString' }, {}].map(roleOf)).toEqual([
      'admin',
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('leaves out of the profile what is no text, or too long', () => {
    const none = { email: undefined, username: undefined, name: undefined };
    expect(claimsOf({ email: 7, username: '', name: 'x'.repeat(256) })).toEqual(none);
    expect(claimsOf({ email: 'a@b', username: 'a', name: 'A' })).toEqual({ email: 'a@b', username: 'a', name: 'A' });
  });
});
