import { inspect } from 'node:util';
import type { App } from './app';
import { type AppsFile, readApps } from './apps-file';
import { ConfigError } from './environment';
import { hashSecret } from './secret-hash';

type WrittenApp = AppsFile['apps'][number];

const appOf = (more: object = {}): object => ({ id: 'shop', hosts: ['shop.example.com'], apiKeys: ['key'], ...more });

const EVERYTHING = ['counts', 'read', 'write', 'admin'];

/** What is wrong with the file, a line each. */
const faultsOf = (json: unknown): string[] => {
  try {
    readApps(json, 'The file');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const [head, ...faults] = error.message.split('\n');
    expect(head).toBe('The file cannot be used:');
    return faults.map((fault) => fault.trim());
  }
  throw new Error('It was accepted.');
};

const faultsIn = (more: object): string[] => faultsOf({ apps: [appOf(more)] });
const userFaults = (user: object): string[] => faultsIn({ users: [{ id: 'u', ...user }] });
const read = (...apps: object[]): App[] => readApps({ apps: apps as WrittenApp[] }, 'The file');

describe('two apps that trust the same key', () => {
  const two = (one: object, other: object): object => ({
    apps: [
      appOf({ jwt: { algorithms: ['HS256'], secret: 'same', ...one } }),
      appOf({
        id: 'bank',
        hosts: ['bank.example.com'],
        jwt: { algorithms: ['HS512', 'HS256'], secret: 'same', ...other },
      }),
    ],
  });
  const fault = 'apps[1].jwt: takes the tokens of apps[0], which trusts the same key: give each an audience';
  const url = { secret: undefined, algorithms: ['RS256'], jwksUrl: 'https://login.example.com/keys', issuer: 'login' };

  it.each([
    ['and nothing else', {}, {}],
    ['of whom one asks for an audience', { audience: 'shop' }, {}],
    ['of whom one asks for an issuer', {}, { issuer: 'login' }],
    ['from one address', url, { ...url, audience: 'bank' }],
  ])('%s would take each other’s tokens, and are refused', (_, one, other) => {
    expect(faultsOf(two(one, other))).toEqual([fault]);
  });

  it.each([
    ['ask for audiences', { audience: 'shop' }, { audience: 'bank' }],
    ['ask for one audience, and say so', { audience: 'all' }, { audience: 'all' }],
    ['ask for other issuers', { issuer: 'one' }, { issuer: 'other' }],
    ['take no algorithm that both do', {}, { algorithms: ['HS512'] }],
    ['have other secrets', {}, { secret: 'other' }],
    ['have keys at other addresses', url, { ...url, jwksUrl: 'https://other.example.com/keys' }],
  ])('are taken where they %s', (_, one, other) => {
    expect(readApps(two(one, other), 'The file')).toHaveLength(2);
  });
});

