import { Views } from '@rollcall/roster';
import { EventEmitter, once } from 'node:events';
import { Apps } from '../../src/auth/apps.service';
import { readApps } from '../../src/config/apps-file';
import { eventually } from '../support/eventually';
import { Rollcall } from '../support/rollcall';
import { asUser, shop, tabOf, tokenOf } from '../support/shop';
import type { Tab } from '../support/tab';

const USERS = ['ada', 'bob', 'cyd', 'dan'].map((id) => ({ id, username: `${id}-name`, tokens: [tokenOf(id)] }));
const member = (id: string): object => ({ id, username: `${id}-name`, name: `${id}-name` });
const refusal = (code: string): object => ({ ok: false, error: { code, message: expect.any(String) as string } });

async function room(graceMs = 0, more: Parameters<typeof shop>[0] = {}) {
  const rollcall = await Rollcall.start([shop({ users: USERS, anonymous: true, ...more })], {
    OFFLINE_GRACE_MS: String(graceMs),
  });
  const open = (userId?: string): Promise<Tab> => rollcall.open(userId === undefined ? {} : tabOf(userId));
  const enter = async (userId: string): Promise<Tab> => {
    const tab = await open(userId);
    expect(await tab.join('lobby')).toMatchObject({ ok: true });
    return tab;
  };
  return { rollcall, open, enter };
}

const watch = (tab: Tab, more: object = {}): Promise<Record<string, unknown>> =>
  tab.ask('channel:watch', { channel: 'lobby', ...more });

