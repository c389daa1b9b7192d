import { claimsOf, grantsOf, roleOf } from './identity';

describe('What a token says its bearer may do', () => {
  it.each([
    [{}, {}],
    [
      { role: 'editor', channels: ['room', 'team:*'] },
      { role: 'editor', channels: ['room', 'team:*'] },
    ],
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
    ['an object', { room: true }],
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
