import type { ChannelKind } from '@rollcall/contract';
import * as fc from 'fast-check';
import { inChannels, rowOf, Writer } from '../../../test/support/roster-store';
import { Directory, Followed, parsed, START_MS } from '../../../test/support/roster-view';
import type { LogEntry, MembershipState } from './roster.store';
import { RosterView, type TabShape } from './roster-view';
import { SegmentedList } from './segmented-list';

const anonymously = (...channels: string[]): { channels: MembershipState[] } => ({
  channels: channels.map((channel) => ({ kind: 'anonymous', channel })),
});

const ROOMS = ['room', 'hall'];
const email = fc.constantFrom('a@example.com', 'b@example.com');
const user = fc.constantFrom('ada', 'bob');

/** Whatever is made of what users are shown as. */
const textsOf = (view: RosterView): unknown => [
  ...(['array', 'object'] as const).flatMap((tabs) => [
    parsed(view.channelMap(tabs).bytes),
    ...[...ROOMS, 'authenticated', 'tab|t1'].map((name) => view.channel(name, tabs).toString()),
  ]),
  view.usersJson().toString(),
  view.userConnectionsJson().toString(),
];

const ADA = { id: 'ada', email: 'ada@example.com' };
const BOB = { id: 'bob', email: null };

describe('A view of a host', () => {
  let followed: Followed;
  let view: RosterView;

  beforeEach(async () => {
    followed = await Followed.open();
    view = followed.view;
    followed.directory.details.set('ada', { email: 'ada@example.com' });
  });

  afterEach(() => jest.restoreAllMocks());

  const map = (tabs: TabShape = 'array'): unknown => parsed(view.channelMap(tabs).bytes);
  const channel = (name: string, tabs: TabShape = 'array'): unknown => parsed(view.channel(name, tabs));

  describe('answers for all channels', () => {
    it('an empty object when nobody is connected', () => {
      expect(map()).toEqual({});
      expect(view.isVacant).toBe(true);
    });

    it.each<readonly [TabShape, unknown]>([
      ['array', [ADA]],
      ['object', ADA],
    ])('the users of each channel, the counts of anonymous ones, and tabs as %s', async (tabs, tab) => {
      await followed.pod.row('t1', rowOf('ada', inChannels('room')));
      await followed.pod.row('t2', rowOf(null, anonymously('hall')));
      await followed.pod.row('t3', rowOf('ada', anonymously('hall')));
      expect(map(tabs)).toEqual({
        authenticated: [ADA],
        anonymous: 1,
        room: [ADA],
        hall: 2,
        'tab|t1': tab,
        'tab|t2': 1,
        'tab|t3': tab,
      });
    });

    it('the built-in channels only while they have members', async () => {
      await followed.pod.row('t1', rowOf(null));
      expect(map()).toEqual({ anonymous: 1, 'tab|t1': 1 });
      await followed.pod.gone('t1');
      await followed.pod.row('t2', rowOf('bob'));
      expect(map()).toEqual({ authenticated: [BOB], 'tab|t2': [BOB] });
      await followed.pod.gone('t2');
      expect(map()).toEqual({});
    });

    it('the anonymous half of a name under another key while users are there as well', async () => {
      await followed.pod.row('t1', rowOf('bob', inChannels('room')));
      await followed.pod.row('t2', rowOf(null, anonymously('room')));
      expect(map()).toMatchObject({ room: [BOB], 'room|anonymous': 1 });
      await followed.pod.gone('t1');
      expect(map()).toEqual({ anonymous: 1, 'tab|t2': 1, room: 1 });
    });

    it('the same bytes again until something changes', async () => {
      await followed.pod.row('t1', rowOf('ada'));
      const first = view.channelMap('array').bytes;
      expect(view.channelMap('array').bytes).toBe(first);
      expect(view.channelMap('object').bytes).not.toBe(first);
      await followed.pod.row('t2', rowOf(null));
      expect(map()).toMatchObject({ anonymous: 1 });
    });
  });

  describe('answers for one channel', () => {
    beforeEach(async () => {
      await followed.pod.row('t1', rowOf('ada', inChannels('room', 'users-only')));
      await followed.pod.row('t2', rowOf(null, anonymously('room', 'hall')));
    });

    it.each<readonly [name: string, answer: unknown]>([
      ['users-only', { 'users-only': [ADA] }],
      ['hall', { hall: 1 }],
      ['room', { room: [ADA], 'room|anonymous': 1 }],
      ['room|anonymous', { 'room|anonymous': 1 }],
      ['hall|anonymous', {}],
      ['users-only|anonymous', {}],
      ['authenticated', { authenticated: [ADA] }],
      ['anonymous', { anonymous: 1 }],
      ['tab|t1', { 'tab|t1': [ADA] }],
      ['tab|t2', { 'tab|t2': 1 }],
      ['tab|t3', {}],
      ['user|ada', {}],
      ['nobody-here', {}],
      ['constructor', {}],
    ])('named %s', (name, answer) => {
      expect(channel(name)).toEqual(answer);
    });

    it('a tab as the bare user where the dialect wants it', () => {
      expect(channel('tab|t1', 'object')).toEqual({ 'tab|t1': ADA });
      expect(channel('tab|t2', 'object')).toEqual({ 'tab|t2': 1 });
    });

    it('nothing for built-ins without members', async () => {
      await followed.pod.gone('t1', 't2');
      expect([channel('authenticated'), channel('anonymous'), channel('room')]).toEqual([{}, {}, {}]);
    });

    it('names of channels and counts, without built-ins and tabs', () => {
      expect(view.channelNames()).toEqual({ authenticated: ['room', 'users-only'], anonymous: ['room', 'hall'] });
      const counts = (kind: ChannelKind): number[] => ['room', 'hall'].map((name) => view.count(kind, name));
      expect([counts('authenticated'), counts('anonymous')]).toEqual([
        [1, 0],
        [1, 1],
      ]);
    });
  });

  it('answers for a large channel with the same bytes as long as nothing has changed', async () => {
    const row = (n: number) => ({ connectionId: `t${n}`, row: rowOf(`user-${n}`, inChannels('room')) });
    await followed.pod.write({ rows: Array.from({ length: 2500 }, (_, n) => row(n)) });
    const room = (): Buffer => view.channel('room', 'array');
    const changes: (() => unknown)[] = [
      () => followed.pod.row('t', rowOf('zoe', inChannels('room'))),
      () => followed.pod.gone('t7'),
      () => {
        followed.directory.details.set('user-9', { email: 'nine@example.com' });
        view.profileChanged('user-9');
      },
    ];
    for (const change of changes) {
      const before = room();
      expect(room()).toBe(before);
      expect(view.channel('room', 'object')).not.toBe(before);
      await change();
      expect(room().toString()).not.toBe(before.toString());
      expect(parsed(room())).toEqual({ room: (map() as { room: unknown }).room });
    }
  });

  it('counts a user of two tabs once, and both connections', async () => {
    await followed.pod.row('t1', rowOf('ada', inChannels('room')));
    await followed.pod.row('t2', rowOf('ada', inChannels('room')));
    await followed.pod.row('t3', rowOf(null, anonymously('room')));
    expect(map()).toMatchObject({ authenticated: [ADA], room: [ADA] });
    expect([view.count('authenticated', 'room'), view.connectionCount('authenticated', 'room')]).toEqual([1, 2]);
    expect(view.totals).toEqual({ users: 1, userConnections: 2, anonymousConnections: 1 });
    expect(parsed(view.usersJson())).toEqual([ADA]);
    expect(parsed(view.userConnectionsJson())).toEqual([ADA, ADA]);
    await followed.pod.gone('t1');
    expect(map()).toMatchObject({ authenticated: [ADA], room: [ADA] });
    expect(view.totals).toEqual({ users: 1, userConnections: 1, anonymousConnections: 1 });
  });

  it('counts a member of whom the store has yet to be told, and nobody twice', async () => {
    await followed.pod.row('t1', rowOf('ada', inChannels('room')));
    await followed.pod.row('t2', rowOf(null, anonymously('hall')));
    const countWith = (kind: ChannelKind, name: string, connectionId: string, userId: string | null): number =>
      view.countWith(kind, name, { connectionId, userId });
    expect([countWith('authenticated', 'room', 't3', 'bob'), countWith('authenticated', 'room', 't3', 'ada')]).toEqual([
      2, 1,
    ]);
    expect([countWith('anonymous', 'hall', 't3', null), countWith('anonymous', 'hall', 't2', null)]).toEqual([2, 1]);
    expect(countWith('anonymous', 'new', 't1', 'ada')).toBe(1);
  });

  it('lists users in the order of their first membership that still lasts', async () => {
    const { pod } = followed;
    await pod.row('a1', rowOf('ada', inChannels('room')));
    await pod.row('b1', rowOf('bob', inChannels('room')));
    await pod.row('a2', rowOf('ada', inChannels('room')));
    expect(channel('room')).toEqual({ room: [ADA, BOB] });
    await pod.gone('a1');
    expect(channel('room')).toEqual({ room: [BOB, ADA] });
    expect(parsed(view.usersJson())).toEqual([BOB, ADA]);
    expect(channel('room')).toEqual(parsed((await followed.fresh()).channel('room', 'array')));
  });

  it('lists a user last who left and joined again, even in one step', async () => {
    const since = { revision: 1, atMs: 0 };
    await followed.pod.row('a1', rowOf('ada', { since, ...inChannels('room') }));
    await followed.pod.row('b1', rowOf('bob', inChannels('room')));
    await followed.pod.row('a1', rowOf('ada', { since, ...inChannels('room') }));
    expect(channel('room')).toEqual({ room: [BOB, ADA] });
    expect(parsed(view.usersJson())).toEqual([ADA, BOB]);
  });

  it('lists a connection that registers again in its old place', async () => {
    await followed.pod.row('b1', rowOf('bob', { since: { revision: 8, atMs: 0 } }));
    await followed.pod.row('a1', rowOf('ada', { since: { revision: 5, atMs: 0 } }));
    expect(parsed(view.usersJson())).toEqual([ADA, BOB]);
    expect(parsed(view.userConnectionsJson())).toEqual([ADA, BOB]);
  });

  it('finds a connection, and the connections of a user in the order of connecting', async () => {
    for (const id of ['t2', 't1', 't3']) await followed.pod.row(id, rowOf(id === 't1' ? 'bob' : 'ada'));
    expect(view.connectionsOf('ada').map(({ connectionId }) => connectionId)).toEqual(['t2', 't3']);
    expect(view.connection('t1')).toMatchObject({ userId: 'bob', pod: 'pod-1.1' });
    expect([view.connection('toString'), view.connectionsOf('nobody')]).toEqual([undefined, []]);
  });

  describe('shows a profile', () => {
    beforeEach(() =>
      followed.pod.row('t1', rowOf('bob', { claims: { email: 'old@example.com' }, ...inChannels('room') })),
    );

    const everywhere = (email: string | null): void => {
      const bob = { id: 'bob', email };
      expect(map()).toEqual({ authenticated: [bob], room: [bob], 'tab|t1': [bob] });
      expect([channel('room'), channel('tab|t1', 'object')]).toEqual([{ room: [bob] }, { 'tab|t1': bob }]);
      expect([parsed(view.usersJson()), parsed(view.userConnectionsJson())]).toEqual([[bob], [bob]]);
    };

    it('as the claims have it, until the directory says otherwise', () => {
      everywhere('old@example.com');
      followed.directory.details.set('bob', { email: 'new@example.com' });
      view.profileChanged('bob');
      everywhere('new@example.com');
    });

    it('with the claims of the latest connection', async () => {
      everywhere('old@example.com');
      await followed.pod.row('t2', rowOf('bob', { claims: { email: 'new@example.com' } }));
      await followed.pod.gone('t2');
      everywhere('new@example.com');
    });

    it('without claims that were forgotten', async () => {
      everywhere('old@example.com');
      await followed.pod.write({ users: [{ userId: 'bob', erasedAtMs: START_MS }] });
      everywhere(null);
    });

    it('of a user with many tabs in many channels at the cost of one look', async () => {
      const rooms = Array.from({ length: 20 }, (_, n) => `room-${n}`);
      for (let n = 0; n < 20; n += 1) await followed.pod.row(`many-${n}`, rowOf('bob', inChannels(...rooms)));
      const { bytes } = view.channelMap('array');
      const looks = jest.spyOn(followed.directory, 'profileOf');
      const touches = jest.spyOn(SegmentedList.prototype, 'changed');
      const since = (): number[] => [looks, touches].map((spy) => spy.mock.calls.splice(0).length);
      // Among those whose presence has changed, the user stands in one place.
      const one = [1, 1];

      // Lists are the same with another name, and with claims that the directory goes before.
      followed.directory.details.set('bob', { name: 'Bob', email: 'old@example.com' });
      view.profileChanged('bob');
      expect([since(), view.channelMap('array').bytes === bytes]).toEqual([one, true]);
      const claims = { name: 'B', email: 'b@example.com' };
      await followed.pod.row('t2', rowOf('bob', { claims }));
      const [lookedAt, touched] = since();
      await followed.pod.row('t3', rowOf('bob', { claims }));
      expect([lookedAt, since()]).toEqual([1, [0, touched]]);
      await followed.pod.gone('t2', 't3');
      since();
      expect(view.channelMap('array').bytes.equals(bytes)).toBe(true);
      expect(since()).toEqual([0, 0]);

      followed.directory.details.set('bob', { email: 'new@example.com' });
      view.profileChanged('bob');
      expect(since()).toEqual(one);
      expect(map()).toMatchObject({ 'room-19': [{ id: 'bob', email: 'new@example.com' }] });
    });

    it('that changed while the user was away', async () => {
      everywhere('old@example.com');
      await followed.pod.gone('t1');
      followed.directory.details.set('bob', { email: 'new@example.com' });
      view.profileChanged('bob');
      await followed.pod.row('t1', rowOf('bob', inChannels('room')));
      everywhere('new@example.com');
    });
  });

  it('shows in every answer what a view shows that was loaded just now, whoever comes with which claims', async () => {
    const claims = fc.option(fc.record({ email, name: fc.constantFrom('A', 'B') }, { requiredKeys: [] }));
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ tab: fc.nat(5), user, claims, rooms: fc.subarray(ROOMS) }) },
      { weight: 2, arbitrary: fc.record({ gone: fc.nat(5) }) },
      { weight: 2, arbitrary: fc.record({ edited: user, email: fc.option(email, { nil: undefined }) }) },
      { weight: 1, arbitrary: fc.record({ forgotten: user }) },
      { weight: 1, arbitrary: fc.constant('all' as const) },
    );
    const steps = fc.array(fc.record({ step, asked: fc.subarray([...ROOMS, 'authenticated', 'tab|t1']) }), {
      maxLength: 30,
      size: 'max',
    });
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const host = await Followed.open();
        const { view: shown, pod, directory } = host;
        let erasedAtMs = START_MS;
        for (const { step: next, asked } of sequence) {
          if (next === 'all') {
            directory.details.set('ada', { email: 'all@example.com' });
            shown.allProfilesChanged();
          } else if ('tab' in next) {
            const state = { claims: next.claims, erasedAtMs, ...inChannels(...next.rooms) };
            await pod.row(`t${next.tab}`, rowOf(next.user, state));
          } else if ('gone' in next) await pod.gone(`t${next.gone}`);
          else if ('forgotten' in next) {
            erasedAtMs += 1;
            await pod.write({ users: [{ userId: next.forgotten, erasedAtMs }] });
          } else {
            directory.details.set(next.edited, next.email === undefined ? {} : { email: next.email });
            shown.profileChanged(next.edited);
          }
          // Each list keeps what it was when it was last read, which is not with every step.
          for (const name of asked) shown.channel(name, 'array');
        }
        expect(textsOf(shown)).toEqual(textsOf(await host.fresh()));
      }),
      { numRuns: 300 },
    );
  });

  it.each(['__proto__', 'constructor', 'toString', '"quoted"\\', '0'])('takes %p for any name', async (hard) => {
    await followed.pod.row(hard, rowOf(hard, inChannels(hard)));
    await followed.pod.row('t2', rowOf(null, anonymously(hard)));
    const user = { id: hard, email: null };
    const entries = (json: Buffer): unknown => Object.entries(parsed(json) as object);
    expect(entries(view.channel(hard, 'array'))).toEqual([
      [hard, [user]],
      [`${hard}|anonymous`, 1],
    ]);
    expect(entries(view.channel(`tab|${hard}`, 'object'))).toEqual([[`tab|${hard}`, user]]);
    expect(entries(view.channelMap('array').bytes)).toEqual(
      expect.arrayContaining([
        [hard, [user]],
        [`${hard}|anonymous`, 1],
      ]),
    );
  });
});

