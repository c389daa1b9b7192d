import { eventually } from '../../../test/support/eventually';
import { memberOf } from '../../../test/support/fake-channel';
import { clientOf, cut, playedService } from '../../../test/support/fake-client';
import { FakeService } from '../../../test/support/fake-service';
import { idsOf, told, watched } from '../../../test/support/watched-room';

describe('A watch of a channel', () => {
  it('joins, then shows who is there, and what changes', async () => {
    const { service, room, watch, heard } = await watched();
    expect(service.heard.map(({ event }) => event)).toEqual(['channel:join', 'channel:watch']);
    expect(idsOf(watch)).toEqual(['ada', 'eve']);
    expect(watch).toMatchObject({ channel: 'room', anonymous: 0, live: true, cursor: '0.2' });
    expect(heard).toMatchObject([{ joined: [{ id: 'eve' }, { id: 'ada' }], left: [], updated: [], reset: true }]);

    room.enter(memberOf('bob'), memberOf('__proto__'));
    room.leave('eve');
    room.enter(memberOf('ada', 'Ada'));
    service.tick();

    await eventually(() => expect(heard).toHaveLength(2));
    expect(heard[1]).toEqual({
      joined: [memberOf('bob'), memberOf('__proto__')],
      left: [memberOf('eve')],
      updated: [memberOf('ada', 'Ada')],
      anonymous: 0,
      reset: false,
    });
    expect(idsOf(watch)).toEqual(['__proto__', 'ada', 'bob']);
    expect(watch.users.get('__proto__')).toEqual(memberOf('__proto__'));
    expect(watch.users.get('constructor')).toBeUndefined();
  });

  it('counts an anonymous channel', async () => {
    const { service, client } = await playedService({});
    service.channel('chat', true).count(4);
    const watch = client.watch('chat');
    const heard = told(watch);
    await watch.ready;
    expect(watch.anonymous).toBe(5);
    service.channel('chat', true).count(7);
    service.tick();
    await eventually(() => expect(watch.anonymous).toBe(7));
    expect(heard.map(({ anonymous }) => anonymous)).toEqual([5, 7]);
  });

  it('holds what comes before its answer, and takes it after', async () => {
    const { service, client } = await playedService();
    const room = service.channel('room');
    await client.join('room');
    service.holdAnswers();
    const watch = client.watch('room');
    const heard = told(watch);
    await eventually(() => expect(service.waitingAnswers).toBe(1));
    room.enter(memberOf('bob'));
    service.tick();
    room.leave('bob');
    room.enter(memberOf('eve'));
    service.tick();
    service.say('message', { channel: 'room', message: 1 });
    await new Promise((resolve) => client.on('message', resolve));
    expect(heard).toEqual([]);

    service.letGo();
    await watch.ready;

    expect(idsOf(watch)).toEqual(['ada', 'eve']);
    expect(heard.map(({ joined, left }) => [joined.map(({ id }) => id), left.map(({ id }) => id)])).toEqual([
      [['ada'], []],
      [['bob'], []],
      [['eve'], ['bob']],
    ]);
  });

  it('takes no step back for what its answer has reached already', async () => {
    const { service, client } = await playedService();
    await client.join('room');
    service.holdAnswers();
    const watch = client.watch('room');
    await eventually(() => expect(service.waitingAnswers).toBe(1));
    const place = { channel: 'room', kind: 'authenticated', anonymous: 0 } as const;
    // The answer, whose cursor is `0.1`, does not have bob: he came and went before it.
    service.say('channel:changed', { ...place, cursor: '0.0', joined: [memberOf('bob')], left: [] });
    service.say('channel:changed', { ...place, cursor: '0.1', joined: [], left: [] });
    service.say('channel:changed', { ...place, cursor: '0.2', joined: [memberOf('eve')], left: [] });
    service.letGo();
    await watch.ready;
    expect(idsOf(watch)).toEqual(['ada', 'eve']);
  });

  it('goes on from its cursor when the line is back', async () => {
    const { service, client, room, watch, heard } = await watched();
    await cut(service, client);
    expect(watch.live).toBe(false);
    room.enter(memberOf('bob'));
    room.leave('eve');
    await eventually(() => expect(watch.live).toBe(true));
    expect(service.payloadsOf('channel:watch')).toEqual([{ channel: 'room' }, { channel: 'room', cursor: '0.2' }]);
    expect(idsOf(watch)).toEqual(['ada', 'bob']);
    expect(heard.slice(1)).toMatchObject([{ joined: [{ id: 'bob' }], left: [{ id: 'eve' }], reset: false }]);
  });

  it('goes on from where the last event led', async () => {
    const { service, client, room, watch, heard } = await watched();
    room.enter(memberOf('bob'));
    service.tick();
    await eventually(() => expect(heard).toHaveLength(2));
    await cut(service, client);
    await eventually(() => expect(watch.live).toBe(true));
    expect(service.payloadsOf('channel:watch')[1]).toEqual({ channel: 'room', cursor: '0.3' });
  });

  it('begins anew when the same name means another channel now', async () => {
    let userId: string | undefined = 'ada';
    const { service, client } = await playedService({ token: () => userId });
    const watch = client.watch('room');
    await watch.ready;
    expect([idsOf(watch), watch.anonymous]).toEqual([['ada'], 0]);
    userId = undefined;
    await cut(service, client);
    await eventually(() => expect(watch.live).toBe(true));
    expect([idsOf(watch), watch.anonymous]).toEqual([[], 1]);
    expect(service.payloadsOf('channel:watch')[1]).toEqual({ channel: 'room' });
  });

  it('says nothing when nothing has happened while it was away', async () => {
    const { service, client, watch, heard } = await watched();
    await cut(service, client);
    await eventually(() => expect(watch.live).toBe(true));
    expect(heard).toHaveLength(1);
  });

  it.each([
    ['after its cursor was forgotten', true],
    ['because it was too slow', false],
  ])('tells only what is different when all is told anew %s', async (_why, away) => {
    const { service, client, room, watch, heard } = await watched();
    if (away) await cut(service, client);
    room.enter(memberOf('bob'));
    room.leave('eve');
    if (away) service.forget();
    else {
      service.slow = true;
      service.tick();
    }
    await eventually(() => expect(idsOf(watch)).toEqual(['ada', 'bob']));
    expect(heard.slice(1)).toMatchObject([
      { joined: [{ id: 'bob' }], left: [{ id: 'eve' }], updated: [], reset: true },
    ]);
  });

  it('is shared with other watches of the channel, and each is told everything', async () => {
    const { service, client, room, watch } = await watched();
    const second = client.watch('room');
    const heard = told(second);
    await second.ready;
    expect(heard).toMatchObject([{ joined: [{ id: 'eve' }, { id: 'ada' }], reset: true }]);
    watch.close();
    room.enter(memberOf('bob'));
    service.tick();
    await eventually(() => expect(heard).toHaveLength(2));
    expect(service.payloadsOf('channel:watch')).toHaveLength(1);
    expect(service.payloadsOf('channel:unwatch')).toHaveLength(0);
    second.close();
    await eventually(() => expect(service.payloadsOf('channel:unwatch')).toHaveLength(1));
  });

  it('leaves a channel with the last watch that needed it, if nobody has joined it otherwise', async () => {
    const { service, client, room, watch } = await watched();
    client.watch('room').close();
    watch.close();
    await eventually(() => expect(room.members).toEqual([]));

    await client.join('room');
    client.watch('room').close();
    await client.send('room', 1);
    expect(room.members).toHaveLength(1);
    expect(service.payloadsOf('channel:leave')).toHaveLength(1);
  });

  it('that is closed and opened again at once is not confused by what was told to the first', async () => {
    const { service, client, room, watch } = await watched();
    await client.join('room');
    watch.close();
    room.enter(memberOf('bob'));
    service.tick();
    room.leave('bob');
    const again = client.watch('room');
    await again.ready;
    expect(idsOf(again)).toEqual(['ada', 'eve']);
    expect(service.heard.map(({ event }) => event).slice(-2)).toEqual(['channel:unwatch', 'channel:watch']);
    expect(watch.live).toBe(false);
  });

  it('ends when the channel is left', async () => {
    const { client, room, watch } = await watched();
    const errors: unknown[] = [];
    watch.on('error', (error) => errors.push(error));
    await client.leave('room');
    expect(watch.live).toBe(false);
    expect([room.members, room.watchers, errors]).toEqual([[], 0, []]);
  });

  it('tells that it was refused, and ends', async () => {
    const { service, client } = await playedService();
    service.judge = (event) =>
      event === 'channel:watch' ? { code: 'NOT_A_MEMBER', message: 'Join first.' } : undefined;
    const watch = client.watch('room', { join: false });
    const errors: unknown[] = [];
    watch.on('error', (error) => errors.push(error));
    await expect(watch.ready).rejects.toMatchObject({ code: 'NOT_A_MEMBER', channel: 'room' });
    expect(errors).toHaveLength(1);
    expect(service.payloadsOf('channel:join')).toEqual([]);
    service.judge = () => undefined;
    await client.watch('room').ready;
  });

  it('tells that its join was refused', async () => {
    const { service, client } = await playedService();
    service.judge = () => ({ code: 'CHANNEL_RESERVED', message: 'Reserved.' });
    await expect(client.watch('_total').ready).rejects.toMatchObject({ code: 'CHANNEL_RESERVED', channel: '_total' });
  });

  it('waits for a join that is under way, and does not join once more', async () => {
    const { service, client } = await playedService();
    void client.join('room');
    await client.watch('room', { join: false }).ready;
    expect(service.heard.map(({ event }) => event)).toEqual(['channel:join', 'channel:watch']);
  });

  it('waits for a join that is sent again because the line broke', async () => {
    const { service, client } = await playedService();
    service.judge = (event) => (event === 'channel:join' ? 'silence' : undefined);
    const joined = client.join('room');
    await eventually(() => expect(service.heard).toHaveLength(1));
    service.judge = () => undefined;
    await cut(service, client);
    service.holdAnswers();
    const watch = client.watch('room', { join: false });
    await eventually(() => expect(service.waitingAnswers).toBe(1));
    expect(service.heard.map(({ event }) => event)).toEqual(['channel:join', 'channel:join']);
    service.letGo();
    await Promise.all([joined, watch.ready]);
  });

  it('waits for a join that was asked while the line was broken', async () => {
    const { service, client, watch } = await watched();
    await cut(service, client);
    service.heard.length = 0;
    service.holdAnswers();
    const joined = client.join('room');
    await client.session;
    await eventually(() => expect(service.waitingAnswers).toBe(1));
    expect(service.heard.map(({ event }) => event)).toEqual(['channel:join']);
    service.letGo();
    await joined;
    await eventually(() => expect(watch.live).toBe(true));
    expect(service.heard.map(({ event }) => event)).toEqual(['channel:join', 'channel:watch']);
  });

  it('asks again when it is refused for now, but lets nobody wait for ever', async () => {
    const { service, client } = await playedService({ userId: 'ada', answerTimeoutMs: 100 });
    let refusals = 2;
    service.judge = () => (refusals-- > 0 ? { code: 'RATE_LIMITED', message: 'Slow down.' } : undefined);
    await client.watch('room').ready;
    service.judge = () => ({ code: 'RATE_LIMITED', message: 'Slow down.' });
    await expect(client.watch('other').ready).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('begins when there is a session, and begins once', async () => {
    const service = await FakeService.start();
    const client = clientOf(service.url, { userId: 'ada' });
    await client.watch('room').ready;
    expect(service.heard.map(({ event }) => event)).toEqual(['channel:join', 'channel:watch']);
  });

  it('is more patient than a call that joins its channel', async () => {
    const { service, client } = await playedService();
    let refusals = 1;
    service.judge = () => (refusals-- > 0 ? { code: 'RATE_LIMITED', message: 'Slow down.' } : undefined);
    const joined = client.join('room');
    const watch = client.watch('room');
    await expect(joined).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await watch.ready;
    expect(idsOf(watch)).toEqual(['ada']);
  });

  it('may be closed by those whom it tells', async () => {
    const { service, client, room } = await watched();
    const watch = client.watch('room');
    let calls = 0;
    watch.on('change', () => {
      calls += 1;
      watch.close();
    });
    await watch.ready;
    room.enter(memberOf('bob'));
    service.tick();
    await eventually(() => expect(room.now.users.size).toBe(3));
    expect(calls).toBe(1);
  });
});