describe('Who watches a channel', () => {
  it('gets who is there, and then each change, once', async () => {
    const { enter } = await room();
    const ada = await enter('ada');
    const heard = ada.collect('channel:changed');

    const answer = await watch(ada);
    expect(answer).toEqual({
      ok: true,
      channel: 'lobby',
      kind: 'authenticated',
      cursor: expect.stringMatching(/^\S+$/) as string,
      snapshot: { users: [member('ada')], anonymous: 0 },
    });
    const bob = await enter('bob');
    await eventually(() => expect(heard).toHaveLength(1), { within: 1000 });
    expect(heard[0]).toEqual({
      channel: 'lobby',
      kind: 'authenticated',
      cursor: expect.stringMatching(/^\S+$/) as string,
      joined: [member('bob')],
      left: [],
      anonymous: 0,
    });
    const again = await enter('bob');
    again.close();
    await bob.ask('channel:leave', { channel: 'lobby' });
    await eventually(() => expect(heard).toHaveLength(2), { within: 1000 });
    expect(heard[1]).toMatchObject({ joined: [], left: ['bob'] });
  });

  it('must be a member, and is one no longer after leaving', async () => {
    const { enter, open } = await room();
    const ada = await open('ada');
    expect(await watch(ada)).toEqual(refusal('NOT_A_MEMBER'));
    await ada.join('lobby');
    await watch(ada);
    const heard = ada.collect('channel:changed');
    await ada.ask('channel:leave', { channel: 'lobby' });
    const bob = await enter('bob');
    const told = bob.collect('channel:changed');
    await watch(bob);
    await enter('cyd');
    await eventually(() => expect(told).toHaveLength(1), { within: 1000 });
    expect(heard).toEqual([]);
    expect(await watch(ada)).toEqual(refusal('NOT_A_MEMBER'));
  });

  it('gets just what was missed, with the cursor of an answer or of an event', async () => {
    const { enter } = await room();
    const [ada, bob] = [await enter('ada'), await enter('bob')];
    const heard = ada.collect('channel:changed');
    const { cursor } = await watch(ada);
    await bob.ask('channel:leave', { channel: 'lobby' });
    const cyd = await enter('cyd');
    await eventually(() => expect(heard.at(-1)).toMatchObject({ joined: [member('cyd')] }), { within: 1000 });
    const told = heard.at(-1)?.cursor;
    await enter('dan');
    await cyd.ask('channel:leave', { channel: 'lobby' });

    expect(await watch(bob)).toEqual(refusal('NOT_A_MEMBER'));
    await bob.join('lobby');
    expect(await watch(bob, { cursor })).toMatchObject({
      changes: [{ joined: [member('dan')], left: [] }],
    });
    expect(await watch(bob, { cursor: told })).toMatchObject({
      changes: [{ joined: [member('dan'), member('bob')], left: ['cyd'] }],
    });
    const { cursor: last } = await watch(bob);
    expect(await watch(bob, { cursor: last })).toMatchObject({ ok: true, changes: [] });
  });

  it('gets everything for a cursor of which nothing is known', async () => {
    const { enter } = await room();
    const ada = await enter('ada');
    for (const cursor of ['x', 'a.1.b', '', null, 'x'.repeat(255), '....', '__proto__.1.a']) {
      expect(await watch(ada, { cursor })).toMatchObject({ ok: true, snapshot: { users: [member('ada')] } });
    }
    for (const cursor of [5, {}, ['a'], true, 'x'.repeat(256)]) {
      expect(await watch(ada, { cursor })).toEqual(refusal('BAD_REQUEST'));
    }
  });

  it('is not told of a page that is loaded again', async () => {
    const { enter } = await room(60_000);
    const [ada, bob] = [await enter('ada'), await enter('bob')];
    const heard = ada.collect('channel:changed');
    await watch(ada);
    bob.close();
    await enter('bob');
    await enter('cyd');
    await eventually(() => expect(heard).toHaveLength(1), { within: 1000 });
    expect(heard[0]).toMatchObject({ joined: [member('cyd')], left: [] });
  });

  it('is told of who has vanished when the grace is over, and at once of who says goodbye', async () => {
    const { enter } = await room(400);
    const [ada, bob, cyd] = [await enter('ada'), await enter('bob'), await enter('cyd')];
    const heard = ada.collect('channel:changed');
    await watch(ada);
    const startedAt = performance.now();
    bob.close();
    await cyd.ask('channel:leave', { channel: 'lobby' });
    await eventually(() => expect(heard).toHaveLength(1), { within: 300 });
    expect(heard[0]).toMatchObject({ left: ['cyd'] });
    expect(await watch(ada)).toMatchObject({ snapshot: { users: [member('ada'), member('bob')] } });
    await eventually(() => expect(heard).toHaveLength(2), { within: 1500 });
    expect(heard[1]).toMatchObject({ left: ['bob'] });
    expect(performance.now() - startedAt).toBeGreaterThan(380);
  });

  it('counts an anonymous channel', async () => {
    const { open, enter } = await room();
    const [ada, guest] = [await enter('ada'), await open()];
    await ada.join('lobby', true);
    const heard = ada.collect('channel:changed');
    expect(await watch(ada, { anonymous: true })).toMatchObject({
      kind: 'anonymous',
      snapshot: { users: [], anonymous: 1 },
    });
    await guest.join('lobby');
    await eventually(() => expect(heard).toHaveLength(1), { within: 1000 });
    expect(heard[0]).toMatchObject({ kind: 'anonymous', joined: [], left: [], anonymous: 2 });
    expect(await watch(guest)).toMatchObject({ snapshot: { users: [], anonymous: 2 } });
  });

  it('sees e-mail addresses only if the app says so', async () => {
    const users = [{ id: 'ada', email: 'ada@example.com', tokens: [tokenOf('ada')] }];
    for (const emails of [false, true]) {
      const { enter } = await room(0, { users, watch: { emails } });
      const { snapshot } = (await watch(await enter('ada'))) as { snapshot: { users: object[] } };
      expect(snapshot.users).toEqual([
        { id: 'ada', username: 'ada', name: 'ada', ...(emails ? { email: 'ada@example.com' } : {}) },
      ]);
    }
  });

  it.each(['channel:unwatch', 'channel:leave'])(
    'does not begin after %s, though it was asked for before',
    async (end) => {
      const { rollcall, enter } = await room();
      const ada = await enter('ada');
      const views = rollcall.app.get(Views);
      const [latest, ready] = [views.latest.bind(views), new EventEmitter()];
      jest.spyOn(views, 'latest').mockImplementationOnce(async (...asked) => {
        await once(ready, 'now');
        return latest(...asked);
      });
      const asked = watch(ada);
      expect(await ada.ask(end, { channel: 'lobby' })).toMatchObject({ ok: true });
      expect(await ada.join('lobby')).toMatchObject({ ok: true });
      ready.emit('now');
      expect(await asked).toEqual(refusal('NOT_A_MEMBER'));
    },
  );

  it('can stop, and stops with the connection', async () => {
    const { enter } = await room();
    const [ada, bob] = [await enter('ada'), await enter('bob')];
    const [heard, told] = [ada.collect('channel:changed'), bob.collect('channel:changed')];
    await watch(ada);
    await watch(bob);
    expect(await ada.ask('channel:unwatch', { channel: 'lobby' })).toEqual({ ok: true, channel: 'lobby' });
    await enter('cyd');
    await eventually(() => expect(told).toHaveLength(1), { within: 1000 });
    expect(heard).toEqual([]);
  });
});