describe('A view that follows the log', () => {
  let followed: Followed;
  let behind: RosterView;
  let entries: LogEntry[];

  beforeEach(async () => {
    followed = await Followed.open();
    behind = await followed.fresh();
    for (const id of ['t1', 't2', 't3']) await followed.pod.row(id, rowOf('ada'));
    entries = followed.entries;
  });

  const entry = (index: number): LogEntry => {
    const found = entries[index];
    if (found === undefined) throw new Error(`There is no entry ${index}.`);
    return found;
  };

  it('takes entries that follow on each other, up to the store’s own place', async () => {
    expect(entries.map((each) => behind.apply(each))).toEqual([true, true, true]);
    expect(behind.head).toEqual(await followed.store.head('a.example'));
    expect(behind.cursor).toBe(followed.view.cursor);
  });

  it('refuses an entry after a gap and stays where it is', () => {
    expect(behind.apply(entry(0))).toBe(true);
    const { cursor } = behind;
    expect(behind.apply(entry(2))).toBe(false);
    expect(behind.cursor).toBe(cursor);
    expect(behind.totals.userConnections).toBe(1);
    expect([behind.apply(entry(1)), behind.apply(entry(2))]).toEqual([true, true]);
  });

  it('ignores an entry that it has already', () => {
    for (const each of entries) behind.apply(each);
    const { cursor } = behind;
    expect(entries.map((each) => behind.apply(each))).toEqual([true, true, true]);
    expect(behind.cursor).toBe(cursor);
    expect(behind.totals.userConnections).toBe(3);
  });

  it.each<readonly [name: string, changed: Partial<LogEntry>]>([
    ['of another epoch', { epoch: 'another' }],
    ['that follows on another history of the same length', { previousTag: 'another' }],
    ['that overlaps with what is here', { fromRevision: -1 }],
  ])('refuses an entry %s', (_name, changed) => {
    expect(behind.apply({ ...entry(0), ...changed })).toBe(false);
    expect(behind.totals.userConnections).toBe(0);
  });

  it('refuses another entry for the revision where it is', () => {
    behind.apply(entry(0));
    expect(behind.apply({ ...entry(0), tag: 'another' })).toBe(false);
  });

  it('lets others run while it loads, and is all there in the end', async () => {
    await followed.pod.row('t4', rowOf(null, anonymously('room')));
    const breaths: number[] = [];
    const view = new RosterView(followed.directory);
    await view.load(await followed.store.snapshot('a.example'), 1, () => Promise.resolve(void breaths.push(1)));
    expect(breaths.length).toBeGreaterThanOrEqual(4);
    expect(parsed(view.channelMap('array').bytes)).toEqual(parsed(followed.view.channelMap('array').bytes));
  });

  it('learns from the store that its epoch began with a loss, and of no other epoch', () => {
    const { head } = followed.view;
    followed.view.confirm({ ...head, epochAtMs: 77 });
    followed.view.confirm({ ...head, epoch: 'another', epochAtMs: 99 });
    expect(followed.view.head).toEqual({ ...head, epochAtMs: 77 });
  });

  it('knows the pods that have connections by their instances', async () => {
    await followed.pod.open();
    await followed.pod.row('t4', rowOf(null));
    await new Writer(followed.store, 'a.example', 'pod.2').row('t5', rowOf(null));
    expect([...followed.view.instances()].sort()).toEqual(['pod-1', 'pod.2']);
  });

  it('cannot be read before it is loaded', () => {
    expect(() => new RosterView(new Directory()).head).toThrow('not loaded');
  });
});
