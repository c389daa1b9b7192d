import { asSigned, DONE, FORBIDDEN, office, THERE, UNKNOWN, USERS } from '../support/office';
import { type Answer, Rollcall } from '../support/rollcall';
import { asUser, shop, tabOf } from '../support/shop';

describe("Somebody else's status", () => {
  const OTHERS = [{ userId: 'ada' }, { username: 'countess' }, { user: 'countess' }];

  it('is not for a user to set, whether there is such a user or not', async () => {
    const { rollcall, set, row } = await office();
    await rollcall.open(tabOf('ada'));

    for (const named of [...OTHERS, { userId: 'nobody' }, { username: 'ada' }, { userId: 'bob', username: 'bob' }]) {
      const refused = await set({ status: 'busy', message: 'Hacked', role: 'admin', ...named }, 'bob');
      if (named.userId === 'bob') expect(refused).toMatchObject(DONE);
      else expect(refused).toMatchObject(FORBIDDEN);
    }
    expect(await row('ada')).toEqual({
      _id: 'ada',
      name: 'countess',
      username: 'countess',
      status: 'online',
      utcOffset: 0,
    });
  });

  it('is for an admin to set, connected or not', async () => {
    const { rollcall, set, row } = await office();
    await rollcall.open(tabOf('ada'));
    let message = 0;
    for (const named of OTHERS) {
      message += 1;
      expect(await set({ message: String(message), ...named }, 'root')).toMatchObject(DONE);
      expect(await row('ada')).toMatchObject({ statusText: String(message) });
    }
    expect(await set({ status: 'away', userId: 'bob' }, 'root')).toMatchObject(DONE);
    await rollcall.open(tabOf('bob'));
    expect(await row('bob')).toMatchObject({ status: 'away' });
    for (const named of [{ userId: 'nobody' }, { username: 'ada' }, { user: '__proto__' }]) {
      expect(await set({ status: 'busy', ...named }, 'root')).toMatchObject(UNKNOWN);
    }
  });

  it('is for those whom the back end makes admins, from then on until it says otherwise', async () => {
    const { rollcall, set } = await office();
    const ask = async (): Promise<number> => (await set({ status: 'busy', userId: 'ada' }, 'bob')).status;
    const put = (body: object): Promise<Answer> => rollcall.native('PUT', '/v1/users/bob', { body });

    expect(await ask()).toBe(403);
    expect((await put({ role: 'admin' })).json).toMatchObject({ id: 'bob', role: 'admin' });
    expect(await ask()).toBe(200);
    expect((await put({ name: 'Bob' })).json).not.toHaveProperty('role');
    expect(await ask()).toBe(403);
    await rollcall.native('PUT', '/v1/users/root', { body: { role: 'user' } });
    expect(await set({ status: 'busy', userId: 'ada' }, 'root')).toMatchObject(FORBIDDEN);
  });

  it('is for those whose token says so, if the app has signed it and the profile says nothing else', async () => {
    const { rollcall } = await office();
    const ask = async (headers: Record<string, string>): Promise<number> =>
      (await rollcall.rocket('POST', 'users.setStatus', { headers, body: { status: 'busy', userId: 'ada' } })).status;

    expect(await ask(asSigned('zoe', { role: 'admin' }))).toBe(200);
    expect(await ask(asSigned('bob', { role: 'admin' }))).toBe(200);
    for (const role of ['user', 'root', 'ADMIN', '', 1, true, null, ['admin'], { admin: true }, undefined]) {
      expect(await ask(asSigned('zoe', { role }))).toBe(403);
    }
    expect(await ask(asSigned('zoe', { roles: ['admin'], admin: true }))).toBe(403);
    expect(await ask(asSigned('zoe', { role: 'admin' }, 'another-secret'))).toBe(401);
    expect(await ask(asSigned('root', { role: 'user' }))).toBe(200);
    await rollcall.native('PUT', '/v1/users/zoe', { body: { role: 'user' } });
    expect(await ask(asSigned('zoe', { role: 'admin' }))).toBe(403);
  });

  it('is nothing to an admin of another app', async () => {
    const there = shop({ id: 'other', hosts: [THERE], users: USERS });
    const here = shop({ users: USERS.map(({ role: _, ...user }) => user) });
    const rollcall = await Rollcall.start([here, there]);
    const ask = (host: string): Promise<Answer> =>
      rollcall.rocket('POST', 'users.setStatus', {
        host,
        headers: asUser('root'),
        body: { status: 'busy', userId: 'ada' },
      });

    expect(await ask('localhost')).toMatchObject(FORBIDDEN);
    expect(await ask(THERE)).toMatchObject(DONE);
  });
});
