import { connect, type ConnectOptions, rest, type RollcallClient, RollcallError } from '@rollcall/client';
import { Connections } from '../../src/sockets/connections.service';
import { ChildPod } from '../support/child-pod';
import { eventually } from '../support/eventually';
import { freePorts } from '../support/free-ports';
import { DEMO, Rollcall } from '../support/rollcall';
import { asUser, jwtOf, shop, tabOf, tokenOf } from '../support/shop';
import { stopAfterTest } from '../support/teardown';

const SECRET = 'a-secret-of-the-back-end';
const SOON = { reconnectionDelay: 20, reconnectionDelayMax: 100 };

function open(url: string, options: ConnectOptions): RollcallClient {
  const client = connect(url, { ...SOON, ...options });
  stopAfterTest(() => client.close());
  return client;
}

async function openShop() {
  const jwt = { algorithms: ['HS256' as const], secret: SECRET };
  const rollcall = await Rollcall.start([shop({ jwt })], { OFFLINE_GRACE_MS: '0' });
  const as = (userId: string): RollcallClient => open(rollcall.url, tabOf(userId));
  const api = rest(rollcall.url, { apiKey: DEMO.apiKey });
  const members = async (channel: string): Promise<unknown> =>
    (await api.post('/message/users', { body: { channel } })).body[channel];
  return { rollcall, as, api, members };
}

/** The lines of a user break, as those of a laptop that changes its network. */
function breakLines({ app }: Rollcall, userId: string): void {
  for (const { socket } of app.get(Connections).of(userId, 'localhost')) socket.conn.close();
}

const caught = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);
const namesOf = (users: ReadonlyMap<string, unknown>): string[] => [...users.keys()].sort();

describe('The client', () => {
  it('opens a session with an opaque token, with a JWT, and as a visitor', async () => {
    const { rollcall, as } = await openShop();
    const signed = open(rollcall.url, { token: () => jwtOf({ sub: 'joe', name: 'Joe' }, SECRET) });
    const visitor = open(rollcall.url, {});
    expect(await as('ada').session).toMatchObject({ user: { id: 'ada', name: 'Ada Lovelace' }, dc: 'local' });
    expect(await signed.session).toMatchObject({ user: { id: 'joe', name: 'Joe' } });
    expect((await visitor.session).user).toBeUndefined();
  });

  it('takes a wrong token for the last word', async () => {
    const { rollcall } = await openShop();
    const client = open(rollcall.url, { userId: 'ada', token: 'wrong' });
    const error = await caught(client.session);
    expect(error).toBeInstanceOf(RollcallError);
    expect(error).toMatchObject({ code: 'NOT_AUTHENTICATED', temporary: false });
  });

  it('joins, sends and leaves, and every answer shows it at once', async () => {
    const { as, members } = await openShop();
    const [ada, bob] = [as('ada'), as('bob')];
    expect(await ada.join('room')).toMatchObject({ channel: 'room', kind: 'authenticated', count: 1 });
    expect(await bob.join('room')).toMatchObject({ count: 2 });
    const heard = new Promise((resolve) => bob.on('message', resolve));
    expect(await ada.send('room', { hello: ['bob'] })).toEqual({ delivered: 1 });
    const { connectionId } = await ada.session;
    expect(await heard).toEqual({ channel: 'room', message: { hello: ['bob'] }, from: { connectionId, id: 'ada' } });
    await ada.leave('room');
    expect(await members('room')).toEqual([{ id: 'bob', email: 'bob@example.com' }]);
    expect(await caught(ada.send('room', 1))).toMatchObject({ code: 'NOT_A_MEMBER' });
  });

  it('joins anonymous channels, and is refused what is reserved', async () => {
    const { rollcall, as, members } = await openShop();
    const visitor = open(rollcall.url, {});
    await visitor.join('chat');
    expect(await as('ada').join('chat', { anonymous: true })).toMatchObject({ kind: 'anonymous', count: 2 });
    expect(await members('chat')).toBe(2);
    expect(await caught(visitor.join('_total'))).toMatchObject({ code: 'CHANNEL_RESERVED' });
    expect(await caught(visitor.setPresence({ status: 'busy' }))).toMatchObject({ code: 'USER_REQUIRED' });
  });

  it('sets status and idleness, and says the idleness again after a reconnect', async () => {
    const { rollcall, as } = await openShop();
    const ada = as('ada');
    const users = rest(rollcall.url, { userId: 'bob', token: tokenOf('bob') });
    const shown = async (): Promise<unknown> =>
      (await users.get('/api/v1/users.presence', { query: { ids: ['ada'] } })).body.users[0]?.status;
    expect(await ada.setPresence({ status: 'busy', statusText: 'x' })).toEqual({ status: 'busy' });
    expect(await ada.setPresence({ status: 'online' })).toEqual({ status: 'online' });
    expect(await ada.setIdle(true)).toEqual({ status: 'away' });
    expect(await shown()).toBe('away');
    const before = await ada.session;
    const back = new Promise((resolve) => ada.on('session', resolve));
    breakLines(rollcall, 'ada');
    expect(await back).not.toMatchObject({ connectionId: before.connectionId });
    await eventually(async () => expect(await shown()).toBe('away'));
  });

  it('outlives its token by asking for the next one', async () => {
    const { rollcall } = await openShop();
    const firstEndsAt = Math.floor(Date.now() / 1000) + 2;
    const ends = [firstEndsAt, firstEndsAt + 3600];
    const client = open(rollcall.url, { token: () => jwtOf({ sub: 'joe', exp: ends.shift() }, SECRET) });
    const { connectionId } = await client.session;
    await eventually(() => expect(Date.now()).toBeGreaterThan(firstEndsAt * 1000 + 1000), { within: 6000 });
    expect(await client.join('room')).toMatchObject({ count: 1 });
    expect(await client.session).toMatchObject({ connectionId });
    expect(ends).toEqual([]);
  });

  it('is kicked for good, until it is told to come back', async () => {
    const { as, api } = await openShop();
    const ada = as('ada');
    await ada.session;
    const kicked = new Promise((resolve) => ada.on('error', resolve));
    expect((await api.delete('/v1/users/{id}/connections', { path: { id: 'ada' } })).body).toEqual({ closed: 1 });
    expect(await kicked).toMatchObject({ code: 'KICKED' });
    ada.reconnect();
    expect(await ada.session).toMatchObject({ user: { id: 'ada' } });
  });

  it('moves to the pod that takes the place of its own, with what it has joined', async () => {
    const [port] = await freePorts(1);
    const pod = await ChildPod.start({ at: port });
    const client = open(pod.url, DEMO);
    await client.join('room');
    const [first, notices] = [await client.session, [] as unknown[]];
    client.on('draining', (notice) => notices.push(notice));
    await pod.end('SIGTERM');
    const next = await ChildPod.start({ at: port });
    expect((await client.session).pod).not.toBe(first.pod);
    expect(notices).toHaveLength(1);
    await eventually(async () => {
      const users = await rest(next.url, { apiKey: DEMO.apiKey }).post('/message/users', { body: { channel: 'room' } });
      expect(users.body.room).toHaveLength(1);
    });
  });
});

