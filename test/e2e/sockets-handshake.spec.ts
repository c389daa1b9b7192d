import type { HandshakeRefusal } from '@rollcall/contract';
import { Views } from '@rollcall/roster';
import { SignJWT, UnsecuredJWT } from 'jose';
import { inspect } from 'node:util';
import { pino } from 'pino';
import type { AppsFile } from '../../src/config/apps-file';
import { Connections } from '../../src/sockets/connections.service';
import { eventually } from '../support/eventually';
import { DEMO, Rollcall } from '../support/rollcall';
import { clientSocket, type TabOptions } from '../support/tab';

type App = AppsFile['apps'][number];

const SECRET = 'a secret of thirty-two characters';
const ADA = { id: 'ada', email: 'ada@example.com', username: 'ada.l', name: 'Ada Lovelace', tokens: ['ada-token'] };
const SHOP: App = {
  id: 'shop',
  hosts: ['shop.example'],
  apiKeys: [DEMO.apiKey],
  jwt: { algorithms: ['HS256'], secret: SECRET },
  users: [ADA],
};
const FORUM: App = { id: 'forum', hosts: ['forum.example'], apiKeys: ['forum-key'], anonymous: true, users: [] };
const shop = { host: 'shop.example' };

const sign = (claims: Record<string, unknown>, secret = SECRET): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret));

/** The `data` of the `connect_error` with which the handshake ends. */
async function refusal(rollcall: Rollcall, options: TabOptions): Promise<HandshakeRefusal | undefined> {
  const socket = clientSocket(rollcall.url, options);
  return new Promise((resolve, reject) => {
    socket.once('connect_error', (error: Error & { data?: HandshakeRefusal }) => resolve(error.data));
    socket.once('connect', () => reject(new Error('The handshake was not refused.')));
  });
}

const isRefused = (code: string, message: unknown = expect.stringMatching(/^\S.*\.$/)): object => ({ code, message });

