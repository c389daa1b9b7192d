import { MemoryUserDirectory } from '@rollcall/roster';
import { Accounts } from './accounts.service';
import { Apps } from './apps.service';
import type { App } from '../config/app';
import type { Config } from '../config/config';

const HOST = 'a.example';

/** Of an app what accounts ask for. */
function appOf(users: Record<string, object>): App {
  const entries = Object.entries(users).map(([id, details]) => [id, { details, tokenHashes: [] }] as const);
  return { id: 'shop', hosts: [HOST], anyHost: false, users: new Map(entries) } as unknown as App;
}

function accountsOf(app: App): { accounts: Accounts; apps: Apps; directory: MemoryUserDirectory } {
  const apps = new Apps({ apps: [app] } as unknown as Config);
  const directory = new MemoryUserDirectory();
  return { accounts: new Accounts(apps, directory), apps, directory };
}

describe('Users of an app by their names', () => {
  it('are found in the file and in the directory, which has the last word', async () => {
    const app = appOf({ '1': { username: 'ada' }, '2': { username: 'bob' } });
    const { accounts, directory } = accountsOf(app);
    expect(accounts.idOf(app, 'ada')).toBe('1');
    await directory.put('shop', '3', { username: 'cleo' });
    expect(accounts.idOf(app, 'cleo')).toBe('3');
    await directory.put('shop', '1', { username: 'dora' });
    expect(['ada', 'dora', 'nobody'].map((name) => accounts.idOf(app, name))).toEqual([undefined, '1', undefined]);
    await directory.erase('shop', '2', 1);
    expect(accounts.idOf(app, 'bob')).toBeUndefined();
  });

  it('of whom several have the same are found in the order of their ids, and one with the name for an id first', () => {
    const app = appOf({ '9': { username: 'ada' }, '10': { username: 'ada' }, bob: {}, '1': { username: 'bob' } });
    const { accounts } = accountsOf(app);
    expect(accounts.idOf(app, 'ada')).toBe('10');
    expect(accounts.idOf(app, 'bob')).toBe('bob');
  });

  it('are those of the file that counts now', () => {
    const { accounts, apps } = accountsOf(appOf({ '1': { username: 'ada' }, bot: { bot: true } }));
    const profiles = accounts.profilesOf(HOST);
    expect([...profiles.bots()]).toEqual(['bot']);
    expect(accounts.idOf(apps.all[0] as App, 'ada')).toBe('1');
    const before = apps.all[0] as App;
    apps.replace([appOf({ '2': { username: 'ada' }, other: { bot: true } })]);
    // A request that began before.
    expect(accounts.idOf(before, 'ada')).toBe('1');
    expect(accounts.idOf(apps.all[0] as App, 'ada')).toBe('2');
    expect([...profiles.bots()]).toEqual(['other']);
  });

  it('are bots from the moment that it is written, until it is not', async () => {
    const { accounts, directory } = accountsOf(appOf({}));
    const { bots } = accounts.profilesOf(HOST);
    expect([...bots()]).toEqual([]);
    await directory.put('shop', '1', { bot: true });
    expect([...bots()]).toEqual(['1']);
    await directory.put('shop', '1', { bot: false });
    expect([...bots()]).toEqual([]);
  });
});
