import { eventually } from '../../../test/support/eventually';
import { clientOf, cut, playedService } from '../../../test/support/fake-client';
import { rowOf } from '../../../test/support/fake-presence';
import { FakeService } from '../../../test/support/fake-service';
import type { PresenceDifference, PresenceWatch } from './presence-watch';

const told = (watch: PresenceWatch): PresenceDifference[] => {
  const heard: PresenceDifference[] = [];
  watch.on('change', (difference) => heard.push(difference));
  return heard;
};

const idsOf = (watch: PresenceWatch | undefined): string[] => [...(watch?.users.keys() ?? [])].sort();

/** `ada` watches the presence of these, of whom `bob` and `eve` are online. */
async function watched(...ids: string[]) {
  const { service, client } = await playedService();
  service.presence.set(rowOf('bob'), rowOf('eve', 'away', 'tea'));
  const watch = client.watchPresence(ids.length === 0 ? undefined : ids);
  const heard = told(watch);
  await watch.ready;
  return { service, client, watch, heard, presence: service.presence };
}

describe('A watch of presence', () => {
  it('shows who is not offline, and what changes', async () => {
    const { service, presence, watch, heard } = await watched('bob', 'fay', '__proto__');
    expect(watch.get('bob')).toEqual(rowOf('bob'));
    expect([watch.get('fay'), watch.get('eve'), watch.get('constructor')]).toEqual([undefined, undefined, undefined]);
    expect(watch.live).toBe(true);
    expect(heard).toEqual([{ users: [rowOf('bob')], reset: true }]);

    presence.set(rowOf('bob', 'offline'), rowOf('fay', 'busy'), rowOf('__proto__'), rowOf('eve', 'online'));
    service.tick();

    await eventually(() => expect(idsOf(watch)).toEqual(['__proto__', 'fay']));
    expect(heard[1]?.reset).toBe(false);
    expect(new Set(heard[1]?.users)).toEqual(
      new Set([rowOf('bob', 'offline'), rowOf('fay', 'busy'), rowOf('__proto__')]),
    );
  });

  it('may be of everybody', async () => {
    const { service, presence, watch } = await watched();
    expect(idsOf(watch)).toEqual(['bob', 'eve']);
    presence.set(rowOf('gil'), rowOf('eve', 'offline'));
    service.tick();
    await eventually(() => expect(idsOf(watch)).toEqual(['bob', 'gil']));
    expect(service.payloadsOf('presence:watch')).toEqual([{}]);
  });

  it('goes on from its cursor when the line is back', async () => {
    const { service, client, presence, watch, heard } = await watched('bob', 'eve');
    await cut(service, client);
    expect(watch.live).toBe(false);
    presence.set(rowOf('bob', 'offline'));
    await eventually(() => expect(watch.live).toBe(true));
    expect(service.payloadsOf('presence:watch')).toEqual([
      { ids: ['bob', 'eve'] },
      { ids: ['bob', 'eve'], cursor: '0.1' },
    ]);
    expect(heard.slice(1)).toEqual([{ users: [rowOf('bob', 'offline')], reset: false }]);
  });

  it.each([
    ['after its cursor was forgotten', true],
    ['because it was too slow', false],
  ])('tells only what is different when all is told anew %s', async (_why, away) => {
    const { service, client, presence, watch, heard } = await watched('bob', 'eve', 'fay');
    if (away) await cut(service, client);
    presence.set(rowOf('bob', 'offline'), rowOf('fay'));
    if (away) service.forget();
    else {
      service.slow = true;
      service.tick();
    }
    await eventually(() => expect(idsOf(watch)).toEqual(['eve', 'fay']));
    expect(heard.slice(1)).toEqual([{ users: [rowOf('bob', 'offline'), rowOf('fay')], reset: true }]);
  });

  it('shares one set of users on the wire with the others, and asks each user once', async () => {
    const { service, client, presence } = await watched('bob');
    const [second, third] = [client.watchPresence(['bob', 'eve']), client.watchPresence(['bob'])];
    const heard = told(third);
    await Promise.all([second.ready, third.ready]);
    expect(service.payloadsOf('presence:watch')).toEqual([{ ids: ['bob'] }, { ids: ['eve'] }]);
    expect(heard).toEqual([{ users: [rowOf('bob')], reset: true }]);
    second.close();
    await eventually(() => expect(presence.watched).toEqual([['bob']]));
    expect(service.payloadsOf('presence:unwatch')).toEqual([{ ids: ['eve'] }]);
    presence.set(rowOf('bob', 'busy'), rowOf('eve'));
    service.tick();
    await eventually(() => expect(third.get('bob')?.status).toBe('busy'));
    expect([second.get('bob')?.status, heard.length]).toEqual(['online', 2]);
  });

  it('becomes one of everybody and of some again, and is right throughout', async () => {
    const { service, client, presence, watch } = await watched('bob', 'gil');
    const everybody = client.watchPresence();
    await everybody.ready;
    expect(presence.watched).toEqual(['everybody']);
    expect(service.heard.map(({ event, payload }) => [event, payload])).toEqual([
      ['presence:watch', { ids: ['bob', 'gil'] }],
      ['presence:unwatch', { ids: ['bob', 'gil'] }],
      ['presence:watch', {}],
    ]);
    expect(idsOf(everybody)).toEqual(['bob', 'eve']);
    presence.set(rowOf('gil'));
    service.tick();
    await eventually(() =>
      expect([idsOf(watch), idsOf(everybody)]).toEqual([
        ['bob', 'gil'],
        ['bob', 'eve', 'gil'],
      ]),
    );
    everybody.close();
    presence.set(rowOf('bob', 'offline'));
    await eventually(() => expect(presence.watched).toEqual([['bob', 'gil']]));
    await eventually(() => expect(idsOf(watch)).toEqual(['gil']));
  });

  it('holds what comes before its answer of those whom it asks about, and takes it after', async () => {
    const { service, client, presence, watch } = await watched('bob');
    service.holdAnswers();
    const second = client.watchPresence(['eve']);
    await eventually(() => expect(service.waitingAnswers).toBe(1));
    presence.set(rowOf('bob', 'busy'), rowOf('eve', 'offline'));
    service.tick();
    await eventually(() => expect(watch.get('bob')?.status).toBe('busy'));
    service.letGo();
    await second.ready;
    expect(idsOf(second)).toEqual([]);
    expect(watch.get('bob')?.status).toBe('busy');
  });

  it('asks again about those whom it asked about while all was told anew', async () => {
    const { service, client, presence, watch } = await watched('bob');
    service.holdAnswers();
    const second = client.watchPresence(['eve']);
    await eventually(() => expect(service.waitingAnswers).toBe(1));
    presence.set(rowOf('bob', 'busy'), rowOf('eve', 'offline'));
    service.slow = true;
    service.tick();
    await eventually(() => expect(watch.get('bob')?.status).toBe('busy'));
    service.letGo();
    await second.ready;
    expect([idsOf(watch), idsOf(second)]).toEqual([['bob'], []]);
  });

  it('hears what was untold of the others when it asks about some', async () => {
    const { service, client, presence, watch } = await watched('bob');
    presence.set(rowOf('bob', 'offline'));
    await client.watchPresence(['eve']).ready;
    expect(idsOf(watch)).toEqual([]);
    await cut(service, client);
    await eventually(() => expect(watch.live).toBe(true));
    expect(idsOf(watch)).toEqual([]);
  });

  it('goes on from what overtook its first answer', async () => {
    const { service, client } = await playedService();
    service.holdAnswers();
    const watch = client.watchPresence(['bob']);
    await eventually(() => expect(service.waitingAnswers).toBe(1));
    service.presence.set(rowOf('bob'));
    service.tick();
    service.letGo();
    await eventually(() => expect(idsOf(watch)).toEqual(['bob']));
    await cut(service, client);
    // As he was when the question was answered.
    service.presence.set(rowOf('bob', 'offline'));
    await eventually(() => expect(watch.live).toBe(true));
    expect(idsOf(watch)).toEqual([]);
  });

  it.each([
    ['', false],
    [', also when an event came before it', true],
  ])('goes on from the answer about further users%s', async (_when, event) => {
    const { service, client, presence } = await watched('bob');
    presence.set(rowOf('fay'));
    if (event) service.holdAnswers();
    const second = client.watchPresence(['fay', 'eve']);
    if (event) {
      await eventually(() => expect(service.waitingAnswers).toBe(1));
      presence.set(rowOf('bob', 'busy'));
      service.tick();
      service.letGo();
    }
    await second.ready;
    expect(idsOf(second)).toEqual(['eve', 'fay']);
    await cut(service, client);
    // As she was when the first answer was made.
    presence.set(rowOf('fay', 'offline'));
    await eventually(() => expect(second.live).toBe(true));
    expect(idsOf(second)).toEqual(['eve']);
  });

  it('is right when it is asked for alone, since all at once were refused after a reconnect', async () => {
    const { service, client, presence, watch } = await watched('bob');
    const second = client.watchPresence(['eve']);
    await second.ready;
    service.judge = (_event, { ids = [] }) =>
      ids.length > 1 ? { code: 'BAD_REQUEST', message: 'One by one.' } : undefined;
    await cut(service, client);
    presence.set(rowOf('bob', 'offline'), rowOf('eve', 'offline'));
    await eventually(() => expect([watch.live, second.live]).toEqual([true, true]));
    expect([idsOf(watch), idsOf(second)]).toEqual([[], []]);
  });

  it('that is refused ends alone', async () => {
    const { service, client } = await playedService();
    service.presence.set(rowOf('bob'), rowOf('eve'));
    service.judge = (_event, { ids }) =>
      ids?.includes('mallory') === true ? { code: 'BAD_REQUEST', message: 'No.' } : undefined;
    const watches = [['bob'], ['eve', 'mallory'], ['eve', 'bob']].map((ids) => client.watchPresence(ids));
    const codes = await Promise.all(
      watches.map(({ ready }) =>
        ready.then(
          () => 'ready',
          (error: { code: unknown }) => error.code,
        ),
      ),
    );
    expect(codes).toEqual(['ready', 'BAD_REQUEST', 'ready']);
    expect(watches.map((watch) => idsOf(watch))).toEqual([['bob'], [], ['bob', 'eve']]);
    expect(service.presence.watched).toEqual([['bob', 'eve']]);
  });

  it('of everybody that is refused lets the others be', async () => {
    const { service, client, watch } = await watched('bob');
    service.judge = (event, { ids }) =>
      event === 'presence:watch' && ids === undefined ? { code: 'FORBIDDEN', message: 'No.' } : undefined;
    await expect(client.watchPresence().ready).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await eventually(() => expect(service.presence.watched).toEqual([['bob']]));
    await eventually(() => expect(watch.live).toBe(true));
  });

  it('begins with the session, and ends with the client', async () => {
    const service = await FakeService.start();
    const client = clientOf(service.url, { userId: 'ada' });
    service.presence.set(rowOf('bob'));
    const watch = client.watchPresence(['bob']);
    await watch.ready;
    client.close();
    expect([watch.live, idsOf(watch)]).toEqual([false, ['bob']]);
    await expect(client.watchPresence(['bob']).ready).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('that is closed before it is ready says so', async () => {
    const { client } = await playedService();
    const watch = client.watchPresence(['bob']);
    watch.close();
    await expect(watch.ready).rejects.toMatchObject({ code: 'CLOSED' });
  });

  it('that another one closes when it is told stays closed', async () => {
    const { service, client } = await playedService();
    service.presence.set(rowOf('bob'));
    const first = client.watchPresence(['bob']);
    const second = client.watchPresence(['bob']);
    const heard = told(second);
    first.on('change', () => second.close());
    await first.ready;
    expect([second.live, heard]).toEqual([false, []]);
  });

  it('is not taken for the one that was refused, and is closed by now', async () => {
    const { service, client } = await playedService();
    service.presence.set(rowOf('bob'));
    service.judge = (_event, { ids }) =>
      ids?.includes('mallory') === true ? { code: 'BAD_REQUEST', message: 'No.' } : undefined;
    service.holdAnswers();
    const [refused, watch] = [client.watchPresence(['mallory']), client.watchPresence(['bob'])];
    await eventually(() => expect(service.waitingAnswers).toBe(1));
    refused.close();
    service.letGo();
    await watch.ready;
    expect(idsOf(watch)).toEqual(['bob']);
  });

  it('of one who was watched before misses nothing when the line breaks before the answer', async () => {
    const { service, client, presence, watch } = await watched('bob');
    const second = client.watchPresence(['eve']);
    await second.ready;
    service.holdBeginnings();
    second.close();
    const third = client.watchPresence(['eve']);
    await eventually(() => expect(service.payloadsOf('presence:watch')).toHaveLength(3));
    presence.set(rowOf('eve', 'offline'), rowOf('bob', 'busy'));
    service.tick();
    await eventually(() => expect(watch.get('bob')?.status).toBe('busy'));
    await cut(service, client);
    service.letGo();
    await third.ready;
    expect([idsOf(watch), idsOf(third)]).toEqual([['bob'], []]);
  });

  it('of one who was watched before misses nothing that was told to the others meanwhile', async () => {
    const { service, client, presence, watch } = await watched('bob');
    const second = client.watchPresence(['eve']);
    await second.ready;
    service.holdAnswers();
    second.close();
    await eventually(() => expect(service.waitingAnswers).toBe(1));
    presence.set(rowOf('eve', 'offline'), rowOf('bob', 'busy'));
    service.tick();
    await eventually(() => expect(watch.get('bob')?.status).toBe('busy'));
    const third = client.watchPresence(['eve']);
    service.letGo();
    await third.ready;
    expect([idsOf(watch), idsOf(third)]).toEqual([['bob'], []]);
  });

  it('is not said to be kept up while the question about everybody waits', async () => {
    const { service, client, watch } = await watched('bob');
    service.holdBeginnings();
    client.watchPresence();
    await eventually(() => expect(service.payloadsOf('presence:watch')).toHaveLength(2));
    expect(watch.live).toBe(false);
    service.letGo();
    await eventually(() => expect(watch.live).toBe(true));
  });

  it('of nobody is ready, and asks nothing', async () => {
    const { service, client } = await playedService();
    await client.watchPresence([]).ready;
    expect(service.heard).toEqual([]);
  });
});
