import { ModulesContainer } from '@nestjs/core';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ApiKeyGuard } from '../../src/auth/api-key.guard';
import { neededScope } from '../../src/auth/needs-scope';
import { UserTokenGuard } from '../../src/auth/user-token.guard';
import { hashSecret } from '../../src/config/secret-hash';
import { HealthController } from '../../src/health/health.controller';
import { type Answer, Rollcall } from '../support/rollcall';
import { errorOf, fittingBody, KEY_ROUTES, typeOf } from '../support/routes';
import { shop, tabOf } from '../support/shop';

const SCOPES = ['counts', 'read', 'write', 'admin'] as const;
type Scope = (typeof SCOPES)[number];

/** A key of each scope, called after it. */
const scopedShop = () =>
  Rollcall.start([
    shop({ apiKeys: [...SCOPES.map((scope) => ({ key: `key-${scope}`, scopes: [scope], name: scope })), 'key-plain'] }),
  ]);

const WRITES = ['/message/sendmessage', '/v1/users/USER_1/tokens', '/v1/users/USER_1/connections'];
const FIGURES = ['/message/allusers', '/message/channels', '/v1/channels', '/v1/channels/salesRoom', '/v1/datacenters'];
const ADMINISTERS = ['/v1/settings', '/v1/revocations', '/v1/pods', '/v1/keys'];

/** Whose keys are let in, as the documentation has it. */
function allowed(method: string, path: string): readonly Scope[] {
  if (ADMINISTERS.includes(path)) return ['admin'];
  if (FIGURES.includes(path)) return ['counts', 'read'];
  if (WRITES.includes(path) || ['PUT', 'DELETE'].includes(method)) return ['write'];
  return ['read'];
}

const ask = (rollcall: Rollcall, method: string, path: string, key: string, body?: object): Promise<Answer> =>
  rollcall.ask(method, path, { headers: { 'x-api-key': key }, ...(body === undefined ? {} : { body }) });

