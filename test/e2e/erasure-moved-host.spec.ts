import { LocalRosters, RosterStore, Views } from '@rollcall/roster';
import { AppsReload } from '../../src/auth/apps-reload.service';
import { Apps } from '../../src/auth/apps.service';
import { readApps } from '../../src/config/apps-file';
import { Closing } from '../../src/sockets/closing.service';
import { eventually } from '../support/eventually';
import { Rollcall } from '../support/rollcall';
import { jwtOf } from '../support/shop';
import type { Tab } from '../support/tab';

const MOVING = 'moving.example.com';
const SECRETS = { one: 'the secret of the first of two apps', two: 'the secret of the other one of them' };

const appOf = (id: keyof typeof SECRETS, hosts: string[]) => ({
  ...{ id, hosts, apiKeys: [`key-of-${id}`] },
  jwt: { algorithms: ['HS256' as const], secret: SECRETS[id] },
  presence: { lastSeen: true },
});

const BEFORE = [appOf('one', ['one.example.com', MOVING]), appOf('two', ['two.example.com'])];
const AFTER = [appOf('one', ['one.example.com']), appOf('two', ['two.example.com', MOVING])];

const tokenOf = (id: keyof typeof SECRETS, name: string): string =>
  jwtOf({ sub: 'pat', name, iat: Math.floor(Date.now() / 1000) - 2 }, SECRETS[id]);

const SOON = '2099-11-20T12:00:00Z';

const keyOf = (id: keyof typeof SECRETS): Record<string, string> => ({ authorization: `Bearer key-of-${id}` });

const erasureBy = (rollcall: Rollcall): Promise<number> =>
  rollcall
    .native('DELETE', '/v1/users/pat', { host: 'one.example.com', headers: keyOf('one') })
    .then(({ status }) => status);

/** The apps file is looked at once more a moment after the start, and would take back what a test has put in its place. */
async function startBefore(): Promise<Rollcall> {
  const rollcall = await Rollcall.start(BEFORE, { OFFLINE_GRACE_MS: '0' });
  rollcall.app.get(AppsReload).onApplicationShutdown();
  return rollcall;
}

/** The host goes to the other app, whose user of the same id comes there and says something. */
async function move(rollcall: Rollcall): Promise<Tab> {
  rollcall.app.get(Apps).replace(readApps({ apps: AFTER }, 'the test'));
  const tab = await rollcall.open({ host: MOVING, token: tokenOf('two', 'Pat of Two') });
  expect(await tab.ask('presence:set', { status: 'busy', statusText: 'in surgery' })).toMatchObject({ ok: true });
  return tab;
}

async function expectUntouched(rollcall: Rollcall, entries: number): Promise<void> {
  const asked = { host: MOVING, headers: keyOf('two') };
  expect((await rollcall.native('GET', '/v1/users/pat', asked)).json).toMatchObject({
    ...{ name: 'Pat of Two', status: 'busy', statusText: 'in surgery' },
  });
  expect((await rollcall.app.get(RosterStore).entriesAfter(MOVING, 0)).length).toBeGreaterThanOrEqual(entries);
}

describe('An erasure in the middle of which a host goes to another app', () => {
  const start = async (): Promise<{ rollcall: Rollcall; tab: Tab }> => {
    const rollcall = await startBefore();
    const tab = await rollcall.open({ host: MOVING, token: tokenOf('one', 'Pat of One') });
    await tab.ask('presence:set', { status: 'away', statusText: 'at home' });
    return { rollcall, tab };
  };

  /** Calls `then` after the call of a method that comes after so many others. */
  function after<T extends object>(target: T, method: keyof T, calls: number, then: () => Promise<unknown>): void {
    const original = (target[method] as (...args: unknown[]) => Promise<unknown>).bind(target);
    const spy = jest.spyOn(target as Record<string, () => unknown>, method as string);
    for (let call = 0; call < calls; call += 1) spy.mockImplementationOnce((...args: unknown[]) => original(...args));
    spy.mockImplementationOnce(async (...args: unknown[]) => {
      const answer = await original(...args);
      await then();
      return answer;
    });
  }

  it.each<[when: string, intervene: (rollcall: Rollcall, then: () => Promise<unknown>) => void]>([
    ['its sockets are closed', ({ app }, then) => after(app.get(Closing), 'close', 0, then)],
    ['it is written down', ({ app }, then) => after(app.get(LocalRosters).of(MOVING), 'setUser', 0, then)],
  ])('after %s takes nothing from the user of the same id there', async (_when, intervene) => {
    const { rollcall, tab } = await start();
    const { app } = rollcall;
    // The host is listed for as long as somebody is there.
    await rollcall.open({
      host: MOVING,
      token: jwtOf({ sub: 'sam', iat: Math.floor(Date.now() / 1000) }, SECRETS.one),
    });
    // What the erasure closes here leaves something behind, which is another story.
    tab.close();
    const left = async () => (await app.get(Views).readRoster(MOVING)).view.connectionsOf('pat');
    await eventually(async () => expect(await left()).toEqual([]));
    let entries = 0;
    let moved: Promise<Tab> | undefined;
    intervene(rollcall, async () => {
      moved = move(rollcall);
      await moved;
      entries = (await app.get(RosterStore).entriesAfter(MOVING, 0)).length;
    });
    expect(await erasureBy(rollcall)).toBe(204);
    expect(await moved).toBeDefined();
    expect(entries).toBeGreaterThan(1);
    await expectUntouched(rollcall, entries);
  });
});

describe('Who was let in before a host went to another app', () => {
  it.each([
    [
      'sets no status there',
      'POST',
      '/api/v1/users.setStatus',
      { status: 'away', message: 'mine', expiresAt: SOON },
      401,
    ],
    ['sends nobody a message there', 'POST', '/message/sendmessage', { channels: 'authenticated', message: {} }, 401],
    ['kicks nobody there', 'DELETE', '/v1/users/pat/connections', undefined, 401],
  ] as const)('%s', async (_, method, path, body, status) => {
    const rollcall = await startBefore();
    const views = rollcall.app.get(Views);
    let reads = 0;
    let goOn: () => void = () => undefined;
    const moved = new Promise<void>((resolve) => (goOn = resolve));
    const held = (['latest', 'readRoster'] as const).map((read) => {
      const now = views[read].bind(views) as (...args: unknown[]) => Promise<unknown>;
      const spy = jest.spyOn(views as unknown as Record<string, () => Promise<unknown>>, read);
      return spy.mockImplementation(async (...args: unknown[]) => {
        reads += 1;
        await moved;
        return now(...args);
      });
    });
    const user = { 'x-auth-token': tokenOf('one', 'Pat of One'), 'x-user-id': 'pat' };
    const headers = path.startsWith('/api/') ? user : keyOf('one');
    const asked = rollcall.ask(method, path, { host: MOVING, headers, body: body && JSON.stringify(body) });
    await eventually(() => expect(reads).toBeGreaterThan(0));
    for (const read of held) read.mockRestore();
    const tab = await move(rollcall);
    const heard = tab.collect('message');
    goOn();
    expect((await asked).status).toBe(status);
    await expectUntouched(rollcall, 1);
    // By now it would have come.
    expect(await tab.ask('presence:idle', { idle: false })).toMatchObject({ ok: true });
    expect(heard).toEqual([]);
    expect(tab.socket.connected).toBe(true);
  });
});