describe('REST by the client', () => {
  it('asks all three faces', async () => {
    const { rollcall, as, api } = await openShop();
    await as('ada').join('room');
    const users = await api.post('/message/users');
    expect(users).toMatchObject({ status: 201, body: { room: [{ id: 'ada' }] } });
    expect(users.cursor).toMatch(/\S/);
    const totals = await api.post('/message/allusers', { body: { includeUsers: true } });
    expect(totals.datacenters).toEqual([{ dc: 'local', state: 'live' }]);
    const channels = await api.get('/v1/channels', { query: { prefix: 'ro', limit: 1 } });
    expect(channels.body).toMatchObject({ channels: [{ channel: 'room' }] });
    expect((await api.put('/v1/users/{id}', { path: { id: 'a/b' }, body: { name: 'A' } })).body).toMatchObject({
      id: 'a/b',
    });
    expect(await api.delete('/v1/users/{id}', { path: { id: 'a/b' } })).toMatchObject({ status: 204, body: undefined });
    const bob = rest(rollcall.url, { userId: 'bob', token: tokenOf('bob') });
    expect((await bob.get('/api/v1/users.presence')).body).toMatchObject({ full: true, success: true });
  });

  it('tells errors of all three faces alike', async () => {
    const { rollcall } = await openShop();
    const wrong = rest(rollcall.url, { apiKey: 'wrong' });
    const nobody = rest(rollcall.url, { userId: 'bob', token: 'wrong' });
    const errors = [wrong.post('/message/users'), wrong.get('/v1/pods'), nobody.get('/api/v1/users.presence')];
    for (const error of errors.map(caught)) {
      expect(await error).toMatchObject({ name: 'RollcallError', code: 'NOT_AUTHENTICATED', status: 401 });
    }
    const api = rest(rollcall.url, { apiKey: DEMO.apiKey });
    expect(await caught(api.get('/v1/users/{id}', { path: { id: 'x' } }))).toMatchObject({ code: 'NOT_FOUND' });
    const body = { channel: 7 as unknown as string };
    expect(await caught(api.post('/message/users', { body }))).toMatchObject({ code: 'BAD_REQUEST', field: 'channel' });
  });
});

