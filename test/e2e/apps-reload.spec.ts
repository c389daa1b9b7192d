import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unwatchFile,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Views } from '@rollcall/roster';
import { pino } from 'pino';
import { Accounts } from '../../src/auth/accounts.service';
import { Apps } from '../../src/auth/apps.service';
import { readApps } from '../../src/config/apps-file';
import { Connections } from '../../src/sockets/connections.service';
import { Places } from '../../src/sockets/places.service';
import { eventually } from '../support/eventually';
import { type Answer, DEMO, Rollcall } from '../support/rollcall';
import { asUser, jwtOf, shop, tabOf, tokenOf, type WrittenApp } from '../support/shop';
import { type Tab } from '../support/tab';
import { stopAfterTest } from '../support/teardown';

const THERE = 'other.example.com';
const SECRET = 'a secret of thirty-two characters';

interface Served {
  readonly rollcall: Rollcall;
  readonly file: string;
  readonly log: string[];
  /** Writes the file as an editor does that replaces it. */
  readonly write: (content: unknown) => void;
}

async function serve(...apps: WrittenApp[]): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-'));
  stopAfterTest(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'apps.json');
  const write = (content: unknown): void => {
    writeFileSync(`${file}.new`, typeof content === 'string' ? content : JSON.stringify(content));
    renameSync(`${file}.new`, file);
  };
  write({ apps });
  const log: string[] = [];
  const lines = pino({ level: 'info' }, { write: (line: string) => void log.push(line) });
  const rollcall = await Rollcall.start(undefined, { APPS_FILE: file, OFFLINE_GRACE_MS: '0' }, lines);
  return { rollcall, file, log, write };
}

const statusWith = async (rollcall: Rollcall, key: string, host?: string): Promise<number> =>
  (await rollcall.ask('POST', '/message/users', { host, body: { apiKey: key } })).status;

const closes = (tab: Tab): Promise<string> => new Promise((resolve) => tab.socket.once('disconnect', resolve));
const faults = (log: readonly string[]): string[] => log.filter((line) => line.startsWith('{"level":50'));

