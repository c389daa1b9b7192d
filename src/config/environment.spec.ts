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
      offlineGraceMs: 3000,
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
      OFFLINE_GRACE_MS: '0',
      LOG_LEVEL: 'silent',
      NODE_ENV: 'production',
    };
    expect(readEnvironment(variables)).toEqual({
      port: 8080,
      bind: '::1',
      dc: 'us-east-1.a',
      appsFile: '/etc/apps.json',
      trustProxy: true,
      offlineGraceMs: 0,
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
    ...['eu west', 'eu_west', 'a/b', 'ä', 'x'.repeat(65), 'a,b', 'a=b'].map((value) => ['DC', value]),
    ...['1', 'yes', 'TRUE', 'on', 'false,true'].map((value) => ['TRUST_PROXY', value]),
    ...['verbose', 'INFO', '30', 'constructor'].map((value) => ['LOG_LEVEL', value]),
  ])('refuses %s=%s with the name, the value, and what it wants', (name = '', value = '') => {
    const message = messageOf({ [name]: value });

    expect(message.startsWith(`${name} is ${JSON.stringify(value)}, but must be `)).toBe(true);
    expect(message).toMatch(
      {
        PORT: /a whole number from 0 to 65535\.$/,
        OFFLINE_GRACE_MS: /a whole number from 0 to 60000\.$/,
        DC: /letters, digits, "\." and "-", at most 64 of them\.$/,
        TRUST_PROXY: /"true" or "false"\.$/,
        LOG_LEVEL: /one of trace, debug, info, warn, error, fatal, silent\.$/,
      }[name] as RegExp,
    );
    expect(message).not.toContain('\n');
  });

  it.each(['REDIS_URL', 'REDIS_SENTINELS', 'REDIS_SENTINEL_NAME', 'DATACENTERS'])(
    'refuses %s in words, and keeps its password to itself',
    (name) => {
      const message = messageOf({ [name]: 'redis://user:hunter2@redis:6379' });

      expect(message).toMatch(new RegExp(`^${name} is set, but .* Unset it to start a single pod\\.$`));
      expect(message).not.toContain('hunter2');
    },
  );
});
