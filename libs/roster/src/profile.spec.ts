import { completeProfile } from './profile';

describe('A profile', () => {
  it('falls back on the id for the username, and on the username for the name', () => {
    expect(completeProfile('u1', undefined, null)).toEqual({
      id: 'u1',
      email: null,
      username: 'u1',
      name: 'u1',
      utcOffset: 0,
      bot: false,
    });
    expect(completeProfile('u1', { username: 'ada' }, { email: 'a@example.com' })).toMatchObject({
      email: 'a@example.com',
      username: 'ada',
      name: 'ada',
    });
  });

  it('takes the directory’s word before the token’s, field by field', () => {
    const claims = { email: 'claimed@example.com', username: 'claimed', name: 'Claimed' };
    const details = { username: 'listed', utcOffset: 2, avatarETag: 'tag', bot: true, role: 'admin' as const };
    expect(completeProfile('u1', details, claims)).toEqual({
      id: 'u1',
      email: 'claimed@example.com',
      username: 'listed',
      name: 'Claimed',
      utcOffset: 2,
      avatarETag: 'tag',
      bot: true,
      role: 'admin',
    });
  });
});