describe('an apps file', () => {
  it('needs no more than an id, a host and a list of keys', () => {
    expect(read(appOf())).toEqual([
      {
        id: 'shop',
        hosts: ['shop.example.com'],
        anyHost: false,
        apiKeys: [{ hash: hashSecret('key'), scopes: EVERYTHING }],
        dialect: 'klai',
        anonymous: false,
        origins: null,
        jwt: null,
        presence: { broadcastDisabled: false, lastSeen: false },
        watch: { emails: false },
        channels: [],
        limits: {
          usersPresencePerMinute: 1200,
          eventsPerSecond: 100,
          eventsBurst: 300,
          deliveriesPerSecond: 5000,
          messageBytes: 65_536,
          channelsPerConnection: 100,
          channelsPerHost: 100_000,
          connectionsPerHost: 1_000_000,
          connectionsPerUser: 100,
          hosts: 1000,
          revokedTokens: 10_000,
        },
        users: new Map(),
      },
    ]);
  });

  it('may say a part of the limits and leave the rest', () => {
    const [app] = read(appOf({ limits: { hosts: 5 }, presence: { lastSeen: true }, watch: { emails: true } }));
    expect(app?.limits).toMatchObject({ hosts: 5, eventsPerSecond: 100 });
    expect(app).toMatchObject({ presence: { broadcastDisabled: false, lastSeen: true }, watch: { emails: true } });
  });

  it('keeps keys and tokens as hashes alone', () => {
    const users = [{ id: 'u', tokens: ['token-in-the-clear'] }];
    const [app] = read(appOf({ apiKeys: ['key-in-the-clear', `sha256:${'aB'.repeat(32)}`], users }));

    expect(app?.apiKeys.map(({ hash }) => hash)).toEqual([
      hashSecret('key-in-the-clear'),
      Buffer.from('ab'.repeat(32), 'hex'),
    ]);
    expect(app?.users.get('u')?.tokenHashes).toEqual([hashSecret('token-in-the-clear')]);
    const everything = { depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity, showHidden: true };
    for (const text of [JSON.stringify(app), JSON.stringify([...(app?.users ?? [])]), inspect(app, everything)]) {
      expect(text).not.toContain('in-the-clear');
    }
  });

  it('takes keys and tokens as hashes, whatever the case of their prefix', () => {
    const hashes = ['sha256:', 'SHA256:', 'Sha256:'].map((prefix) => `${prefix}${hashSecret(prefix).toString('hex')}`);
    const [app] = read(appOf({ apiKeys: hashes, users: [{ id: 'u', tokens: hashes }] }));
    const expected = ['sha256:', 'SHA256:', 'Sha256:'].map(hashSecret);

    expect(app?.apiKeys.map(({ hash }) => hash)).toEqual(expected);
    expect(app?.users.get('u')?.tokenHashes).toEqual(expected);
  });

  it('is refused for a hash without its prefix, which would let in who knows the hash, and says what to write', () => {
    for (const hash of [hashSecret('k').toString('hex'), 'AB'.repeat(32)]) {
      const faults = faultsIn({
        apiKeys: [hash, { key: hash, scopes: ['read'] }],
        users: [{ id: 'u', tokens: ['fine', hash] }],
      });
      const fault =
        'is 64 hexadecimal digits, which may be a hash: write "sha256:" before a hash, or the hash of a secret that looks like this';
      expect(faults).toEqual([
        `apps[0].apiKeys[0]: ${fault}`,
        `apps[0].apiKeys[1].key: ${fault}`,
        `apps[0].users[0].tokens[1]: ${fault}`,
      ]);
    }
  });

  it('says of a key what it is good for, and how it is called', () => {
    const apiKeys = [
      'plain',
      { key: 'figures', scopes: ['counts' as const], name: 'wallboard' },
      { key: `sha256:${'0a'.repeat(32)}`, scopes: ['write' as const, 'admin' as const] },
    ];
    expect(read(appOf({ apiKeys }))[0]?.apiKeys).toEqual([
      { hash: hashSecret('plain'), scopes: EVERYTHING },
      { hash: hashSecret('figures'), scopes: ['counts'], name: 'wallboard' },
      { hash: Buffer.from('0a'.repeat(32), 'hex'), scopes: ['write', 'admin'] },
    ]);
  });

  it.each([
    ['a number', 5, /^apps\[0\]\.apiKeys\[0\]: .*expected object/],
    ['null', null, /^apps\[0\]\.apiKeys\[0\]: .*expected object/],
    ['no key', { scopes: ['read'] }, /^apps\[0\]\.apiKeys\[0\]\.key: /],
    ['half a hash', { key: 'sha256:hunter2', scopes: ['read'] }, /^apps\[0\]\.apiKeys\[0\]\.key: .*64 hexadecimal/],
    ['no scopes', { key: 'hunter2' }, /^apps\[0\]\.apiKeys\[0\]\.scopes: .*expected array/],
    ['an empty list of scopes', { key: 'hunter2', scopes: [] }, /^apps\[0\]\.apiKeys\[0\]\.scopes: .*>=1/],
    [
      'an unknown scope',
      { key: 'hunter2', scopes: ['read', 'root'] },
      /^apps\[0\]\.apiKeys\[0\]\.scopes\[1\]: .*"counts"/,
    ],
    ['a scope twice', { key: 'hunter2', scopes: ['read', 'read'] }, /\.scopes: must name each scope once$/],
    ['an empty name', { key: 'hunter2', scopes: ['read'], name: '' }, /\.apiKeys\[0\]\.name: must not be empty$/],
    ['a key of its own', { key: 'hunter2', scopes: ['read'], role: 'x' }, /\.apiKeys\[0\]: Unrecognized key: "role"$/],
  ])('is refused for an API key with %s, with the path and without the key', (_what, key, fault) => {
    const faults = faultsIn({ apiKeys: [key] });
    expect(faults).toEqual([expect.stringMatching(fault)]);
    expect(faults.join()).not.toContain('hunter2');
  });

  it('is refused when an app has a key twice, in whichever form', () => {
    const hashed = `sha256:${hashSecret('hunter2').toString('hex')}`;
    expect(faultsIn({ apiKeys: ['other', 'hunter2', { key: hashed, scopes: ['read'] }] })).toEqual([
      'apps[0].apiKeys[2]: is the same key as apps[0].apiKeys[1]',
    ]);
  });

  it('takes every ordinary name for an app, a user and a channel', () => {
    const users = ['__proto__', 'constructor', 'a/b', '🦊', 'x'.repeat(255)].map((id) => ({ id }));
    const [app] = read(appOf({ id: '__proto__', users }));
    expect([...(app?.users.keys() ?? [])]).toEqual(users.map(({ id }) => id));
  });

  it('lets two apps know the same key, token and user id', () => {
    const users = [{ id: 'u', tokens: ['t'] }];
    expect(read(appOf({ users }), appOf({ id: 'other', hosts: ['*'], users }))).toHaveLength(2);
  });

  it.each([
    ['null', null, /^\(top level\): .*expected object/],
    ['a list', [], /^\(top level\): .*expected object/],
    ['a text', 'x', /^\(top level\): .*expected object/],
    ['no apps', {}, /^apps: .*expected array/],
    ['an empty list of apps', { apps: [] }, /^apps: .*>=1/],
    ['an app that is none', { apps: [5] }, /^apps\[0\]: .*expected object/],
    ['a key of its own', { apps: [appOf()], app: 1 }, /^\(top level\): Unrecognized key: "app"/],
  ])('is refused as %s', (_what, json, fault) => {
    expect(faultsOf(json)).toEqual([expect.stringMatching(fault)]);
  });

  it.each([
    ['an unknown key', { apiKey: 'k' }, /^apps\[0\]: Unrecognized key: "apiKey"$/],
    ['an empty id', { id: '' }, /^apps\[0\]\.id: must not be empty$/],
    ['an id with a line feed', { id: 'a\nb' }, /^apps\[0\]\.id: must not contain control characters$/],
    ['no hosts', { hosts: [] }, /^apps\[0\]\.hosts: .*>=1/],
    ['a host with a port', { hosts: ['a.example.com:80'] }, /^apps\[0\]\.hosts\[0\]: must be a host name/],
    ['a host in upper case', { hosts: ['ok', 'A.example.com'] }, /^apps\[0\]\.hosts\[1\]: must be a host name/],
    ['a URL for a host', { hosts: ['https://a.example.com'] }, /^apps\[0\]\.hosts\[0\]: must be a host name/],
    ['a pattern for a host', { hosts: ['*.example.com'] }, /^apps\[0\]\.hosts\[0\]: must be a host name.* or "\*"$/],
    ['no keys', { apiKeys: undefined }, /^apps\[0\]\.apiKeys: .*expected array/],
    ['an empty key', { apiKeys: [''] }, /^apps\[0\]\.apiKeys\[0\]: .*>=1/],
    [
      'a hash too short',
      { apiKeys: [`sha256:${'a'.repeat(63)}`] },
      /^apps\[0\]\.apiKeys\[0\]: .*64 hexadecimal digits/,
    ],
    ['a hash too long', { apiKeys: [`sha256:${'a'.repeat(65)}`] }, /^apps\[0\]\.apiKeys\[0\]: .*64 hexadecimal digits/],
    ['a hash too short in capitals', { apiKeys: [`SHA256:${'a'.repeat(63)}`] }, /^apps\[0\]\.apiKeys\[0\]: .*64 hex/],
    ['a hash of other letters', { apiKeys: [`sha256:${'g'.repeat(64)}`] }, /^apps\[0\]\.apiKeys\[0\]: .*64 hex/],
    ['an unknown dialect', { dialect: 'rocketchat' }, /^apps\[0\]\.dialect: .*"klai"\|"betterforms"/],
    ['a word for a flag', { anonymous: 'yes' }, /^apps\[0\]\.anonymous: .*expected boolean/],
    ['an origin with a path', { origins: ['https://a.example.com/'] }, /^apps\[0\]\.origins\[0\]: must be an origin/],
    ['an origin without a scheme', { origins: ['a.example.com'] }, /^apps\[0\]\.origins\[0\]: must be an origin/],
    ['an origin that is a pattern', { origins: ['*'] }, /^apps\[0\]\.origins\[0\]: must be an origin/],
    ['the origin null', { origins: ['null'] }, /^apps\[0\]\.origins\[0\]: must be an origin/],
    ['JWTs without a secret', { jwt: { algorithms: ['HS256'] } }, /^apps\[0\]\.jwt\.secret: is missing/],
    [
      'JWTs by a secret and by keys',
      { jwt: { algorithms: ['HS256'], secret: 's', publicKeys: ['k'] } },
      /^apps\[0\]\.jwt\.publicKeys: must not be there/,
    ],
    ['JWTs without algorithms', { jwt: { algorithms: [], secret: 's' } }, /^apps\[0\]\.jwt\.algorithms: .*>=1/],
    ['unsigned JWTs', { jwt: { algorithms: ['none'], secret: 's' } }, /^apps\[0\]\.jwt\.algorithms\[0\]: .*"HS256"/],
    ['an unknown rule of JWTs', { jwt: { algorithms: ['HS256'], secret: 's', x: 1 } }, /^apps\[0\]\.jwt: Unrec/],
    ['an unknown rule of presence', { presence: { off: true } }, /^apps\[0\]\.presence: Unrecognized key: "off"$/],
    ['an unknown rule of watching', { watch: { mails: true } }, /^apps\[0\]\.watch: Unrecognized key: "mails"$/],
    ['an unknown limit', { limits: { hostnames: 5 } }, /^apps\[0\]\.limits: Unrecognized key: "hostnames"$/],
    ['a limit of nothing', { limits: { eventsBurst: 0 } }, /^apps\[0\]\.limits\.eventsBurst: .*>=1/],
    ['half a limit', { limits: { eventsPerSecond: 1.5 } }, /^apps\[0\]\.limits\.eventsPerSecond: .*expected int/],
    ['a limit in words', { limits: { usersPresencePerMinute: '5' } }, /^apps\[0\]\.limits\.usersPresencePerMinute: /],
    ['a limit of a million channels', { limits: { channelsPerConnection: 1e6 } }, /\.channelsPerConnection: .*<=10000/],
    ['users by id', { users: { u: {} } }, /^apps\[0\]\.users: .*expected array/],
  ])('is refused for %s, with the path', (_what, more, fault) => {
    expect(faultsIn(more)).toEqual([expect.stringMatching(fault)]);
  });

  it.each([
    ['no id', { id: undefined }, /^apps\[0\]\.users\[0\]\.id: /],
    ['an id of 256 characters', { id: 'x'.repeat(256) }, /\.id: must be at most 255 characters long$/],
    ['an email of null', { email: null }, /^apps\[0\]\.users\[0\]\.email: .*expected string/],
    ['an empty name', { name: '' }, /^apps\[0\]\.users\[0\]\.name: must not be empty$/],
    ['a username with a null byte', { username: 'a\0' }, /\.username: must not contain control characters$/],
    ['an offset of days', { utcOffset: 24 }, /^apps\[0\]\.users\[0\]\.utcOffset: .*<=14/],
    ['an empty ETag', { avatarETag: '' }, /^apps\[0\]\.users\[0\]\.avatarETag: .*>=1/],
    ['an unknown role', { role: 'root' }, /^apps\[0\]\.users\[0\]\.role: .*"user"\|"admin"/],
    ['a word for bot', { bot: 1 }, /^apps\[0\]\.users\[0\]\.bot: .*expected boolean/],
    ['a token alone', { tokens: 't' }, /^apps\[0\]\.users\[0\]\.tokens: .*expected array/],
    ['an empty token', { tokens: ['ok', ''] }, /^apps\[0\]\.users\[0\]\.tokens\[1\]: .*>=1/],
    ['half a hash', { tokens: ['sha256:ab'] }, /^apps\[0\]\.users\[0\]\.tokens\[0\]: .*64 hexadecimal digits/],
    ['an unknown key', { status: 'online' }, /^apps\[0\]\.users\[0\]: Unrecognized key: "status"$/],
  ])('is refused for a user with %s, with the path', (_what, user, fault) => {
    expect(userFaults(user)).toEqual([expect.stringMatching(fault)]);
  });

  it('is refused for an unknown key of any name', () => {
    for (const key of ['constructor', '__proto__']) {
      const json: unknown = JSON.parse(`{"apps":[{"id":"a","hosts":["a"],"apiKeys":[],"${key}":1}]}`);
      expect(faultsOf(json)).toEqual([`apps[0]: Unrecognized key: "${key}"`]);
    }
  });

  it('is refused when a host, an app or a user is there twice, and says where the first is', () => {
    expect(faultsOf({ apps: [appOf({ hosts: ['a', 'b'] }), appOf({ id: 'other', hosts: ['c', 'b'] })] })).toEqual([
      'apps[1].hosts[1]: names "b", as apps[0].hosts[1] does',
    ]);
    expect(faultsOf({ apps: [appOf({ hosts: ['*'] }), appOf({ id: 'other', hosts: ['*'] })] })).toEqual([
      'apps[1].hosts[0]: names "*", as apps[0].hosts[0] does',
    ]);
    expect(faultsOf({ apps: [appOf(), appOf({ hosts: ['other'] })] })).toEqual([
      'apps[1].id: names "shop", as apps[0].id does',
    ]);
    expect(faultsIn({ users: [{ id: 'u' }, { id: 'v' }, { id: 'u' }] })).toEqual([
      'apps[0].users[2].id: names "u", as apps[0].users[0].id does',
    ]);
  });

  it('tells all that is wrong at once, and no secret', () => {
    const faults = faultsIn({ id: '', apiKeys: ['sha256:hunter2', 5], users: [{ id: 'u', tokens: ['hunter3', 7] }] });
    expect(faults).toHaveLength(4);
    expect(faults.join()).not.toMatch(/hunter/);
  });
});
