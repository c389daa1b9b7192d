import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { readConfig } from './config';
import { DEMO_API_KEY, DEMO_TOKEN } from './demo-app';
import { ConfigError } from './environment';

const APP = { id: 'shop', hosts: ['shop.example.com'], apiKeys: ['key-in-the-clear'] };

describe('the configuration', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rollcall-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const fileOf = (text: string): string => {
    const file = join(folder, 'apps.json');
    writeFileSync(file, text);
    return file;
  };
  const messageOf = (variables: Record<string, string>): string => {
    try {
      readConfig(variables);
    } catch (error) {
      if (error instanceof ConfigError) return error.message;
      throw error;
    }
    throw new Error('It was accepted.');
  };

  it('is the demo app, on this machine only, when nothing is set', () => {
    const config = readConfig({});
    expect(config).toMatchObject({ demo: true, bind: '127.0.0.1', port: 3000, dc: 'local' });
    expect(config.apps.map(({ id, hosts }) => ({ id, hosts }))).toEqual([
      { id: 'demo', hosts: ['localhost', '127.0.0.1'] },
    ]);
  });

  it('listens everywhere with an apps file, and where it is told in either case', () => {
    const APPS_FILE = fileOf(JSON.stringify({ apps: [APP] }));
    expect(readConfig({ APPS_FILE })).toMatchObject({ demo: false, bind: '0.0.0.0' });
    expect(readConfig({ APPS_FILE, BIND: '::1' })).toMatchObject({ bind: '::1' });
    expect(readConfig({ BIND: '0.0.0.0' })).toMatchObject({ bind: '0.0.0.0' });
  });

  it('refuses the demo app in production', () => {
    expect(messageOf({ NODE_ENV: 'production' })).toMatch(/^APPS_FILE is not set, but must .*"production"/);
    expect(readConfig({ NODE_ENV: 'production', APPS_FILE: fileOf(JSON.stringify({ apps: [APP] })) }).demo).toBe(false);
  });

  it('says which file it cannot read, and why', () => {
    const missing = join(folder, 'none.json');
    expect(messageOf({ APPS_FILE: missing })).toMatch(
      /^APPS_FILE is ".*none\.json", but that file cannot be read: .*ENOENT/,
    );
    expect(messageOf({ APPS_FILE: folder })).toMatch(/but that file cannot be read: .*EISDIR/);
  });

  it.each(['', '{', '{"apps":[],}', '{"apiKeys":["hunter2", x]}', 'hunter2', '{"a":"hunter2'])(
    'says that a file is not JSON, and shows nothing of it: %s',
    (text) => {
      const message = messageOf({ APPS_FILE: fileOf(text) });
      expect(message).toMatch(/^APPS_FILE is ".*apps\.json", but that file is not JSON: \S/);
      expect(message).not.toMatch(/hunter/);
    },
  );

  it('names the file whose content it cannot use', () => {
    expect(messageOf({ APPS_FILE: fileOf('{"apps":[]}') })).toMatch(
      /^The apps file .*apps\.json cannot be used:\n {2}apps: /,
    );
  });

  it('is frozen, and each reading is another pod', () => {
    const config = readConfig({});
    expect(Object.isFrozen(config)).toBe(true);
    expect(config.instance).toMatch(/^[0-9a-f]{12}$/);
    expect(readConfig({}).instance).not.toBe(config.instance);
  });

  it('keeps no key and no token in the clear', () => {
    const jwt = { algorithms: ['HS256'], secret: 'jwt-secret' };
    const app = { ...APP, jwt, users: [{ id: 'u', tokens: ['token-in-the-clear'] }] };
    const config = readConfig({ APPS_FILE: fileOf(JSON.stringify({ apps: [app] })) });
    const everything = { depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity, showHidden: true };

    for (const shown of [config, readConfig({})]) {
      for (const text of [JSON.stringify(shown), inspect(shown, everything)]) {
        for (const secret of ['in-the-clear', DEMO_API_KEY, DEMO_TOKEN, 'jwt-secret'])
          expect(text).not.toContain(secret);
      }
    }
  });
});
