import { ConfigError, readEnvironment } from './environment';

const messageOf = (variables: Record<string, string>): string => {
  try {
    readEnvironment(variables);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('It was accepted.');
};

describe('the environment', () => {
  it('has a default for everything', () => {
    expect(readEnvironment({})).toEqual({
      port: 3000,
      bind: undefined,
      dc: 'local',
      appsFile: undefined,
      trustProxy: false,
      redis: undefined,
      beatMs: 2000,
      leaseMs: 6000,
      staleMaxMs: 30_000,
      offlineGraceMs: 3000,
      datacenters: [],
      dcTimeoutMs: 300,
      dcStaleMaxMs: 60_000,
      logLevel: 'info',
      production: false,
    });
  });

  it('takes what it is told, with spaces around', () => {
    const variables = {
      PORT: ' 8080 ',
      BIND: '::1',
      DC: 'us-east-1.a',
      APPS_FILE: '/etc/apps.json',
      TRUST_PROXY: 'true',
      REDIS_URL: 'rediss://user:pass@a:6379 | rediss://b',
      REDIS_PREFIX: 'mine',
      REDIS_TIMEOUT_MS: '500',
      BEAT_MS: '300',
      LEASE_MS: '1000',
      STALE_MAX_MS: '0',
      OFFLINE_GRACE_MS: '0',
      DATACENTERS: 'us-east-1.a=redis://own, eu=rediss://reader:pass@c:6379 ,ap-south-1=redis://d|redis://e',
      DC_TIMEOUT_MS: '250',
      DC_STALE_MAX_MS: '250',
      LOG_LEVEL: 'silent',
      NODE_ENV: 'production',
    };
    expect(readEnvironment(variables)).toEqual({
      port: 8080,
      bind: '::1',
      dc: 'us-east-1.a',
      appsFile: '/etc/apps.json',
      trustProxy: true,
      redis: {
        urls: ['rediss://user:pass@a:6379', 'rediss://b'],
        sentinels: undefined,
        prefix: 'mine',
        timeoutMs: 500,
      },
      beatMs: 300,
      leaseMs: 1000,
      staleMaxMs: 0,
      offlineGraceMs: 0,
      datacenters: [
        { dc: 'eu', urls: ['rediss://reader:pass@c:6379'] },
        { dc: 'ap-south-1', urls: ['redis://d', 'redis://e'] },
      ],
      dcTimeoutMs: 250,
      dcStaleMaxMs: 250,
      logLevel: 'silent',
      production: true,
    });
  });

  it('takes an empty variable for one that is not set', () => {
    const names = ['PORT', 'BIND', 'DC', 'APPS_FILE', 'TRUST_PROXY', 'OFFLINE_GRACE_MS', 'LOG_LEVEL', 'REDIS_URL'];
    expect(readEnvironment(Object.fromEntries(names.map((name) => [name, ' '])))).toEqual(readEnvironment({}));
  });

  it.each([
    ...['-1', '65536', '3000.5', '3e3', '0x10', 'http', '1234567890', '３'].map((value) => ['PORT', value]),
    ...['-1', '60001', '3s', '1e3', 'NaN'].map((value) => ['OFFLINE_GRACE_MS', value]),
    ...['0', '49', '60001', 'often'].map((value) => ['BEAT_MS', value]),
    ...['149', '600001', '2000'].map((value) => ['LEASE_MS', value]),
    ...['-1', '3600001'].map((value) => ['STALE_MAX_MS', value]),
    ...['9', '60001', '6000'].map((value) => ['REDIS_TIMEOUT_MS', value]),
    ...['9', '10001', '0.3'].map((value) => ['DC_TIMEOUT_MS', value]),
    ...['-1', '3600001', '299'].map((value) => ['DC_STALE_MAX_MS', value]),
    ...['a b', '{x}', 'a:b'].map((value) => ['REDIS_PREFIX', value]),
    ...['eu west', 'eu_west', 'a/b', 'ä', 'x'.repeat(65), 'a,b', 'a=b', '_total'].map((value) => ['DC', value]),
    ...['1', 'yes', 'TRUE', 'on', 'false,true'].map((value) => ['TRUST_PROXY', value]),
    ...['verbose', 'INFO', '30', 'constructor'].map((value) => ['LOG_LEVEL', value]),
  ])('refuses %s=%s with the name, the value, and what it wants', (name = '', value = '') => {
    const message = messageOf({ [name]: value });

    expect(message.startsWith(`${name} is ${JSON.stringify(value)}, but must be `)).toBe(true);
    expect(message).toMatch(
      {
        BEAT_MS: /a whole number from 50 to 60000\.$/,
        LEASE_MS: /(a whole number from 150 to 600000|at least three times BEAT_MS, which is 2000)\.$/,
        STALE_MAX_MS: /a whole number from 0 to 3600000\.$/,
        REDIS_TIMEOUT_MS: /(a whole number from 10 to 60000|less than LEASE_MS, which is 6000)\.$/,
        DC_TIMEOUT_MS: /a whole number from 10 to 10000\.$/,
        DC_STALE_MAX_MS: /(a whole number from 0 to 3600000|at least DC_TIMEOUT_MS, which is 300)\.$/,
        REDIS_PREFIX: /letters, digits, "_", "\." and "-", at most 64\.$/,
        PORT: /a whole number from 0 to 65535\.$/,
        OFFLINE_GRACE_MS: /a whole number from 0 to 60000\.$/,
        DC: /letters, digits, "\." and "-", at most 64 of them\.$/,
        TRUST_PROXY: /"true" or "false"\.$/,
        LOG_LEVEL: /one of trace, debug, info, warn, error, fatal, silent\.$/,
      }[name] as RegExp,
    );
    expect(message).not.toContain('\n');
  });

  it.each([
    ['eu', 'has in place 1 no "="'],
    ['eu=redis://a,', 'has in place 2 no "="'],
    ['_total=redis://user:hunter2@a', 'has in place 1 a name that has not just letters'],
    ['eu=redis://a, =redis://user:hunter2@a', 'has in place 2 a name that has not just letters'],
    ['eu=redis://a,redis://user:hunter2@b?x=1', 'has in place 2 a name that has not just letters'],
    ['eu=redis://a,eu=redis://user:hunter2@b', 'has in place 2 a name that it had before'],
    ['eu=http://user:hunter2@a', 'has in place 1 no redis:// or rediss:// URL'],
    ['eu=redis://a|user:hunter2@b', 'has in place 1 no redis:// or rediss:// URL'],
    ['eu=redis://user:42,hunter2=word@a', 'has in place 2 no redis:// or rediss:// URL'],
    ['eu=redis://a/abc', 'has in place 1 no redis:// or rediss:// URL'],
    ['eu=redis://user:%zz@a', 'has in place 1 no redis:// or rediss:// URL'],
    ['eu=', 'has in place 1 no redis:// or rediss:// URL'],
  ])('refuses DATACENTERS=%s, and keeps its passwords to itself', (datacenters, reason) => {
    const message = messageOf({ REDIS_URL: 'redis://own', DATACENTERS: datacenters });

    expect(message.startsWith(`DATACENTERS ${reason}`)).toBe(true);
    expect(message).toContain('It must be "name=redis://…", several joined by commas.');
    expect(message).not.toContain('hunter2');
    expect(message).not.toContain('\n');
  });

  it('refuses DATACENTERS without a Redis of its own, which the others would look into', () => {
    expect(messageOf({ DATACENTERS: 'eu=redis://a' })).toMatch(/^DATACENTERS is set, but needs REDIS_URL/);
  });

  it.each([
    'http://user:hunter2@redis',
    'redis://user:hunter2@redis/abc',
    'redis://user:42#hunter2@redis',
    'redis',
    'redis://a|user:hunter2@b',
    '|',
  ])('refuses REDIS_URL=%s, and keeps its password to itself', (url) => {
    const message = messageOf({ REDIS_URL: url });

    expect(message).toMatch(/^REDIS_URL must be a redis:\/\/ or rediss:\/\/ URL/);
    expect(message).not.toContain('hunter2');
  });

  it('takes sentinels with the name of their master, and neither without the other', () => {
    const sentinels = { REDIS_SENTINELS: 'a:26379, b:26380', REDIS_SENTINEL_NAME: 'main' };

    expect(readEnvironment(sentinels).redis).toMatchObject({
      sentinels: {
        name: 'main',
        nodes: [
          { host: 'a', port: 26_379 },
          { host: 'b', port: 26_380 },
        ],
      },
    });
    expect(messageOf({ REDIS_SENTINELS: 'a:26379' })).toMatch(/^REDIS_SENTINEL_NAME is not set, but must be set/);
    expect(messageOf({ REDIS_SENTINEL_NAME: 'main' })).toMatch(/^REDIS_SENTINELS is not set, but must be set/);
  });

  it.each([
    ['a', 1],
    ['h:99999', 1],
    ['a:26379, b:0', 2],
    ['a:26379,b:65536', 2],
    ['redis://user:hunter2@a:26379', 1],
    ['a:26379,', 2],
  ])('refuses REDIS_SENTINELS=%s, and says which of them is wrong', (list, place) => {
    const message = messageOf({ REDIS_SENTINELS: list, REDIS_SENTINEL_NAME: 'main' });

    expect(message).toBe(
      `REDIS_SENTINELS has in place ${place} no "host:port" with a port from 1 to 65535. It must be that, several joined by commas.`,
    );
  });

  const sentinels = { REDIS_SENTINELS: 'a:26379', REDIS_SENTINEL_NAME: 'main' };
  it.each<[string, Record<string, string>]>([
    ['REDIS_URL', { REDIS_URL: 'redis://user:hunter2@a/1' }],
    ['REDIS_URL', { REDIS_URL: 'redis://user:hunter2@a:6379?db=5' }],
    ['REDIS_URL', { REDIS_URL: 'redis://user:hunter2@a/0?db=5' }],
    ['REDIS_URL', { REDIS_URL: 'redis://a|redis://user:hunter2@b/15' }],
    ['REDIS_URL', { REDIS_URL: 'redis://user:hunter2@a/1234567' }],
    ['REDIS_URL', { REDIS_URL: 'redis://user:hunter2@a/1', ...sentinels }],
    ['DATACENTERS', { REDIS_URL: 'redis://own', DATACENTERS: 'us=redis://b,eu=redis://user:hunter2@a/1' }],
    ['DATACENTERS', { REDIS_URL: 'redis://own', DATACENTERS: 'us=redis://b,eu=redis://user:hunter2@a?db=5' }],
  ])('refuses a database in %s, which would not keep deployments apart: %j', (name, variables) => {
    const message = messageOf(variables);

    expect(
      message.startsWith(`${name} has ${name === 'DATACENTERS' ? 'in place 2 ' : ''}a database other than 0`),
    ).toBe(true);
    expect(message).toContain('REDIS_PREFIX');
    expect(message).not.toMatch(/hunter2|db=5|\n/);
  });

  it.each(['redis://a', 'redis://a/', 'redis://a/0', 'rediss://user:pass@a:6379/0|redis://b'])(
    'takes REDIS_URL=%s, which is of the one database that there is',
    (url) => {
      expect(readEnvironment({ REDIS_URL: url }).redis?.urls).toEqual(url.split('|'));
    },
  );
});
