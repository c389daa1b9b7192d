import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { eventually } from '../../../test/support/eventually';
import { clientOf, cut, playedService } from '../../../test/support/fake-client';
import { FakeService } from '../../../test/support/fake-service';
import { stopAfterTest } from '../../../test/support/teardown';
import type { RollcallClient, RollcallEvents } from './client';

/** Collects what a client tells of an event from now on. */
function collect<Event extends keyof RollcallEvents>(client: RollcallClient, event: Event): RollcallEvents[Event][] {
  const heard: RollcallEvents[Event][] = [];
  client.on(event, (payload) => heard.push(payload));
  return heard;
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'none',
    (error: { code: unknown }) => error.code,
  );

describe('A client', () => {
  it('has its session, and sends its credentials', async () => {
    const { service, client } = await playedService({ userId: 'ada', token: 'secret' });
    expect(await client.session).toMatchObject({ user: { id: 'ada' }, host: 'localhost' });
    expect(client.connected).toBe(true);
    expect(service.handshakes).toEqual([{ userId: 'ada', token: 'secret' }]);
  });

  it('hears messages', async () => {
    const { service, client } = await playedService();
    const heard = collect(client, 'message');
    const message = { channel: 'room', message: { x: 1 } };
    service.say('message', message);
    await eventually(() => expect(heard).toEqual([message]));
  });

  it('comes back when the line breaks, with a session of its own, and says so', async () => {
    const { service, client } = await playedService();
    const [first, sessions, lost] = [await client.session, collect(client, 'session'), collect(client, 'disconnect')];
    service.cut();
    await eventually(() => expect(sessions).toHaveLength(1));
    expect(sessions[0]?.connectionId).not.toBe(first.connectionId);
    expect(await client.session).toEqual(sessions[0]);
    expect(lost).toEqual([{ reason: 'transport close', final: false }]);
  });

  it('asks a function for the token before each attempt, and goes on trying if that fails', async () => {
    const service = await FakeService.start();
    const tokens = ['one', new Error('The login is away.'), 'two'];
    const token = (): Promise<string> => {
      const next = tokens.shift();
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(String(next));
    };
    const client = clientOf(service.url, { token });
    const [sessions, retries] = [collect(client, 'session'), collect(client, 'retry')];
    await client.session;
    service.cut();
    await eventually(() => expect(sessions).toHaveLength(2));
    expect(service.handshakes).toEqual([{ token: 'one' }, { token: 'two' }]);
    expect(retries.map(({ error }) => error.message)).toContain('The login is away.');
  });

  it.each(['NOT_AUTHENTICATED', 'UNKNOWN_HOST', 'ANONYMOUS_REFUSED', 'ORIGIN_REFUSED'] as const)(
    'takes %s for the last word, until it is told to try again',
    async (code) => {
      const service = await FakeService.start();
      service.admit = () => ({ code, message: 'No.' });
      const client = clientOf(service.url);
      const errors = collect(client, 'error');

      await expect(client.session).rejects.toMatchObject({ name: 'RollcallError', code, message: 'No.' });
      await expect(client.join('room')).rejects.toMatchObject({ code });
      expect(await codeOf(client.watch('room').ready)).toBe(code);
      expect(errors).toMatchObject([{ code }]);
      expect(service.handshakes).toHaveLength(1);

      service.admit = () => undefined;
      client.reconnect();
      expect(await client.session).toMatchObject({ host: 'localhost' });
      expect(await client.join('room')).toMatchObject({ channel: 'room' });
    },
  );

  it('tries again when it is refused for now', async () => {
    const service = await FakeService.start();
    const refusals = ['UNAVAILABLE', 'RATE_LIMITED', 'INTERNAL'] as const;
    let attempt = 0;
    service.admit = () => {
      const code = refusals[attempt++];
      return code === undefined ? undefined : { code, message: 'Not now.' };
    };
    const client = clientOf(service.url);
    const retries = collect(client, 'retry');
    await client.session;
    expect(retries.map(({ error, attempt: count }) => [error.code, count])).toEqual([
      ['UNAVAILABLE', 1],
      ['RATE_LIMITED', 2],
      ['INTERNAL', 3],
    ]);
  });

  it('does not come sooner than it was told to', async () => {
    const service = await FakeService.start();
    let attempt = 0;
    service.admit = () => {
      attempt += 1;
      return attempt > 1 ? undefined : { code: 'UNAVAILABLE', message: 'Too many.', retryInMs: 300 };
    };
    const client = clientOf(service.url);
    const retries = collect(client, 'retry');
    const startedAt = performance.now();
    await client.session;
    expect(performance.now() - startedAt).toBeGreaterThan(290);
    expect(retries).toMatchObject([{ attempt: 1, inMs: 300 }]);
  });

  it('tries again while nobody is there, and gives up after the attempts that it may have', async () => {
    const nobody = createServer();
    await new Promise<void>((resolve) => nobody.listen(0, '127.0.0.1', resolve));
    const { port } = nobody.address() as AddressInfo;
    await new Promise((resolve) => nobody.close(resolve));
    const client = clientOf(`http://127.0.0.1:${port}`, { reconnectionAttempts: 3 });
    const retries = collect(client, 'retry');
    expect(await codeOf(client.session)).toBe('UNREACHABLE');
    expect(retries.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  });

  it('stays away when it is kicked, until it is told to come back', async () => {
    const { service, client } = await playedService();
    const [lost, errors] = [collect(client, 'disconnect'), collect(client, 'error')];
    service.kick();
    await eventually(() => expect(errors).toMatchObject([{ code: 'KICKED' }]));
    expect(lost).toEqual([{ reason: 'io server disconnect', final: true }]);
    expect(await codeOf(client.session)).toBe('KICKED');
    client.reconnect();
    await client.session;
    expect(service.sockets()).toHaveLength(1);
  });

  it('may be told to come back by whoever hears that it was kicked', async () => {
    const { service, client } = await playedService();
    const errors = collect(client, 'error');
    client.on('disconnect', () => client.reconnect());
    service.kick();
    await eventually(() => expect(service.handshakes).toHaveLength(2));
    await client.session;
    expect(errors).toEqual([]);
  });

  it('is gone for good once it is closed', async () => {
    const { service, client } = await playedService();
    client.close();
    await eventually(() => expect(service.sockets()).toHaveLength(0));
    client.reconnect();
    for (const promise of [client.session, client.join('room'), client.setIdle(true), client.watch('room').ready]) {
      expect(await codeOf(promise)).toBe('CLOSED');
    }
    expect(service.handshakes).toHaveLength(1);
  });
});

describe('A client whose token expires', () => {
  const expiresAt = new Date().toISOString();

  it('renews it, and stays, if it knows whom to ask', async () => {
    const tokens = ['ada', 'newer'];
    const { service, client } = await playedService({ token: () => tokens.shift() });
    const [sessions, notices] = [collect(client, 'session'), collect(client, 'expiring')];
    service.say('auth:expiring', { expiresAt });
    await eventually(() => expect(service.payloadsOf('auth:refresh')).toEqual([{ token: 'newer' }]));
    expect(notices).toEqual([{ expiresAt }]);
    expect(sessions).toEqual([]);
  });

  it('says what went wrong, and comes back with the next one, if that fails', async () => {
    const { service, client } = await playedService({ token: () => 'ada' });
    const [sessions, errors] = [collect(client, 'session'), collect(client, 'error')];
    service.judge = () => ({ code: 'NOT_AUTHENTICATED', message: 'That one is no newer.' });
    service.say('auth:expiring', { expiresAt });
    await eventually(() => expect(errors).toMatchObject([{ code: 'NOT_AUTHENTICATED' }]));
    expect(client.connected).toBe(true);
    service.kick();
    await eventually(() => expect(sessions).toHaveLength(1));
  });

  it('gives up what the newer one does not allow, and says so', async () => {
    const { service, client } = await playedService({ token: () => 'ada' });
    const errors = collect(client, 'error');
    const watches = ['left', 'unwatched', 'kept'].map((channel) => client.watch(channel));
    const refused = watches.map((watch) => {
      const codes: unknown[] = [];
      watch.on('error', ({ code, channel }) => codes.push(code, channel));
      return codes;
    });
    await Promise.all([...watches.map(({ ready }) => ready), client.join('lobby')]);
    const kind = 'authenticated';
    service.renewal = {
      left: [
        { channel: 'left', kind },
        { channel: 'lobby', kind },
      ],
      unwatched: [{ channel: 'unwatched', kind }],
    };
    service.say('auth:expiring', { expiresAt });
    await eventually(() => expect(errors).toMatchObject([{ code: 'FORBIDDEN', channel: 'lobby' }]));
    expect(refused).toEqual([['FORBIDDEN', 'left'], ['FORBIDDEN', 'unwatched'], []]);
    expect(watches.map(({ live }) => live)).toEqual([false, false, true]);
    service.heard.length = 0;
    await cut(service, client);
    await eventually(() => expect(watches[2]?.live).toBe(true));
    expect(service.payloadsOf('channel:join')).toEqual([{ channel: 'kept' }]);
  });

  it('begins a new connection when nobody knows whether the newer one counts', async () => {
    const { service, client } = await playedService({ token: () => 'ada', answerTimeoutMs: 30 });
    const sessions = collect(client, 'session');
    service.judge = (event) => (event === 'auth:refresh' ? 'silence' : undefined);
    service.say('auth:expiring', { expiresAt });
    await eventually(() => expect(sessions).toHaveLength(1));
  });

  it('is gone with it if there is only the one', async () => {
    const { service, client } = await playedService({ token: 'ada' });
    const errors = collect(client, 'error');
    service.say('auth:expiring', { expiresAt });
    service.kick();
    await eventually(() => expect(errors).toMatchObject([{ code: 'KICKED' }]));
    expect(service.heard).toEqual([]);
  });
});

describe('A client whose pod goes away', () => {
  it('comes back after the time that it was told, although its old line is still open', async () => {
    const { service, client } = await playedService({ reconnectionDelay: 60_000 });
    const [sessions, notices] = [collect(client, 'session'), collect(client, 'draining')];
    service.drain(20);
    await eventually(() => expect(sessions).toHaveLength(1));
    expect(notices).toEqual([{ reconnectInMs: 20 }]);
    expect(service.handshakes).toHaveLength(2);
    await eventually(() => expect(service.sockets()).toHaveLength(1));
  });

  it('comes back at that time, and not sooner, when the line closes first', async () => {
    const { service, client } = await playedService();
    const [sessions, retries] = [collect(client, 'session'), collect(client, 'retry')];
    const toldAtMs = performance.now();
    const notice = new Promise((resolve) => client.on('draining', resolve));
    service.drain(150);
    await notice;
    service.cut();
    await eventually(() => expect(sessions).toHaveLength(1));
    expect(performance.now() - toldAtMs).toBeGreaterThan(140);
    expect(retries).toEqual([]);
  });

  it.each([NaN, -5, Infinity, null])('makes the best of a notice of %p', async (reconnectInMs) => {
    const { service, client } = await playedService();
    const sessions = collect(client, 'session');
    service.say('draining', { reconnectInMs: reconnectInMs as number });
    await eventually(() => expect(sessions).toHaveLength(1));
  });

  it('has no session with a pod that has said goodbye before', async () => {
    const { service, client } = await playedService();
    const session = await client.session;
    const notice = new Promise((resolve) => client.on('draining', resolve));
    service.drain(60_000);
    await notice;
    service.say('session', session);
    service.say('message', { channel: 'room', message: 1 });
    await new Promise((resolve) => client.on('message', resolve));
    expect(client.connected).toBe(false);
  });

  it('asks the next pod in the order in which it was told to', async () => {
    const { service, client } = await playedService();
    const draining = new Promise((resolve) => client.on('draining', resolve));
    service.drain(10);
    // On its way before the notice is here; the refusal comes after it.
    const joined = client.join('room');
    await draining;
    await Promise.all([joined, client.leave('room')]);
    expect(service.channel('room').members).toEqual([]);
  });

  it('asks the next pod what this one did not do any more', async () => {
    const { service, client } = await playedService();
    const draining = new Promise((resolve) => client.on('draining', resolve));
    service.drain(10);
    // On its way before the notice is here.
    const sent = client.send('room', 1);
    await draining;
    const joined = client.join('room');
    expect(await sent).toEqual({ delivered: 1 });
    expect(await joined).toMatchObject({ channel: 'room' });
    expect(service.payloadsOf('message:send')).toHaveLength(2);
  });
});

describe('What a client asks', () => {
  it('is answered, or refused with a code', async () => {
    const { service, client } = await playedService();
    expect(await client.join('room')).toEqual({ channel: 'room', kind: 'authenticated', count: 1, cursor: '0.1' });
    expect(await client.send('room', { x: 1 })).toEqual({ delivered: 1 });
    expect(await client.setPresence({ status: 'busy', statusText: 'x' })).toEqual({ status: 'online' });
    service.judge = () => ({ code: 'CHANNEL_RESERVED', message: 'Reserved.' });
    await expect(client.join('tab|x')).rejects.toMatchObject({ code: 'CHANNEL_RESERVED', message: 'Reserved.' });
  });

  it('waits for the session, and is sent in its order', async () => {
    const service = await FakeService.start();
    const client = clientOf(service.url, { userId: 'ada' });
    await Promise.all([client.join('a'), client.send('a', 1), client.setIdle(true), client.send('a', 2)]);
    expect(service.heard.map(({ event }) => event)).toEqual([
      'channel:join',
      'message:send',
      'presence:idle',
      'message:send',
    ]);
    await cut(service, client);
    const later = [client.send('a', 3), client.send('a', 4)];
    await Promise.all(later);
    expect(service.payloadsOf('message:send').map(({ message }) => message)).toEqual([1, 2, 3, 4]);
  });

  it('fails when there is no answer in time', async () => {
    const { service, client } = await playedService({ userId: 'ada', answerTimeoutMs: 30 });
    service.judge = () => 'silence';
    expect(await codeOf(client.send('room', 1))).toBe('TIMEOUT');
    service.admit = () => ({ code: 'UNAVAILABLE', message: 'Not now.' });
    await cut(service, client);
    expect(await codeOf(client.send('room', 1))).toBe('TIMEOUT');
  });

  it('is not sent twice if it is a message, and is if it can be repeated', async () => {
    const { service, client } = await playedService();
    service.holdAnswers();
    const asked = [client.send('room', 1), client.setPresence({ status: 'away' }), client.join('room')];
    await eventually(() => expect(service.waitingAnswers).toBe(3));
    service.cut();
    service.letGo();
    expect(await codeOf(asked[0] as Promise<unknown>)).toBe('DISCONNECTED');
    expect(await Promise.all(asked.slice(1))).toMatchObject([{ status: 'online' }, { channel: 'room' }]);
    expect(service.payloadsOf('message:send')).toHaveLength(1);
  });
});

describe('A membership', () => {
  it('is taken up again with each session, before anything else is sent', async () => {
    const { service, client } = await playedService();
    await client.join('room');
    await client.join('room', { anonymous: true });
    await client.setIdle(true);
    service.heard.length = 0;
    await cut(service, client);
    await client.send('room', 1);
    expect(service.heard.map(({ event, payload }) => [event, payload])).toEqual([
      ['presence:idle', { idle: true }],
      ['channel:join', { channel: 'room' }],
      ['channel:join', { channel: 'room', anonymous: true }],
      ['message:send', { channel: 'room', anonymous: false, message: 1 }],
    ]);
  });

  it('ends with a leave, even with one while the line is broken', async () => {
    const { service, client } = await playedService();
    const sessions = collect(client, 'session');
    await Promise.all([client.join('a'), client.join('b'), client.join('c')]);
    await client.leave('a');
    await cut(service, client);
    await client.leave('b');
    await eventually(() => expect(sessions).toHaveLength(1));
    await client.send('c', 1);
    expect(service.channel('a').members).toEqual([]);
    expect(service.channel('b').members).toEqual([]);
    expect(service.channel('c').members).toHaveLength(1);
  });

  it('is not taken up if the join was refused', async () => {
    const { service, client } = await playedService();
    service.judge = () => ({ code: 'FORBIDDEN', message: 'No.' });
    expect(await codeOf(client.join('room'))).toBe('FORBIDDEN');
    service.judge = () => undefined;
    await cut(service, client);
    await client.send('x', 1);
    expect(service.payloadsOf('channel:join')).toHaveLength(1);
  });

  it('is asked for until it is granted, when a new session is refused it for now', async () => {
    const { service, client } = await playedService();
    await client.join('room');
    let refusals = 3;
    service.judge = () => (refusals-- > 0 ? { code: 'RATE_LIMITED', message: 'Slow down.' } : undefined);
    service.cut();
    await eventually(() => expect(service.channel('room').members).toHaveLength(1));
    await eventually(() => expect(service.payloadsOf('channel:join')).toHaveLength(5));
  });

  it('is asked for until it is granted, also when another call for it is refused meanwhile', async () => {
    const { service, client } = await playedService();
    await client.join('room');
    service.holdAnswers();
    const again = client.join('room');
    await eventually(() => expect(service.waitingAnswers).toBe(1));
    let refusals = 1;
    service.judge = () => (refusals-- > 0 ? { code: 'RATE_LIMITED', message: 'Slow down.' } : undefined);
    service.cut();
    service.letGo();
    expect(await codeOf(again)).toBe('RATE_LIMITED');
    await eventually(() => expect(service.channel('room').members).toHaveLength(1));
  });

  it('that a watch has needed ends with it, also when a call for it is refused meanwhile', async () => {
    const { service, client } = await playedService();
    const watch = client.watch('room');
    await watch.ready;
    service.judge = (event) => (event === 'channel:join' ? { code: 'RATE_LIMITED', message: 'Slow down.' } : undefined);
    const joined = codeOf(client.join('room'));
    watch.close();
    expect(await joined).toBe('RATE_LIMITED');
    await eventually(() => expect(service.channel('room').members).toEqual([]));
  });

  it('that a new session is refused for good is given up, and said', async () => {
    const { service, client } = await playedService();
    const errors = collect(client, 'error');
    await client.join('room');
    service.judge = () => ({ code: 'FORBIDDEN', message: 'No more.' });
    service.cut();
    await eventually(() => expect(errors).toMatchObject([{ code: 'FORBIDDEN', channel: 'room' }]));
    expect(client.connected).toBe(true);
  });
});

describe('A service that does not answer what must be answered', () => {
  it('is left for a new connection', async () => {
    const { service, client } = await playedService({ userId: 'ada', answerTimeoutMs: 40 });
    await client.join('room');
    const first = await client.session;
    const lost = collect(client, 'disconnect');
    service.judge = () => 'silence';
    service.cut();
    await eventually(() => expect(lost.length).toBeGreaterThan(1));
    service.judge = () => undefined;
    await eventually(() => expect(service.channel('room').members).toHaveLength(1));
    expect((await client.session).connectionId).not.toBe(first.connectionId);
    stopAfterTest(() => client.close());
  });
});