describe('the scopes of an API key', () => {
  it('are declared by every route that takes one, and every other route has a guard of its own', async () => {
    const rollcall = await scopedShop();
    const controllers = [...rollcall.app.get(ModulesContainer).values()].flatMap((module) => [
      ...module.controllers.values(),
    ]);
    const routes = controllers.flatMap(({ metatype }) => {
      const { prototype } = metatype as { prototype: Record<string, object> };
      return Object.getOwnPropertyNames(prototype)
        .map((name) => ({ metatype, name, handler: prototype[name] ?? {} }))
        .filter(({ name, handler }) => name !== 'constructor' && Reflect.hasMetadata('path', handler));
    });
    const undeclared = routes.filter(({ metatype, handler }) => {
      if (metatype === HealthController) return false;
      const guards = [metatype, handler].flatMap(
        (on) => (Reflect.getMetadata('__guards__', on ?? {}) ?? []) as unknown[],
      );
      if (guards.includes(ApiKeyGuard)) return neededScope(handler) === undefined;
      return !guards.includes(UserTokenGuard);
    });

    expect(undeclared.map(({ metatype, name }) => `${String(metatype)} ${name}`)).toEqual([]);
    const withKey = routes.filter(({ handler }) => neededScope(handler) !== undefined);
    expect(withKey).toHaveLength(KEY_ROUTES.length);
  });

  it.each(KEY_ROUTES)('decide on %s %s, and the refusal names the one that is missing', async (method, path) => {
    const rollcall = await scopedShop();
    const [wanted = 'read'] = allowed(method, path);
    for (const scope of SCOPES) {
      for (const verb of method === 'GET' ? ['GET', 'HEAD'] : [method]) {
        const answer = await ask(rollcall, verb, path, `key-${scope}`, verb === 'HEAD' ? undefined : {});
        if (allowed(method, path).includes(scope)) {
          expect([401, 403, 500]).not.toContain(answer.status);
          continue;
        }
        expect(answer).toMatchObject({ status: 403, headers: { 'content-type': typeOf(path) } });
        if (verb === 'HEAD') continue;
        expect(answer.json).toMatchObject(errorOf(path, 403, 'Forbidden'));
        expect(answer.text).toContain(`\\"${wanted}\\"`);
        expect(answer.text).not.toContain('key-');
      }
    }
    expect([401, 403, 500]).not.toContain((await ask(rollcall, method, path, 'key-plain', fittingBody(path))).status);
  });

  it('say no in the shape of each face', async () => {
    const rollcall = await scopedShop();
    const text = 'This takes an API key with the scope "read", which this one has not.';

    expect((await ask(rollcall, 'POST', '/message/users', 'key-counts')).json).toEqual({
      name: 'Forbidden',
      message: text,
      code: 403,
      className: 'forbidden',
    });
    expect((await ask(rollcall, 'GET', '/v1/changes', 'key-counts')).json).toMatchObject({
      status: 403,
      code: 'FORBIDDEN',
      detail: text,
    });
  });

  it.each([{ includeUsers: true }, { includeUsers: 'true' }, { includeUsers: 1 }, { includeUsers: [] }])(
    'take `read` for who is in the totals, however it is asked: %j',
    async (body) => {
      const rollcall = await scopedShop();
      await rollcall.open(tabOf('ada'));
      const refused = await ask(rollcall, 'POST', '/message/allusers', 'key-counts', body);
      expect(refused).toMatchObject({ status: 403, json: { className: 'forbidden' } });
      expect((await ask(rollcall, 'POST', '/message/allusers', 'key-read', body)).status).not.toBe(403);
      expect(refused.text).not.toContain('ada');
    },
  );

  it.each(['users=true', 'users=1', 'users=', 'users', 'users=yes', 'users=false&users=true', 'user%73=true'])(
    'take `read` for who is where, however it is asked: %s',
    async (query) => {
      const rollcall = await scopedShop();
      await rollcall.open(tabOf('ada'));
      const refused = await ask(rollcall, 'GET', `/v1/datacenters?${query}`, 'key-counts');
      expect(refused).toMatchObject({ status: 403, json: { code: 'FORBIDDEN' } });
      expect((await ask(rollcall, 'GET', `/v1/datacenters?${query}`, 'key-read')).status).not.toBe(403);
    },
  );

  it('let `counts` have figures, and nobody in them', async () => {
    const rollcall = await scopedShop();
    const ada = await rollcall.open(tabOf('ada'));
    await ada.join('salesRoom');
    const answers = [
      await ask(rollcall, 'POST', '/message/allusers', 'key-counts', { includeUsers: false, dedupeUsers: false }),
      await ask(rollcall, 'POST', '/message/channels', 'key-counts'),
      await ask(rollcall, 'GET', '/v1/channels', 'key-counts'),
      await ask(rollcall, 'GET', '/v1/channels/salesRoom', 'key-counts'),
      await ask(rollcall, 'GET', '/v1/datacenters?users=false', 'key-counts'),
    ];
    for (const { status, text } of answers) {
      expect([200, 201]).toContain(status);
      expect(text).not.toMatch(/ada|Lovelace|example\.com/i);
    }
  });

  it('do not let a key of one app into another, whatever its scopes', async () => {
    const other = shop({ id: 'b', hosts: ['other.example.com'], apiKeys: [{ key: 'shared', scopes: ['read'] }] });
    const rollcall = await Rollcall.start([shop({ apiKeys: [{ key: 'shared', scopes: ['counts'] }] }), other]);
    const status = async (host: string): Promise<number> =>
      (await rollcall.ask('POST', '/message/users', { host, body: { apiKey: 'shared' } })).status;

    expect([await status('localhost'), await status('other.example.com')]).toEqual([403, 201]);
  });
});

