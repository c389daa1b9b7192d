import { namedInQuery, namedUser } from './named-user';

const inQuery = (query: string): object => namedInQuery(`/api/v1/users.getStatus?${query}`);

describe('the user that a request names', () => {
  it.each([
    ['an id', 'userId=ada', { userId: 'ada' }],
    ['a username', 'username=ada', { username: 'ada' }],
    ['a username that is called user', 'user=ada', { username: 'ada' }],
    ['an id before all else', 'user=a&username=b&userId=c', { userId: 'c' }],
    ['a username before a user', 'user=a&username=b', { username: 'b' }],
    ['the first of several', 'userId=a&userId=b', { userId: 'a' }],
    ['what comes after an empty one', 'userId=&user=a', { username: 'a' }],
    ['any characters', 'userId=%F0%9F%A6%8A%20%2F%25', { userId: '🦊 /%' }],
    ['a name of a prototype', 'userId=__proto__', { userId: '__proto__' }],
    ['nobody', '', {}],
    ['nobody by a name that is empty', 'userId=&username=&user=', {}],
    ['nobody by another parameter', 'id=a&USERID=b&userId[]=c&__proto__=d&toString=e', {}],
  ])('is %s', (_what, query, expected) => {
    expect(inQuery(query)).toEqual(expected);
  });

  it('is nobody without a query', () => expect(namedInQuery('/api/v1/users.getStatus')).toEqual({}));

  it('is nobody where a body says null', () => expect(namedUser({ userId: null, username: undefined })).toEqual({}));

  it.each(['userId', 'username', 'user'])('must be a name in %s', (field) => {
    for (const value of [5, true, {}, ['ada'], 'a\nb', 'x'.repeat(256)]) {
      expect(() => namedUser({ [field]: value })).toThrow(new RegExp(`^${field} must .*\\.$`));
    }
  });
});
