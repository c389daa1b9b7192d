import { addressOf, isReserved, NAME_MAX_LENGTH, nameFault, tabChannel, userRoom } from './channel-name';

describe('A channel name', () => {
  it.each([
    'a',
    'room 1',
    '__proto__',
    'constructor',
    'naïve 🙂',
    ' ',
    'x'.repeat(NAME_MAX_LENGTH),
    'a|b',
    'tab',
    'user',
  ])('may be %p', (name) => {
    expect(nameFault(name)).toBeUndefined();
    expect(isReserved(name)).toBe(false);
    expect(addressOf(name)).toEqual({ to: 'channel', name });
  });

  it.each([
    [undefined, 'must be a string'],
    [null, 'must be a string'],
    [7, 'must be a string'],
    [['room'], 'must be a string'],
    ['', 'must not be empty'],
    ['x'.repeat(NAME_MAX_LENGTH + 1), 'must be at most 255 characters long'],
    ['🙂'.repeat(128), 'must be at most 255 characters long'],
    ['a\u0000b', 'must not contain control characters'],
    ['a\n', 'must not contain control characters'],
    ['\u007f', 'must not contain control characters'],
    ['\u009f', 'must not contain control characters'],
  ])('may not be %p', (name, fault) => {
    expect(nameFault(name)).toBe(fault);
  });

  it.each([
    ['authenticated', { to: 'built-in', name: 'authenticated' }],
    ['anonymous', { to: 'built-in', name: 'anonymous' }],
    ['tab|c1', { to: 'tab', connectionId: 'c1' }],
    ['tab|', { to: 'tab', connectionId: '' }],
    ['user|ada', { to: 'user', userId: 'ada' }],
    ['room|anonymous', { to: 'anonymous-half', name: 'room' }],
    ['tab|anonymous', { to: 'anonymous-half', name: 'tab' }],
    ['_total', { to: 'channel', name: '_total' }],
  ])('is reserved as %s, and addressed as what it means', (name, address) => {
    expect(isReserved(name)).toBe(true);
    expect(addressOf(name)).toEqual(address);
  });

  it('of a tab or a user leads back to it, whatever the id is', () => {
    for (const id of ['c1', '|anonymous', 'tab|x', '__proto__']) {
      expect(addressOf(tabChannel(id))).toEqual({ to: 'tab', connectionId: id });
      expect(addressOf(userRoom(id))).toEqual({ to: 'user', userId: id });
    }
  });
});