describe('An apps file that changes', () => {
  it('lets keys be rotated without a moment in which none works', async () => {
    const { rollcall, write } = await serve(shop({ apiKeys: ['old'] }));
    write({ apps: [shop({ apiKeys: ['old', 'new'] })] });
    await eventually(async () => expect(await statusWith(rollcall, 'new')).toBe(201));
    expect(await statusWith(rollcall, 'old')).toBe(201);

    write({ apps: [shop({ apiKeys: ['new'] })] });
    await eventually(async () => expect(await statusWith(rollcall, 'old')).toBe(401));
    expect(await statusWith(rollcall, 'new')).toBe(201);
  });

  it('takes scopes from a key, and forgets when keys were used that are gone', async () => {
    const { rollcall, write } = await serve(shop({ apiKeys: ['a', 'b'] }));
    const list = (key: string): Promise<Answer> => rollcall.ask('GET', '/v1/keys', { headers: { 'x-api-key': key } });
    expect([(await list('a')).status, (await list('b')).status]).toEqual([200, 200]);

    write({ apps: [shop({ apiKeys: ['a', { key: 'b', scopes: ['counts'] }] })] });
    await eventually(async () => expect((await list('b')).status).toBe(403));
    write({ apps: [shop({ apiKeys: ['a'] })] });
    await eventually(async () => expect((await list('b')).status).toBe(401));
    write({ apps: [shop({ apiKeys: ['a', 'b'] })] });
    await eventually(async () => {
      const { keys } = (await list('a')).json as { keys: { lastUsedAt?: string }[] };
      expect(keys.map(({ lastUsedAt }) => lastUsedAt !== undefined)).toEqual([true, false]);
    });
  });

  it.each([
    ['no JSON', '{"apps": [', /that file is not JSON/],
    [
      'a host twice',
      { apps: [shop({ hosts: ['a', 'a'] })] },
      /apps\[0\]\.hosts\[1\]: names \\"a\\", as apps\[0\]\.hosts\[0\]/,
    ],
    [
      'a wrong scope',
      { apps: [shop({ apiKeys: [{ key: 'hunter2', scopes: ['root' as 'read'] }] })] },
      /apps\[0\]\.apiKeys\[0\]\.scopes\[0\]/,
    ],
    ['no apps', { apps: [] }, /apps: /],
  ])('changes nothing when it has %s, and says so once, with the path', async (_what, content, fault) => {
    const { rollcall, write, log } = await serve(shop({ apiKeys: ['old'] }));
    const ada = await rollcall.open(tabOf('ada'));
    write(content);
    await eventually(() => expect(faults(log)).toHaveLength(1));
    write(content);
    expect(faults(log)[0]).toMatch(fault);
    expect(log.join('')).not.toContain('hunter2');
    expect([await statusWith(rollcall, 'old'), ada.socket.connected]).toEqual([201, true]);

    write({ apps: [shop({ apiKeys: ['mended'] })] });
    await eventually(async () => expect(await statusWith(rollcall, 'mended')).toBe(201));
    expect(faults(log)).toHaveLength(1);
  });

  it('may go and come back', async () => {
    const { rollcall, write, file, log } = await serve(shop({ apiKeys: ['old'] }));
    rmSync(file);
    await eventually(() => expect(faults(log)).toHaveLength(1));
    expect(faults(log)[0]).toMatch(/cannot be read: .*ENOENT/);
    symlinkSync(file, file);
    await eventually(() => expect(faults(log).at(-1)).toMatch(/ELOOP/));
    expect(await statusWith(rollcall, 'old')).toBe(201);
    write({ apps: [shop({ apiKeys: ['new'] })] });
    await eventually(async () => expect(await statusWith(rollcall, 'new')).toBe(201));
  });

  it('is seen when it is written in place, and when a link to its folder is replaced, as Kubernetes does', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rollcall-'));
    stopAfterTest(() => rmSync(folder, { recursive: true }));
    const version = (name: string, key: string): void => {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'apps.json'), JSON.stringify({ apps: [shop({ apiKeys: [key] })] }));
      symlinkSync(name, join(folder, '..new'));
      renameSync(join(folder, '..new'), join(folder, '..data'));
    };
    version('..1', 'first');
    symlinkSync('..data/apps.json', join(folder, 'apps.json'));
    const rollcall = await Rollcall.start(undefined, { APPS_FILE: join(folder, 'apps.json') });
    expect(await statusWith(rollcall, 'first')).toBe(201);
    version('..2', 'second');
    await eventually(async () => expect(await statusWith(rollcall, 'second')).toBe(201));
    expect(readdirSync(folder)).toContain('..1');

    const { rollcall: other, file } = await serve(shop({ apiKeys: ['old'] }));
    writeFileSync(file, JSON.stringify({ apps: [shop({ apiKeys: ['new'] })] }));
    await eventually(async () => expect(await statusWith(other, 'new')).toBe(201));
  });

  const content = (...keys: string[]): string => JSON.stringify({ apps: [shop({ apiKeys: keys })] });

  it.each<[what: string, put: (root: string, keys: string[]) => void, file: string]>([
    [
      'its folder',
      (root, keys) => {
        mkdirSync(join(root, 'conf.new'));
        writeFileSync(join(root, 'conf.new', 'apps.json'), content(...keys));
        rmSync(join(root, 'conf'), { recursive: true, force: true });
        renameSync(join(root, 'conf.new'), join(root, 'conf'));
      },
      'conf/apps.json',
    ],
    [
      'a link far above it',
      (root, keys) => {
        const release = mkdtempSync(join(root, 'release-'));
        mkdirSync(join(release, 'conf'));
        writeFileSync(join(release, 'conf', 'apps.json'), content(...keys));
        symlinkSync(release, join(root, 'current.new'));
        renameSync(join(root, 'current.new'), join(root, 'current'));
      },
      'current/conf/apps.json',
    ],
    [
      'the file that a link leads to',
      (root, keys) => {
        mkdirSync(join(root, 'elsewhere'), { recursive: true });
        writeFileSync(join(root, 'elsewhere', 'apps.json'), content(...keys));
        if (!existsSync(join(root, 'apps.json'))) symlinkSync('elsewhere/apps.json', join(root, 'apps.json'));
      },
      'apps.json',
    ],
  ])('is seen, time and again, when it is replaced with %s', async (_what, put, file) => {
    const root = mkdtempSync(join(tmpdir(), 'rollcall-'));
    stopAfterTest(() => rmSync(root, { recursive: true }));
    put(root, ['old']);
    const rollcall = await Rollcall.start(undefined, { APPS_FILE: join(root, file) });
    const counts = async (keys: string[]): Promise<void> =>
      eventually(
        async () =>
          expect(await Promise.all(['old', 'new', 'last'].map((key) => statusWith(rollcall, key)))).toEqual(
            ['old', 'new', 'last'].map((key) => (keys.includes(key) ? 201 : 401)),
          ),
        { within: 5000 },
      );
    for (const keys of [['old'], ['old', 'new'], ['new'], ['new', 'last'], ['last']]) {
      put(root, keys);
      await counts(keys);
    }
  });

  it('is read anew on SIGHUP, where nobody has seen that it has changed', async () => {
    const { rollcall, file, write } = await serve(shop({ apiKeys: ['old'] }));
    write({ apps: [shop({ apiKeys: ['old', 'seen'] })] });
    await eventually(async () => expect(await statusWith(rollcall, 'seen')).toBe(201));
    unwatchFile(file);
    write({ apps: [shop({ apiKeys: ['new'] })] });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await statusWith(rollcall, 'new')).toBe(401);

    process.emit('SIGHUP', 'SIGHUP');
    await eventually(async () => expect(await statusWith(rollcall, 'new')).toBe(201));
  });

  it('is read as soon as it can be, though nobody told of that', async () => {
    const { rollcall, file, log } = await serve(shop({ apiKeys: ['old'] }));
    rmSync(file);
    mkdirSync(file);
    await eventually(() => expect(faults(log)).toHaveLength(1));
    unwatchFile(file);
    expect(await statusWith(rollcall, 'old')).toBe(201);
    rmSync(file, { recursive: true });
    writeFileSync(file, JSON.stringify({ apps: [shop({ apiKeys: ['new'] })] }));
    await eventually(async () => expect(await statusWith(rollcall, 'new')).toBe(201), { within: 5000 });
    expect(await statusWith(rollcall, 'old')).toBe(401);
    expect(faults(log)).toHaveLength(1);
  });

  it('counts nothing when only its layout is another, and swaps nothing then', async () => {
    const { rollcall, write, log } = await serve(shop({ apiKeys: ['a'] }));
    const before = rollcall.app.get(Apps).all;
    write(JSON.stringify({ apps: [shop({ apiKeys: ['a'] })] }, null, 8));
    write({ apps: [shop({ apiKeys: ['a'] }), shop({ id: 'b', hosts: [THERE], apiKeys: ['b'] })] });
    await eventually(async () => expect(await statusWith(rollcall, 'b', THERE)).toBe(201));
    expect(rollcall.app.get(Apps).all).not.toBe(before);
    expect(log.filter((line) => line.includes('was read anew'))).toHaveLength(1);
  });
});