describe('A handshake', () => {
  it('without a token makes an anonymous connection', async () => {
    const rollcall = await Rollcall.start();

    const { session } = await rollcall.open();

    expect(session).toEqual({
      connectionId: expect.any(String) as string,
      host: 'localhost',
      dc: 'local',
      pod: expect.any(String) as string,
      channels: ['anonymous', `tab|${session.connectionId}`],
    });
  });

  it('without a token is refused where the app wants users', async () => {
    const rollcall = await Rollcall.start([SHOP]);

    expect(await refusal(rollcall, shop)).toEqual(isRefused('ANONYMOUS_REFUSED'));
    expect(await refusal(rollcall, { ...shop, userId: 'ada' })).toEqual(isRefused('ANONYMOUS_REFUSED'));
  });

  it('logs in with an opaque token, by auth or by headers', async () => {
    const rollcall = await Rollcall.start();
    const extraHeaders = { 'X-Auth-Token': DEMO.token, 'X-User-Id': DEMO.userId };

    const byAuth = await rollcall.openDemo();
    const byHeaders = await rollcall.open({ client: { extraHeaders } });

    for (const { session } of [byAuth, byHeaders]) {
      expect(session).toEqual({
        connectionId: expect.any(String) as string,
        user: { id: DEMO.userId, username: 'demo', name: 'Demo User' },
        host: 'localhost',
        dc: 'local',
        pod: expect.any(String) as string,
        channels: ['authenticated', `tab|${session.connectionId}`],
      });
    }
    expect(byAuth.session.pod).toBe(byHeaders.session.pod);
  });

  it('tells the session once, under the id of the socket, with no email in it', async () => {
    const rollcall = await Rollcall.start([SHOP], { DC: 'eu-west-1' });
    const socket = clientSocket(rollcall.url, { ...shop, token: 'ada-token', userId: 'ada' });
    const sessions: { connectionId: string }[] = [];
    socket.on('session', (session) => sessions.push(session));

    const answer: unknown = await socket.emitWithAck('channel:join', { channel: 'room' });
    await socket.emitWithAck('channel:leave', { channel: 'room' });

    expect(answer).toMatchObject({ ok: true });
    expect(sessions).toEqual([expect.objectContaining({ connectionId: socket.id, dc: 'eu-west-1' })]);
    expect(JSON.stringify(sessions)).not.toContain('@');
  });

  it('logs in with a JWT, whose claims fill what the app leaves open', async () => {
    const rollcall = await Rollcall.start([SHOP]);
    const exp = Math.floor(Date.now() / 1000) + 60;
    const bob = await sign({ sub: 'bob', email: 'bob@example.com', username: 'bobby', name: 'Bob', exp });
    const ada = await sign({ sub: 'ada', username: 'not-hers', email: 'not@her.example' });

    const tabs = [await rollcall.open({ ...shop, token: bob }), await rollcall.open({ ...shop, token: ada })];
    await rollcall.open({ ...shop, token: bob, userId: 'bob' });
    const { json } = await rollcall.message('users', { channel: 'authenticated' }, shop);

    expect(tabs.map(({ session }) => session.user)).toEqual([
      { id: 'bob', username: 'bobby', name: 'Bob' },
      { id: 'ada', username: 'ada.l', name: 'Ada Lovelace' },
    ]);
    expect(json).toEqual({
      authenticated: [
        { id: 'bob', email: 'bob@example.com' },
        { id: 'ada', email: 'ada@example.com' },
      ],
    });
  });

  it('takes the id for a username and the username for a name, and no claim of a wrong type', async () => {
    const rollcall = await Rollcall.start([SHOP]);
    const open = async (claims: Record<string, unknown>) =>
      (await rollcall.open({ ...shop, token: await sign(claims) })).session.user;

    expect(await open({ sub: 'bare' })).toEqual({ id: 'bare', username: 'bare', name: 'bare' });
    expect(await open({ sub: 'half', username: 'h' })).toEqual({ id: 'half', username: 'h', name: 'h' });
    expect(await open({ sub: 'odd', username: 7, name: { a: 1 }, email: ['x'] })).toEqual({
      id: 'odd',
      username: 'odd',
      name: 'odd',
    });
  });

  it('refuses a JWT that is expired, forged, unsigned, nameless or of somebody else', async () => {
    const rollcall = await Rollcall.start([SHOP]);
    const seconds = Math.floor(Date.now() / 1000);
    const good = await sign({ sub: 'bob' });
    const [header = '', , signature = ''] = good.split('.');
    const other = Buffer.from('{"sub":"ada"}').toString('base64url');
    const tokens: [token: string, userId?: string][] = [
      [await sign({ sub: 'bob', exp: seconds - 6 })],
      [await sign({ sub: 'bob', nbf: seconds + 60 })],
      [await sign({ sub: 'bob', exp: 'tomorrow' })],
      [await sign({ sub: 'bob' }, 'another secret of 32 characters!')],
      [new UnsecuredJWT({ sub: 'bob' }).encode()],
      [await sign({ name: 'nobody' })],
      [await sign({ sub: 7 })],
      [await sign({ sub: '' })],
      [await sign({ sub: 'a\nb' })],
      [good, 'ada'],
      [`${header}.${other}.${signature}`],
      [`${good}x`],
      ['a.b.c'],
    ];

    for (const [token, userId] of tokens) {
      expect(await refusal(rollcall, { ...shop, token, userId })).toEqual(isRefused('NOT_AUTHENTICATED'));
    }
    expect(await refusal(rollcall, { ...shop, token: tokens[0]?.[0] })).toMatchObject({
      message: 'The token has expired.',
    });
  });

  it('refuses an opaque token that is wrong, incomplete, of another user or of another app', async () => {
    const rollcall = await Rollcall.start([SHOP, FORUM]);
    const code = 'NOT_AUTHENTICATED';
    const login = { token: 'ada-token', userId: 'ada' };

    for (const options of [
      { ...shop, ...login, token: 'ada-tokem' },
      { ...shop, ...login, userId: 'bob' },
      { ...shop, token: 'ada-token' },
      { ...login, host: 'forum.example' },
      { ...shop, ...login, token: 'x'.repeat(60_000) },
    ]) {
      // The text tells nothing apart: neither whether there is such a user nor which half was wrong.
      expect(await refusal(rollcall, options)).toEqual({ code, message: 'The token is not valid for this user here.' });
    }
  });

  it('refuses a JWT of another app, and on an app without JWT rules', async () => {
    const other = { ...FORUM, jwt: { algorithms: ['HS256' as const], secret: 'the forum has a secret of its own' } };
    const token = await sign({ sub: 'bob' });

    for (const forum of [FORUM, other]) {
      const rollcall = await Rollcall.start([SHOP, forum]);
      expect(await refusal(rollcall, { host: 'forum.example', token })).toEqual(isRefused('NOT_AUTHENTICATED'));
    }
  });

  it('refuses a host that no app owns, before it looks at anything else', async () => {
    const rollcall = await Rollcall.start([SHOP]);

    for (const host of ['nobody.example', 'shop.example.evil.example', 'x.shop.example', '*']) {
      expect(await refusal(rollcall, { host, token: 'ada-token', userId: 'ada' })).toEqual(isRefused('UNKNOWN_HOST'));
    }
    expect((await rollcall.open({ host: 'SHOP.example.:8080', token: 'ada-token', userId: 'ada' })).session.host).toBe(
      'shop.example',
    );
  });

  it('names the field of auth that has the wrong type', async () => {
    const rollcall = await Rollcall.start();
    const wrong: [auth: Record<string, unknown>, field: string][] = [
      [{ token: 7, userId: 'a' }, 'token'],
      [{ token: { toString: 'x' }, userId: 'a' }, 'token'],
      [{ token: ['x'] }, 'token'],
      [{ token: true }, 'token'],
      [{ token: 'x', userId: 7 }, 'userId'],
      [{ token: 'x', userId: {} }, 'userId'],
      [{ token: 'x', userId: 'a\u0000' }, 'userId'],
      [{ token: 'x', userId: 'a'.repeat(256) }, 'userId'],
    ];

    for (const [auth, field] of wrong) {
      const expected = isRefused('BAD_REQUEST', expect.stringContaining(`auth.${field} `));
      expect(await refusal(rollcall, { client: { auth } })).toEqual(expected);
    }
    for (const auth of [{ token: null }, { token: '' }, { ['__proto__']: { token: 'x' } }, { other: 1 }]) {
      expect((await rollcall.open({ client: { auth } })).session.channels).toContain('anonymous');
    }
  });

  it.each(['websocket', 'polling'] as const)('looks at the origin over %s', async (transport) => {
    const rollcall = await Rollcall.start([
      { ...FORUM, hosts: ['localhost'], origins: ['https://portal.example.com'] },
    ]);
    const from = (origin?: string): TabOptions => ({ origin, transports: [transport] });

    for (const origin of [
      'https://evil.example',
      'http://portal.example.com',
      'null',
      'https://portal.example.com:1',
    ]) {
      expect(await refusal(rollcall, from(origin))).toEqual(isRefused('ORIGIN_REFUSED'));
    }
    for (const origin of ['https://portal.example.com', `http://localhost:${rollcall.port}`, undefined]) {
      expect((await rollcall.open(from(origin))).session.channels).toContain('anonymous');
    }
  });

  it('takes an origin for its own by the host that the page was served from', async () => {
    const rollcall = await Rollcall.start([{ ...FORUM, origins: [] }]);
    const forum = { host: 'forum.example' };

    expect((await rollcall.open({ ...forum, origin: 'https://forum.example' })).session.host).toBe('forum.example');
    expect(await refusal(rollcall, { ...forum, origin: rollcall.url })).toEqual(isRefused('ORIGIN_REFUSED'));
  });

  it('takes the forwarded host for the own origin when the proxy is trusted', async () => {
    const rollcall = await Rollcall.start([{ ...FORUM, origins: [] }], { TRUST_PROXY: 'true' });
    const extraHeaders = { 'X-Forwarded-Host': 'forum.example', Origin: 'https://forum.example' };

    expect((await rollcall.open({ client: { extraHeaders } })).session.host).toBe('forum.example');
    expect(await refusal(rollcall, { client: { extraHeaders: { ...extraHeaders, Origin: rollcall.url } } })).toEqual(
      isRefused('ORIGIN_REFUSED'),
    );
  });

  it('lets an app of any host have so many hosts at a time, not counting those of others', async () => {
    const any: App = { id: 'any', hosts: ['*'], apiKeys: ['any-key'], anonymous: true, limits: { hosts: 2 } };
    const rollcall = await Rollcall.start([any, FORUM]);
    await rollcall.open({ host: 'forum.example' });
    const first = await rollcall.open({ host: 'one.example' });
    await rollcall.open({ host: 'two.example' });

    expect(await refusal(rollcall, { host: 'three.example' })).toEqual(isRefused('RATE_LIMITED'));
    expect((await rollcall.open({ host: 'two.example' })).session.host).toBe('two.example');
    expect((await rollcall.open({ host: 'forum.example' })).session.host).toBe('forum.example');
    first.close();
    await eventually(() => expect(rollcall.app.get(Connections).size).toBe(4));
    // What was left is looked after for as long as anybody may ask who was there.
    expect(await refusal(rollcall, { host: 'three.example' })).toEqual(isRefused('RATE_LIMITED'));
    expect((await rollcall.open({ host: 'one.example' })).session.host).toBe('one.example');
  });

  it('lets no more hosts in when clients come to all of them at once and the store is slow', async () => {
    const rollcall = await Rollcall.start([
      { id: 'any', hosts: ['*'], apiKeys: ['any-key'], anonymous: true, limits: { hosts: 2 } },
    ]);
    const views = rollcall.app.get(Views);
    const { latest } = views;
    const asked = jest.spyOn(views, 'latest').mockImplementation(async (...args) => {
      // Nobody is answered before all have come.
      await eventually(() => expect(asked.mock.calls.length + refused).toBe(8));
      return latest.apply(views, args);
    });
    let refused = 0;
    const hosts = Array.from({ length: 8 }, (_, at) => `h${at}.example.com`);
    const knocks = hosts.map((host) => rollcall.open({ host }).catch(() => void (refused += 1)));
    await Promise.all(knocks);
    expect(refused).toBe(6);
  });

  it('leaves no secret in the log, even at its most talkative', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
    const rollcall = await Rollcall.start([SHOP], {}, log);
    const jwt = await sign({ sub: 'bob' });
    const expired = await sign({ sub: 'bob', exp: 1 });
    const extraHeaders = { Host: 'shop.example', 'X-Auth-Token': 'wrong-by-header', 'X-User-Id': 'ada' };

    await (await rollcall.open({ ...shop, token: 'ada-token', userId: 'ada' })).ask('no:such', { token: 'in-payload' });
    await rollcall.open({ ...shop, token: jwt });
    await refusal(rollcall, { ...shop, token: expired });
    await refusal(rollcall, { ...shop, token: 'wrong-token', userId: 'ada' });
    await refusal(rollcall, { client: { extraHeaders } });
    await rollcall.message('users', { apiKey: 'wrong-key' }, shop);
    await rollcall.message('users', {}, shop);

    const secrets = ['ada-token', 'wrong-', 'in-payload', jwt, expired, DEMO.apiKey, SECRET];
    expect(lines.length).toBeGreaterThan(0);
    for (const secret of secrets) expect(lines.join('')).not.toContain(secret);
  });

  it('leaves no secret in memory once the connection is let in', async () => {
    const rollcall = await Rollcall.start([SHOP]);
    await rollcall.open({ ...shop, token: 'ada-token', userId: 'ada' });

    const [connection] = rollcall.app.get(Connections).values();

    expect(inspect(connection?.socket.handshake, { depth: 9 })).not.toContain('ada-token');
    expect(connection?.socket.request).toBeNull();
  });
});