describe('GET /v1/keys', () => {
  interface Listed {
    keys: { name?: string; sha256Prefix: string; scopes: string[]; lastUsedAt?: string }[];
  }

  it('lists what each key may do and when it was last used, and no key', async () => {
    const rollcall = await scopedShop();
    await ask(rollcall, 'GET', '/v1/channels', 'key-read');
    const { json, text } = await ask(rollcall, 'GET', '/v1/keys', 'key-admin');
    const { keys } = json as Listed;

    expect(keys.map(({ name, scopes }) => [name, scopes])).toEqual([
      ...SCOPES.map((scope) => [scope, [scope]]),
      [undefined, [...SCOPES]],
    ]);
    expect(keys.map(({ sha256Prefix }) => sha256Prefix)).toEqual(
      ['key-counts', 'key-read', 'key-write', 'key-admin', 'key-plain'].map((key) =>
        hashSecret(key).toString('hex').slice(0, 8),
      ),
    );
    expect(keys.filter(({ lastUsedAt }) => lastUsedAt !== undefined).map(({ name }) => name)).toEqual([
      'read',
      'admin',
    ]);
    for (const { lastUsedAt } of keys) {
      if (lastUsedAt !== undefined) expect(Math.abs(Date.now() - Date.parse(lastUsedAt))).toBeLessThan(60_000);
    }
    expect(text).not.toContain('key-');
  });

  it('counts a use that was refused for its scope, and none of a wrong key', async () => {
    const rollcall = await scopedShop();
    await ask(rollcall, 'GET', '/v1/pods', 'key-counts');
    await ask(rollcall, 'GET', '/v1/pods', 'key-wrong');
    const { keys } = (await ask(rollcall, 'GET', '/v1/keys', 'key-admin')).json as Listed;
    expect(keys.filter(({ lastUsedAt }) => lastUsedAt !== undefined).map(({ name }) => name)).toEqual([
      'counts',
      'admin',
    ]);
  });

  it("shows an app's own keys alone", async () => {
    const other = shop({ id: 'b', hosts: ['other.example.com'], apiKeys: ['key-of-b'], users: [] });
    const rollcall = await Rollcall.start([shop({ apiKeys: ['key-of-a'] }), other]);
    await rollcall.ask('GET', '/v1/keys', { host: 'other.example.com', headers: { 'x-api-key': 'key-of-b' } });
    const { keys } = (await ask(rollcall, 'GET', '/v1/keys', 'key-of-a')).json as Listed;
    expect(keys.map(({ sha256Prefix }) => sha256Prefix)).toEqual([hashSecret('key-of-a').toString('hex').slice(0, 8)]);
  });
});

describe('npm run key', () => {
  const ROOT = join(__dirname, '../..');
  const run = (...args: string[]) => promisify(execFile)('node', ['dist/src/key.js', ...args], { cwd: ROOT });

  beforeAll(async () => {
    if (!existsSync(join(ROOT, 'dist/src/key.js'))) await promisify(execFile)('npm', ['run', 'build'], { cwd: ROOT });
  });

  it('mints a key that works as soon as its line is in the apps file', async () => {
    const { stdout } = await run('mint', '--name', 'wallboard', '--scopes', 'counts');
    const [, key = ''] = /^ {2}(rk_\S+)$/m.exec(stdout) ?? [];
    const [, entry = ''] = /^ {2}(\{.*\})$/m.exec(stdout) ?? [];
    const rollcall = await Rollcall.start([shop({ apiKeys: [JSON.parse(entry) as { key: string; scopes: Scope[] }] })]);

    expect((await ask(rollcall, 'POST', '/message/allusers', key)).status).toBe(201);
    expect((await ask(rollcall, 'POST', '/message/users', key)).status).toBe(403);
  });

  it.each([[[]], [['nonsense']], [['mint', '--scopes', 'root']], [['mint', '--what']], [['mint', 'again']]])(
    'says what is wrong, and mints nothing: %j',
    async (args) => {
      await expect(run(...args)).rejects.toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(/^\S.*\n$/) as unknown,
      });
    },
  );
});