describe('Sockets, when the apps file changes', () => {
  it('stay where their app stays, and are closed where the host has gone or has another app', async () => {
    const other = shop({ id: 'b', hosts: [THERE, 'third.example.com'] });
    const { rollcall, write } = await serve(shop(), other);
    const [stays, goes, moves, nobody] = [
      await rollcall.open(tabOf('ada')),
      await rollcall.open({ ...tabOf('ada'), host: THERE }),
      await rollcall.open({ ...tabOf('bob'), host: 'third.example.com' }),
      await rollcall.open({ host: THERE }),
    ];
    const ended = Promise.all([closes(goes), closes(moves), closes(nobody)]);
    write({ apps: [shop({ hosts: ['localhost', 'third.example.com'] })] });

    expect(await ended).toEqual(['io server disconnect', 'io server disconnect', 'io server disconnect']);
    expect((await stays.join('salesRoom')).ok).toBe(true);
    await expect(rollcall.open({ ...tabOf('ada'), host: THERE })).rejects.toMatchObject({ code: 'UNKNOWN_HOST' });
    await eventually(async () =>
      expect((await rollcall.message('users', {}, { host: 'third.example.com' })).json).toEqual({}),
    );
  });

  it('are held to the new limits', async () => {
    const { rollcall, write } = await serve(shop());
    const ada = await rollcall.open(tabOf('ada'));
    expect((await ada.join('one')).ok).toBe(true);
    write({ apps: [shop({ limits: { channelsPerConnection: 1, eventsBurst: 2, eventsPerSecond: 1 } })] });
    await eventually(async () => expect(await ada.join('two')).toMatchObject({ error: { code: 'RATE_LIMITED' } }));
    await eventually(async () =>
      expect(await ada.join('two')).toMatchObject({
        error: { message: 'At most 1 events a second are taken from a connection, and ten times as many from a user.' },
      }),
    );
  });

  it.each([
    ['its host has gone', [shop({ hosts: [THERE] })], 'UNKNOWN_HOST'],
    ['its host has another app', [shop({ id: 'b', users: [] })], 'NOT_AUTHENTICATED'],
    ['its token has gone', [shop({ users: [] })], 'NOT_AUTHENTICATED'],
  ])('are decided on anew when the file changes during the handshake: %s', async (_what, apps, code) => {
    const rollcall = await Rollcall.start([shop()]);
    const accounts = rollcall.app.get(Accounts);
    const refreshed = jest.spyOn(accounts, 'refreshForToken').mockImplementationOnce(async () => {
      // The tokens of the first app are looked at after this, for the handshake has begun with it.
      await new Promise((resolve) => setImmediate(resolve));
      rollcall.app.get(Apps).replace(readApps({ apps }, 'The file'));
    });
    await expect(rollcall.open(tabOf('ada'))).rejects.toMatchObject({ code });
    expect(refreshed).toHaveBeenCalled();
    expect(rollcall.app.get(Connections).size).toBe(0);
  });

  it.each([
    ['its host has gone', [shop({ hosts: [THERE] })], 'UNKNOWN_HOST'],
    ['its host has another app', [shop({ id: 'b', users: [] })], 'NOT_AUTHENTICATED'],
  ])('are decided on anew when the file changes while they are counted: %s', async (_what, apps, code) => {
    const rollcall = await Rollcall.start([shop()]);
    const views = rollcall.app.get(Views);
    const { latest } = views;
    const counted = jest.spyOn(views, 'latest').mockImplementationOnce((...asked) => {
      // As slow as a store may be: who the visitor is has been decided by then.
      setImmediate(() => rollcall.app.get(Apps).replace(readApps({ apps }, 'The file')));
      return new Promise((resolve) => setImmediate(() => resolve(latest.apply(views, asked))));
    });
    await expect(rollcall.open(tabOf('ada'))).rejects.toMatchObject({ code });
    expect(counted).toHaveBeenCalled();
    expect(rollcall.app.get(Connections).size).toBe(0);
    expect(rollcall.app.get(Places).count(`host\nlocalhost`)).toBe(0);
  });

  it('are let in by the new users, tokens, origins and signing keys', async () => {
    const { rollcall, write } = await serve(shop());
    const ada = await rollcall.open(tabOf('ada'));
    const users = [{ id: 'zoe', username: 'zoe', tokens: [tokenOf('zoe')] }];
    const jwt = { algorithms: ['HS256' as const], secret: SECRET };
    write({ apps: [shop({ users, jwt, anonymous: false, origins: ['https://portal.example.com'] })] });

    await eventually(async () => expect((await rollcall.open(tabOf('zoe'))).session.user?.id).toBe('zoe'));
    expect((await rollcall.open({ token: jwtOf({ sub: 'yan' }, SECRET) })).session.user?.id).toBe('yan');
    await expect(rollcall.open(tabOf('bob'))).rejects.toMatchObject({ code: 'NOT_AUTHENTICATED' });
    await expect(rollcall.open()).rejects.toMatchObject({ code: 'ANONYMOUS_REFUSED' });
    await expect(rollcall.open({ ...tabOf('zoe'), origin: 'https://evil.example' })).rejects.toMatchObject({
      code: 'ORIGIN_REFUSED',
    });
    // Who is in stays in.
    expect((await ada.join('salesRoom')).ok).toBe(true);
  });
});