const presence = (tab: Tab, more: object = {}): Promise<Record<string, unknown>> => tab.ask('presence:watch', more);
const rowOf = (id: string, status: string): object => ({
  _id: id,
  username: `${id}-name`,
  name: `${id}-name`,
  status,
  utcOffset: 0,
});

describe('Who watches the presence of users', () => {
  it('gets those who are there, and then real changes', async () => {
    const { open } = await room();
    const ada = await open('ada');
    const heard = ada.collect('presence:changed');
    expect(await presence(ada)).toEqual({
      ok: true,
      cursor: expect.any(String) as string,
      users: [rowOf('ada', 'online')],
    });
    const bob = await open('bob');
    await eventually(() => expect(heard).toHaveLength(1), { within: 1000 });
    expect(heard[0]).toEqual({ cursor: expect.any(String) as string, users: [rowOf('bob', 'online')] });
    const second = await open('bob');
    await second.ask('presence:idle', { idle: true });
    await bob.ask('presence:set', { status: 'busy', statusText: 'Lunch' });
    await eventually(() => expect(heard).toHaveLength(2), { within: 1000 });
    expect(heard[1]?.users).toEqual([{ ...rowOf('bob', 'busy'), statusText: 'Lunch' }]);
    for (const tab of [bob, second]) tab.close();
    await eventually(() => expect(heard).toHaveLength(3), { within: 1000 });
    expect(heard[2]?.users).toEqual([{ ...rowOf('bob', 'offline'), statusText: 'Lunch' }]);
  });

  it('gets those alone who were asked for, and more of them later', async () => {
    const { open } = await room();
    const [ada, bob] = [await open('ada'), await open('bob')];
    const heard = ada.collect('presence:changed');
    expect(await presence(ada, { ids: ['bob', 'cyd'] })).toMatchObject({ users: [rowOf('bob', 'online')] });
    expect(await presence(ada, { ids: ['ada'] })).toMatchObject({ users: [rowOf('ada', 'online')] });
    await open('dan');
    await open('cyd');
    await eventually(() => expect(heard).toHaveLength(1), { within: 1000 });
    expect(heard[0]?.users).toEqual([rowOf('cyd', 'online')]);
    expect(await ada.ask('presence:unwatch', { ids: ['bob'] })).toEqual({ ok: true });
    await bob.ask('presence:set', { status: 'busy' });
    await ada.ask('presence:set', { status: 'away' });
    await eventually(() => expect(heard).toHaveLength(2), { within: 1000 });
    expect(heard[1]?.users).toEqual([rowOf('ada', 'away')]);
    expect(await ada.ask('presence:unwatch', {})).toEqual({ ok: true });
  });

  it('gets just what was missed', async () => {
    const { open } = await room();
    const [ada, bob] = [await open('ada'), await open('bob')];
    const { cursor } = await presence(ada);
    await bob.ask('presence:set', { status: 'busy' });
    await bob.ask('presence:set', { status: 'online' });
    expect(await presence(ada, { cursor })).toMatchObject({ changes: [] });
    await bob.ask('presence:set', { status: 'away' });
    expect(await presence(ada, { cursor })).toMatchObject({ changes: [rowOf('bob', 'away')] });
    expect(await presence(ada, { ids: ['ada'], cursor })).toMatchObject({ changes: [] });
  });

  it('is told of a departure when the grace is over, and not of a page that is loaded again', async () => {
    const { open } = await room(400);
    const [ada, bob] = [await open('ada'), await open('bob')];
    const heard = ada.collect('presence:changed');
    await presence(ada);
    bob.close();
    const back = await open('bob');
    await open('cyd');
    await eventually(() => expect(heard).toHaveLength(1), { within: 1000 });
    expect(heard[0]?.users).toEqual([rowOf('cyd', 'online')]);
    back.close();
    await eventually(() => expect(heard).toHaveLength(2), { within: 2000 });
    expect(heard[1]?.users).toEqual([rowOf('bob', 'offline')]);
  });

  it('must be logged in', async () => {
    const { open } = await room();
    expect(await presence(await open())).toEqual(refusal('USER_REQUIRED'));
  });

  it('names users in a list of bounded length', async () => {
    const { open } = await room();
    const ada = await open('ada');
    for (const ids of [
      'ada',
      { 0: 'ada' },
      [5],
      [''],
      ['a\0'],
      ['x'.repeat(256)],
      Array.from({ length: 1001 }, (_, n) => String(n)),
    ]) {
      expect(await presence(ada, { ids })).toEqual(refusal('BAD_REQUEST'));
    }
    expect(await presence(ada, { ids: Array.from({ length: 1000 }, (_, n) => String(n)) })).toMatchObject({
      users: [],
    });
    expect(await presence(ada, { ids: ['one more'] })).toEqual(refusal('RATE_LIMITED'));
  });

  it('is told nothing while the app has switched presence off, and everything when it is on again', async () => {
    const { rollcall, open } = await room(0, { presence: { broadcastDisabled: true } });
    const [ada, bob] = [await open('ada'), await open('bob')];
    const heard = ada.collect('presence:changed');
    const set = (broadcastDisabled: boolean): Promise<unknown> =>
      rollcall.native('PUT', '/v1/settings', { body: { presence: { broadcastDisabled } } });
    expect(await presence(ada)).toMatchObject({ ok: true, users: [] });
    await bob.ask('presence:set', { status: 'busy' });
    await set(false);
    await eventually(() => expect(heard).toHaveLength(1), { within: 1000 });
    expect(heard[0]).toMatchObject({ full: true, users: [rowOf('ada', 'online'), rowOf('bob', 'busy')] });
    await set(true);
    await bob.ask('presence:set', { status: 'away' });
    expect(await presence(ada)).toMatchObject({ users: [] });
    await set(false);
    await eventually(() => expect(heard).toHaveLength(2), { within: 1000 });
    expect(heard[1]).toMatchObject({ full: true, users: [rowOf('ada', 'online'), rowOf('bob', 'away')] });
  });

  it.each(['the settings', 'the apps file'])(
    'gets everybody for a cursor from when presence was switched off by %s',
    async (by) => {
      const { rollcall, open } = await room(0, { presence: { broadcastDisabled: true } });
      const [ada] = [await open('ada'), await open('bob')];
      const polled = (from: string) => rollcall.presence(`?from=${from}`, { headers: asUser('ada') });
      const { cursor } = await presence(ada);
      const { headers } = await polled('');
      const from = String(headers['x-rollcall-time']);
      if (by === 'the settings')
        await rollcall.native('PUT', '/v1/settings', { body: { presence: { broadcastDisabled: false } } });
      else
        rollcall.app.get(Apps).replace(readApps({ apps: [shop({ users: USERS, anonymous: true })] }, 'the apps file'));
      const everybody = [rowOf('ada', 'online'), rowOf('bob', 'online')];
      expect(await presence(await open('ada'), { cursor })).toMatchObject({ users: everybody });
      expect(await presence(await open('ada'), { cursor: headers['x-rollcall-cursor'] })).toMatchObject({
        users: everybody,
      });
      expect((await polled(encodeURIComponent(from))).json).toMatchObject({ full: true, users: everybody });
    },
  );
});
