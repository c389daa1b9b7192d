import { ObservedStore } from '../../../test/support/roster-observed.store';
import { LocalRoster } from './local-roster';

const HOST = 'a.example';

/** Lets everything run that waits for nothing but promises. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('The connections of a pod', () => {
  let store: ObservedStore;
  let local: LocalRoster;
  let deferred: (() => void)[];

  beforeEach(() => {
    store = new ObservedStore();
    deferred = [];
    let sequence = 0;
    local = new LocalRoster({
      host: HOST,
      pod: 'pod-1',
      store,
      nextSequence: () => (sequence += 1),
      defer: (flush) => deferred.push(flush),
    });
  });

  /** Runs what was deferred, and what that defers in turn. */
  const flush = async (): Promise<void> => {
    for (let due = deferred.splice(0); due.length > 0; due = deferred.splice(0)) {
      for (const run of due) run();
      await settle();
    }
  };

  /** What became of a promise so far. */
  const fateOf = async (promise: Promise<void>): Promise<string> => {
    let fate = 'pending';
    promise.then(
      () => (fate = 'resolved'),
      () => (fate = 'rejected'),
    );
    await settle();
    return fate;
  };

  const join = (channel: string): Promise<void> => local.join('c1', 'authenticated', channel);
  const leave = (channel: string): Promise<void> => local.leave('c1', 'authenticated', channel);
  const channels = async (): Promise<string[]> =>
    (await store.rows(HOST)).flatMap((row) => row.channels.map((m) => m.channel));

  const connected = async (): Promise<void> => {
    const done = local.connect('c1', { id: 'ada', claims: { name: 'Ada' } });
    await flush();
    await done;
    store.batches.length = 0;
  };

  describe('gather their changes', () => {
    it('into one batch, and each is acknowledged when it is stored', async () => {
      const done = [local.connect('c1', { id: 'ada', claims: null }), join('room'), local.connect('c2', null)];
      expect(await Promise.all(done.map(fateOf))).toEqual(['pending', 'pending', 'pending']);
      expect(deferred).toHaveLength(1);
      await flush();
      await Promise.all(done);
      expect(store.batches.map(({ rows }) => rows.map(({ connectionId }) => connectionId))).toEqual([['c1', 'c2']]);
      expect(await channels()).toEqual(['room']);
    });

    it('and write nothing for a join and its leave, which both resolve', async () => {
      await connected();
      const done = [join('room'), leave('room')];
      await flush();
      await Promise.all(done);
      expect(store.batches).toEqual([]);
      expect(local.isIdle).toBe(false);
    });

    it('and write nothing for going idle and coming back', async () => {
      await connected();
      const done = [local.setActive('c1', false), local.setActive('c1', true)];
      await flush();
      await Promise.all(done);
      expect(store.batches).toEqual([]);
    });

    it('and write nothing for a connection that came and went', async () => {
      const done = [local.connect('c1', null), join('room'), local.disconnect('c1')];
      await flush();
      await Promise.all(done);
      expect(store.batches).toEqual([]);
      expect(local.isIdle).toBe(true);
    });

    it('and write the new connection when one came under the id of one that went', async () => {
      await connected();
      const done = [local.disconnect('c1'), local.connect('c1', { id: 'bob', claims: null })];
      await flush();
      await Promise.all(done);
      expect((await store.rows(HOST)).map(({ userId }) => userId)).toEqual(['bob']);
    });
  });

  it('tell who is a member before the store knows', () => {
    void local.connect('c1', null);
    void local.join('c1', 'anonymous', 'room');
    expect(local.has('c1')).toBe(true);
    expect(local.isMember('c1', 'anonymous', 'room')).toBe(true);
    expect(local.isMember('c1', 'authenticated', 'room')).toBe(false);
    expect(local.channelCount('c1')).toBe(1);
    void local.disconnect('c1');
    expect([local.has('c1'), local.isMember('c1', 'anonymous', 'room'), local.channelCount('c1')]).toEqual([
      false,
      false,
      0,
    ]);
  });

  it.each(['in one batch', 'in two batches'])(
    'get a new place in the order by leaving and joining again %s',
    async (how) => {
      await connected();
      void join('room');
      void join('hall');
      await flush();
      const [before] = await store.rows(HOST);
      void leave('room');
      if (how === 'in two batches') await flush();
      void join('room');
      await flush();
      const [after] = await store.rows(HOST);
      expect(after?.channels.map(({ channel }) => channel)).toEqual(['hall', 'room']);
      expect(after?.channels[0]).toEqual(before?.channels[1]);
      expect(after?.channels[1]?.since).toBeGreaterThan(before?.channels[0]?.since ?? Infinity);
      expect(after?.since).toEqual(before?.since);
    },
  );

  it('get a new place also by leaving and joining their only channel in one batch', async () => {
    await connected();
    void join('room');
    await flush();
    const [before] = await store.rows(HOST);
    void leave('room');
    void join('room');
    await flush();
    const [after] = await store.rows(HOST);
    expect(after?.channels[0]?.since).toBeGreaterThan(before?.channels[0]?.since ?? Infinity);
  });

  it('keep the place that the store gave them, whatever else is written', async () => {
    await connected();
    void join('room');
    await flush();
    const [before] = await store.rows(HOST);
    void local.setActive('c1', false);
    void join('hall');
    await flush();
    const [after] = await store.rows(HOST);
    expect(after?.since).toEqual(before?.since);
    expect(after?.channels[0]).toEqual(before?.channels[0]);
  });

  it('leave nothing behind when they go while their connect is in flight', async () => {
    store.hold();
    const came = local.connect('c1', { id: 'ada', claims: null });
    const flushed = flush();
    const went = local.disconnect('c1');
    store.answer();
    await flushed;
    await flush();
    await Promise.all([came, went]);
    expect(store.batches.map(({ rows }) => rows.map(({ row }) => row === null))).toEqual([[false], [true]]);
    expect(await store.rows(HOST)).toEqual([]);
    expect(local.isIdle).toBe(true);
  });

  it('acknowledge a join that changes nothing when the first one is stored, and not before', async () => {
    await connected();
    const first = join('room');
    const second = join('room');
    store.hold();
    const flushed = flush();
    const third = join('room');
    expect(await Promise.all([first, second, third].map(fateOf))).toEqual(['pending', 'pending', 'pending']);
    store.answer();
    await flushed;
    await Promise.all([first, second, third]);
    expect(store.batches).toHaveLength(1);
    await Promise.all([join('room'), leave('never-joined'), local.disconnect('never-there')]);
    expect(deferred).toEqual([]);
  });

  it('have one batch in flight at a time, and gather meanwhile', async () => {
    await connected();
    store.hold();
    void join('a');
    const flushed = flush();
    void join('b');
    void leave('a');
    void join('c');
    expect(deferred).toEqual([]);
    expect(store.batches).toHaveLength(1);
    store.answer();
    await flushed;
    expect(store.batches).toHaveLength(2);
    expect(await channels()).toEqual(['b', 'c']);
  });

  it('do not change a batch that was sent', async () => {
    await connected();
    store.hold();
    void join('a');
    void local.setUser('ada', { status: 'busy' });
    const flushed = flush();
    const sent = structuredClone(store.batches[0]);
    void join('b');
    void local.setActive('c1', false);
    void local.setUser('ada', { statusText: 'x' });
    expect(store.batches[0]).toEqual(sent);
    store.answer();
    await flushed;
    expect(store.batches[0]).toEqual(sent);
  });

  it('go in several batches when there are more than 500, in their order', async () => {
    const ids = Array.from({ length: 1201 }, (_, n) => `c${n}`);
    const done = ids.map((id) => local.connect(id, null));
    await flush();
    await Promise.all(done);
    expect(store.batches.map(({ rows }) => rows.length)).toEqual([500, 500, 201]);
    expect(store.batches.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(store.batches.flatMap(({ rows }) => rows.map(({ connectionId }) => connectionId))).toEqual(ids);
  });

  describe('when a batch fails', () => {
    const error = new Error('The store is away.');

    it.each([true, false])(
      'reject who waits and write it with the next batch (applied all the same: %p)',
      async (applied) => {
        await connected();
        store.failure = { error, applied };
        const joined = join('room');
        const rejected = expect(joined).rejects.toBe(error);
        deferred.splice(0).forEach((run) => run());
        await settle();
        await rejected;
        const again = join('room');
        expect(await fateOf(again)).toBe('pending');
        await flush();
        await again;
        expect(await channels()).toEqual(['room']);
        expect(store.batches.map(({ sequence }) => sequence)).toEqual([2, 3]);
      },
    );

    it.each([true, false])(
      'leave no ghost when the connection goes meanwhile (applied all the same: %p)',
      async (applied) => {
        store.failure = { error, applied };
        void local.connect('c1', { id: 'ada', claims: null });
        deferred.splice(0).forEach((run) => run());
        await settle();
        const went = local.disconnect('c1');
        await flush();
        await went;
        expect(await store.rows(HOST)).toEqual([]);
        expect(local.isIdle).toBe(true);
      },
    );

    it.each([true, false])('take back a join that is left meanwhile (applied all the same: %p)', async (applied) => {
      await connected();
      store.failure = { error, applied };
      void join('room');
      deferred.splice(0).forEach((run) => run());
      await settle();
      const left = leave('room');
      await flush();
      await left;
      expect(await channels()).toEqual([]);
    });

    it('reject a choice, which is the user’s to make again', async () => {
      await connected();
      store.failure = { error, applied: false };
      const chosen = local.setUser('ada', { status: 'busy' });
      const rejected = expect(chosen).rejects.toBe(error);
      await flush();
      await rejected;
      expect(store.batches).toHaveLength(1);
    });
  });

  describe('and a user’s choices', () => {
    const user = async (): Promise<unknown> => [...(await store.snapshot(HOST)).users][0];

    it('go in one write, the last one counting', async () => {
      const done = [
        local.setUser('ada', { status: 'away', statusText: 'lunch' }),
        local.setUser('ada', { status: 'busy' }),
      ];
      await flush();
      await Promise.all(done);
      expect(store.batches.map(({ users }) => users)).toEqual([
        [{ userId: 'ada', status: 'busy', statusText: 'lunch' }],
      ]);
    });

    it('keep what an undefined field leaves open', async () => {
      void local.setUser('ada', { status: 'busy' });
      void local.setUser('ada', { status: undefined, statusText: 'lunch' });
      await flush();
      expect(await user()).toMatchObject(['ada', { chosen: 'busy', text: 'lunch' }]);
    });

    it('are gone when they are forgotten before they were written', async () => {
      void local.setUser('ada', { status: 'busy', statusText: 'lunch' });
      void local.setUser('ada', { forget: true });
      void local.setUser('bob', { forget: true });
      void local.setUser('bob', { status: 'busy' });
      await flush();
      expect(store.batches[0]?.users).toEqual([
        { userId: 'ada', forget: true },
        { userId: 'bob', forget: true, status: 'busy' },
      ]);
    });

    it('are stored without any connection', async () => {
      const done = local.setUser('ada', { statusText: 'on leave' });
      expect(local.isIdle).toBe(false);
      await flush();
      await done;
      expect(await user()).toMatchObject(['ada', { connections: 0, text: 'on leave' }]);
      expect(local.isIdle).toBe(true);
    });
  });
});