describe('Answers, when the apps file changes', () => {
  it('show users and bots as they are written now', async () => {
    const { rollcall, write } = await serve(shop({ dialect: 'klai' }));
    const ada = await rollcall.open(tabOf('ada'));
    const rows = async () => ((await rollcall.presence()).json as { users: { _id: string; name: string }[] }).users;
    expect((await rows()).map(({ _id, name }) => [_id, name])).toEqual([
      ['ada', 'Ada Lovelace'],
      ['cat', 'cat'],
    ]);
    expect((await rollcall.message('users')).json).toHaveProperty('authenticated', [
      { id: 'ada', email: 'ada@example.com' },
    ]);
    const users = [
      { id: DEMO.userId, tokens: [DEMO.token] },
      { id: 'ada', name: 'Countess', email: 'countess@example.com' },
      { id: 'dog', bot: true },
    ];
    write({ apps: [shop({ users, dialect: 'betterforms' })] });

    await eventually(async () =>
      expect((await rows()).map(({ _id, name }) => [_id, name])).toEqual([
        ['ada', 'Countess'],
        ['dog', 'dog'],
      ]),
    );
    expect((await rollcall.message('users')).json).toEqual({
      authenticated: [{ id: 'ada', email: 'countess@example.com' }],
      [`tab|${ada.id}`]: [{ id: 'ada', email: 'countess@example.com' }],
    });
  });

  it('show nothing of the app that a host belonged to', async () => {
    const mine = [{ id: 'cat', name: 'Mine', bot: true }];
    const theirs = [{ id: 'cat', name: 'Theirs', bot: true }];
    const { rollcall, write } = await serve(
      shop({ hosts: ['localhost', THERE], users: [...mine, { id: 'ada', tokens: [tokenOf('ada')] }] }),
    );
    const name = async (key: string): Promise<unknown> => {
      const { json } = await rollcall.ask('GET', '/v1/users/cat', { host: THERE, headers: { 'x-api-key': key } });
      return (json as { name?: string }).name;
    };
    expect(await name(DEMO.apiKey)).toBe('Mine');
    write({ apps: [shop({ users: mine }), shop({ id: 'b', hosts: [THERE], apiKeys: ['b'], users: theirs })] });
    await eventually(async () => expect(await name('b')).toBe('Theirs'));
    expect(await statusWith(rollcall, DEMO.apiKey, THERE)).toBe(401);
  });

  it('tell a long poll that began before nothing of the app that the host belongs to now', async () => {
    const { rollcall, write } = await serve(
      shop({ hosts: [THERE] }),
      shop({ id: 'none', hosts: ['none.example.com'] }),
    );
    const poll = (query: string) => rollcall.native('GET', `/v1/changes?${query}`, { host: THERE });
    const { cursor } = (await poll('waitSeconds=0')).json as { cursor: string };
    const waiting = poll(`cursor=${encodeURIComponent(cursor)}&waitSeconds=20`);
    // It waits by the time that one that came later is answered.
    await poll('waitSeconds=0');
    write({ apps: [shop({ id: 'new', hosts: [THERE], apiKeys: ['new'] })] });
    await eventually(async () => expect(await statusWith(rollcall, 'new', THERE)).toBe(201));
    await rollcall.open({ ...tabOf('ada'), host: THERE });
    const { status, text } = await waiting;
    expect(status).toBe(401);
    expect(text).not.toContain('ada');
  });

  it('tell nobody who was let in before of the users of the app that the host belongs to now', async () => {
    const { rollcall, write } = await serve(
      shop({ hosts: [THERE] }),
      shop({ id: 'none', hosts: ['none.example.com'] }),
    );
    const views = rollcall.app.get(Views);
    await rollcall.open({ ...tabOf('ada'), host: THERE });
    let goOn: () => void = () => undefined;
    let reads = 0;
    const moved = new Promise<void>((resolve) => (goOn = resolve));
    const held = (['read', 'readRoster', 'readPresence'] as const).map((read) => {
      const now = views[read].bind(views);
      return jest.spyOn(views, read).mockImplementation(async (host) => {
        reads += 1;
        await moved;
        return now(host);
      });
    });
    const waiting = [
      rollcall.message('users', {}, { host: THERE }),
      rollcall.message('allusers', {}, { host: THERE }),
      rollcall.message('channels', {}, { host: THERE }),
      rollcall.native('GET', '/v1/users/ada', { host: THERE }),
      rollcall.native('GET', '/v1/channels', { host: THERE }),
      rollcall.native('GET', '/v1/channels/authenticated/members', { host: THERE }),
      rollcall.native('GET', '/v1/changes?waitSeconds=0', { host: THERE }),
      rollcall.presence('', { host: THERE, headers: asUser('ada') }),
    ];
    await eventually(() => expect(reads).toBeGreaterThanOrEqual(waiting.length));
    for (const read of held) read.mockRestore();
    const users = [{ id: 'ada', name: 'Secret', email: 'secret@example.com', tokens: [tokenOf('ada')] }];
    write({ apps: [shop({ id: 'new', hosts: [THERE], apiKeys: ['new'], users })] });
    await eventually(() => expect(rollcall.app.get(Apps).appOf(THERE)?.id).toBe('new'));
    // Theirs are there by now.
    const newcomer = await rollcall.open({ ...tabOf('ada'), host: THERE });
    goOn();
    for (const { status, text, headers } of await Promise.all(waiting)) {
      expect([status, /secret|ada/i.test(text)]).toEqual([401, false]);
      expect(headers).not.toHaveProperty('x-rollcall-cursor');
      expect(headers).toHaveProperty('cache-control', 'no-store');
    }
    expect(newcomer.socket.connected).toBe(true);
    expect((await rollcall.message('users', { apiKey: 'new' }, { host: THERE })).text).toContain('secret@');
  });

  it('obey another limit, and tell watchers of presence that was switched off or on', async () => {
    const { rollcall, write } = await serve(shop());
    const [ada, told] = [await rollcall.open(tabOf('ada')), { at: 0 }];
    const changed = ada.collect('presence:changed');
    await ada.ask('presence:watch', {});
    write({ apps: [shop({ presence: { broadcastDisabled: true }, limits: { usersPresencePerMinute: 7000 } })] });
    await eventually(async () => {
      const { headers, text } = await rollcall.presence('', { headers: asUser('bob') });
      expect([headers['x-ratelimit-limit'], text]).toEqual(['7000', '{"users":[],"full":true,"success":true}']);
    });
    told.at = changed.length;
    write({ apps: [shop()] });
    await eventually(() => expect(changed.slice(told.at)).toEqual([expect.objectContaining({ full: true })]));
  });
});