describe('Watching by the client', () => {
  it('shows who is in a channel, and who comes and goes', async () => {
    const { as } = await openShop();
    const room = as('ada').watch('room');
    const heard: string[] = [];
    room.on('change', ({ joined, left }) => {
      heard.push(...joined.map(({ id }) => `+${id}`), ...left.map(({ id }) => `-${id}`));
    });
    await room.ready;
    expect(room.users.get('ada')).toEqual({ id: 'ada', username: 'ada', name: 'Ada Lovelace' });
    const bob = as('bob');
    await bob.join('room');
    await eventually(() => expect(namesOf(room.users)).toEqual(['ada', 'bob']));
    bob.close();
    await eventually(() => expect(namesOf(room.users)).toEqual(['ada']));
    expect(heard).toEqual(['+ada', '+bob', '-bob']);
  });

  it('counts an anonymous channel', async () => {
    const { rollcall } = await openShop();
    const chat = open(rollcall.url, {}).watch('chat');
    await chat.ready;
    await open(rollcall.url, {}).join('chat');
    await eventually(() => expect(chat.anonymous).toBe(2));
    expect(chat.users.size).toBe(0);
  });

  it('is refused to those who are no members', async () => {
    const { as } = await openShop();
    const watch = as('ada').watch('room', { join: false });
    expect(await caught(watch.ready)).toMatchObject({ code: 'NOT_A_MEMBER', channel: 'room' });
  });

  it('leaves the channel that it joined when it is closed', async () => {
    const { as, members } = await openShop();
    const watch = as('ada').watch('room');
    await watch.ready;
    watch.close();
    await eventually(async () => expect(await members('room')).toBeUndefined());
  });

  it('is right again after the line broke, and tells what has changed meanwhile', async () => {
    const { rollcall, as } = await openShop();
    const [ada, bob, eve] = [as('ada'), as('bob'), as('eve')];
    await bob.join('room');
    const room = ada.watch('room');
    await room.ready;
    const changes: { reset: boolean }[] = [];
    room.on('change', (change) => changes.push(change));
    const lost = new Promise((resolve) => ada.on('disconnect', resolve));
    breakLines(rollcall, 'ada');
    await lost;
    expect(room.live).toBe(false);
    await Promise.all([bob.leave('room'), eve.join('room')]);
    await eventually(() => expect(room.live).toBe(true));
    await eventually(() => expect(namesOf(room.users)).toEqual(['ada', 'eve']));
    expect(changes.length).toBeGreaterThan(0);
  });

  it('moves to the next pod, whose history is another one', async () => {
    const [port] = await freePorts(1);
    const pod = await ChildPod.start({ at: port });
    const room = open(pod.url, DEMO).watch('room');
    await room.ready;
    const cursor = room.cursor;
    await pod.end('SIGTERM');
    await ChildPod.start({ at: port });
    await eventually(() => expect(room.live).toBe(true), { within: 5000 });
    expect(namesOf(room.users)).toEqual([DEMO.userId]);
    expect(room.cursor).not.toBe(cursor);
  });

  it('shows the presence of some, and of everybody', async () => {
    const { rollcall, as } = await openShop();
    const [ada, bob] = [as('ada'), as('bob')];
    await Promise.all([ada.session, bob.session]);
    const [some, all] = [ada.watchPresence(['bob', 'eve']), ada.watchPresence()];
    await Promise.all([some.ready, all.ready]);
    expect(some.get('bob')).toMatchObject({ _id: 'bob', status: 'online' });
    expect(some.get('eve')).toBeUndefined();
    expect(namesOf(all.users)).toEqual(expect.arrayContaining(['ada', 'bob', 'cat']));
    await bob.setPresence({ status: 'busy', statusText: 'tea' });
    await eventually(() => expect(some.get('bob')).toMatchObject({ status: 'busy', statusText: 'tea' }));
    const eve = as('eve');
    await eventually(() => expect([some.get('eve')?.status, all.get('eve')?.status]).toEqual(['online', 'online']));
    eve.close();
    await eventually(() => expect([some.get('eve'), all.get('eve')]).toEqual([undefined, undefined]));
    const { json } = await rollcall.rocket('GET', 'users.presence', { headers: asUser('ada') });
    const rows = (json as { users: { _id: string }[] }).users;
    expect(namesOf(all.users)).toEqual(rows.map(({ _id }) => _id).sort());
  });

  it('needs a user for presence', async () => {
    const { rollcall } = await openShop();
    expect(await caught(open(rollcall.url, {}).watchPresence().ready)).toMatchObject({ code: 'USER_REQUIRED' });
  });
});
