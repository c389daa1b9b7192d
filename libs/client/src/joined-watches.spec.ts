import { eventually } from '../../../test/support/eventually';
import { memberOf } from '../../../test/support/fake-channel';
import { clientOf, cut, playedService } from '../../../test/support/fake-client';
import { FakeService } from '../../../test/support/fake-service';
import { idsOf, watched } from '../../../test/support/watched-room';

describe('A watch, and how its channel is joined and left', () => {
  it('knows one channel by both addresses when there is no user', async () => {
    const { service, client } = await playedService({});
    const watches = [client.watch('chat'), client.watch('chat', { anonymous: true })];
    await Promise.all(watches.map(({ ready }) => ready));
    watches[0]?.close();
    service.channel('chat', true).count(9);
    service.tick();
    await eventually(() => expect(watches[1]?.anonymous).toBe(9));
    expect(service.channel('chat', true).members).toHaveLength(1);
  });

  it('takes a channel as one when it is known by both addresses', async () => {
    const { service, client } = await playedService({});
    const chat = service.channel('chat', true);
    const first = client.watch('chat');
    await first.ready;
    chat.count(7);
    const second = client.watch('chat', { anonymous: true });
    await second.ready;
    service.tick();
    await eventually(() => expect([first.anonymous, second.anonymous]).toEqual([7, 7]));
    expect(service.payloadsOf('channel:watch')).toHaveLength(1);
    await client.leave('chat');
    chat.count(9);
    await eventually(() => expect(second.live).toBe(true));
    service.tick();
    await eventually(() => expect(second.anonymous).toBe(9));
    expect([first.live, chat.members.length]).toEqual([false, 1]);
  });

  it.each(['close', 'leave'] as const)('outlasts the one that joined by its other address (%s)', async (how) => {
    const { service, client } = await playedService({});
    const first = client.watch('chat');
    const second = client.watch('chat', { anonymous: true, join: false });
    await Promise.all([first.ready, second.ready]);
    if (how === 'close') first.close();
    else await client.leave('chat');
    await client.send('chat', 1);
    service.channel('chat', true).count(9);
    await eventually(() => {
      service.tick();
      expect([second.live, second.anonymous]).toEqual([true, 9]);
    });
    second.close();
    await eventually(() => expect(service.channel('chat', true).members).toEqual([]));
  });

  it.each([
    ['before the client has seen the cut', false],
    ['in between', true],
  ])(
    'lets go of its other address, which was joined and left in a session without a user: %s',
    async (_when, isSeen) => {
      const login: { token?: string } = {};
      const service = await FakeService.start();
      const client = clientOf(service.url, { token: () => login.token });
      const watch = client.watch('chat');
      await watch.ready;
      login.token = 'ada';
      service.judge = () => 'silence';
      const joined = client.join('chat', { anonymous: true });
      joined.catch(() => undefined);
      const left = isSeen ? undefined : client.leave('chat', { anonymous: true });
      service.judge = () => undefined;
      await cut(service, client);
      await (left ?? client.leave('chat', { anonymous: true }));
      await joined;
      await eventually(() => expect(watch.live).toBe(true));
      await eventually(() => expect(service.channel('chat', true).members).toEqual([]));
      expect(service.channel('chat').members).toHaveLength(1);
    },
  );

  it('is of nothing that was left, though the join is only answered in the next session', async () => {
    const { service, client } = await playedService();
    service.judge = (event) => (event === 'channel:join' ? 'silence' : undefined);
    const joined = client.join('hall');
    await client.leave('hall');
    service.judge = () => undefined;
    await cut(service, client);
    await joined;
    await eventually(() => expect(service.channel('hall').members).toEqual([]));
    expect(service.payloadsOf('channel:join')).toHaveLength(2);
  });

  it('does not begin without a join in a channel that is being left', async () => {
    const { service, client, watch } = await watched();
    const busy = new Set(['channel:leave']);
    service.judge = (event) => (busy.has(event) ? { code: 'RATE_LIMITED', message: 'Slow down.' } : undefined);
    watch.close();
    const second = client.watch('room', { join: false });
    await eventually(() => expect(service.payloadsOf('channel:leave').length).toBeGreaterThan(1));
    busy.clear();
    await expect(second.ready).rejects.toMatchObject({ code: 'NOT_A_MEMBER' });
    expect(second.live).toBe(false);
  });

  it('begins by its other address when the one that was asked for is closed before the answer', async () => {
    const { service, client } = await playedService({});
    await client.join('chat');
    service.holdAnswers();
    const first = client.watch('chat');
    const second = client.watch('chat', { anonymous: true });
    await eventually(() => expect(service.payloadsOf('channel:watch')).toHaveLength(1));
    first.close();
    service.letGo();
    await second.ready;
    service.channel('chat', true).count(9);
    service.tick();
    await eventually(() => expect([second.live, second.anonymous]).toEqual([true, 9]));
  });

  it('is not ended by a leave that the last pod did not do any more', async () => {
    const { service, client, watch } = await watched();
    const draining = new Promise((resolve) => client.on('draining', resolve));
    service.drain(2);
    // Its leave is on its way before the notice is here.
    watch.close();
    const again = client.watch('room');
    await draining;
    await again.ready;
    await client.send('room', 1);
    expect([again.live, idsOf(again)]).toEqual([true, ['ada', 'eve']]);
  });

  it('outlasts the one that joined the channel for both', async () => {
    const { service, client, room, watch } = await watched();
    const second = client.watch('room', { join: false });
    await second.ready;
    watch.close();
    await client.send('room', 1);
    room.enter(memberOf('bob'));
    service.tick();
    await eventually(() => expect(idsOf(second)).toEqual(['ada', 'bob', 'eve']));
    second.close();
    await eventually(() => expect(room.members).toEqual([]));
  });

  it('that is left in the moment that it is opened takes no later one with it', async () => {
    const { service, client } = await playedService();
    const first = client.watch('room');
    const left = client.leave('room');
    const second = client.watch('room');
    await expect(first.ready).rejects.toMatchObject({ code: 'CLOSED' });
    await Promise.all([left, second.ready]);
    first.close();
    await client.send('room', 1);
    expect([service.channel('room').members.length, service.channel('room').watchers]).toEqual([1, 1]);
  });

  it('waits for the end of the one before, also when that is refused for now', async () => {
    const { service, client, room, watch } = await watched();
    await client.join('room');
    let refusals = 1;
    service.judge = (event) =>
      event === 'channel:unwatch' && refusals-- > 0 ? { code: 'RATE_LIMITED', message: 'Slow down.' } : undefined;
    service.holdBeginnings();
    watch.close();
    const again = client.watch('room');
    await eventually(() => expect(service.payloadsOf('channel:watch')).toHaveLength(2));
    room.enter(memberOf('bob'));
    service.tick();
    room.leave('bob');
    service.letGo();
    await again.ready;
    expect(idsOf(again)).toEqual(['ada', 'eve']);
  });

  it('that only watches is asked for again when another one joins', async () => {
    const { service, client } = await playedService();
    service.holdAnswers();
    const first = client.watch('room', { join: false });
    await eventually(() => expect(service.waitingAnswers).toBe(1));
    const second = client.watch('room');
    service.letGo();
    await Promise.all([first.ready, second.ready]);
    expect(idsOf(first)).toEqual(['ada']);
  });

  it('that only watches is asked for again when another one joins, although a call that joins was refused', async () => {
    const { service, client } = await playedService();
    let refusals = 1;
    service.judge = () => (refusals-- > 0 ? { code: 'RATE_LIMITED', message: 'Slow down.' } : undefined);
    service.holdBeginnings();
    const joined = client.join('room');
    const first = client.watch('room', { join: false });
    await expect(joined).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await eventually(() => expect(service.payloadsOf('channel:watch')).toHaveLength(1));
    service.judge = (event) =>
      event === 'channel:join' && service.payloadsOf('channel:join').length < 3
        ? { code: 'RATE_LIMITED', message: 'Slow down.' }
        : undefined;
    const second = client.watch('room');
    service.letGo();
    await Promise.all([first.ready, second.ready]);
    expect(idsOf(second)).toEqual(['ada']);
  });
});
