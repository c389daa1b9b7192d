import { ObservedStore } from '../../../test/support/roster-observed.store';
import { Writer } from '../../../test/support/roster-store';
import { IMMEDIATE } from '../../../test/support/roster-view';
import { LocalRoster } from './local-roster';
import type { Written } from './pending-changes';
import type { ChosenStatus } from './presence-view';
import { StoreUnavailable } from './roster.store';

const HOST = 'a.example';

const NEXT_CENTURY_MS = Date.UTC(2100, 0, 1);

/** Lets everything run that waits for nothing but promises. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('The connections of a pod', () => {
  let store: ObservedStore;
  let local: LocalRoster;
  let deferred: (() => void)[];
  let choices: Map<string, ChosenStatus>;
  let reported: unknown[];
  let beforeOpen: () => Promise<void>;
  /** Lets a pod that waits for the store try again. */
  let retry: () => void;

  beforeEach(() => {
    store = new ObservedStore();
    deferred = [];
    choices = new Map();
    reported = [];
    beforeOpen = () => Promise.resolve();
    local = new LocalRoster({
      host: HOST,
      instance: 'pod-1',
      store,
      timing: { now: IMMEDIATE.now, wait: () => new Promise((resolve) => (retry = resolve)) },
      defer: (flush) => deferred.push(flush),
      beforeOpen: () => beforeOpen(),
      choiceOf: (userId) => choices.get(userId),
      report: (error) => reported.push(error),
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
  const fateOf = async (promise: Promise<unknown>): Promise<string> => {
    let fate = 'pending';
    promise.then(
      () => (fate = 'resolved'),
      () => (fate = 'rejected'),
    );
    await settle();
    return fate;
  };

  const join = (channel: string): Promise<Written> => local.join('c1', 'authenticated', channel);
  const leave = (channel: string): Promise<Written> => local.leave('c1', 'authenticated', channel);
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
    await connected();
    store.hold();
    const came = local.connect('c2', { id: 'ada', claims: null });
    const flushed = flush();
    const went = local.disconnect('c2');
    store.answer();
    await flushed;
    await flush();
    await Promise.all([came, went]);
    expect(store.batches.map(({ rows }) => rows.map(({ row }) => row === null))).toEqual([[false], [true]]);
    expect((await store.rows(HOST)).map(({ connectionId }) => connectionId)).toEqual(['c1']);
    expect(await store.user(HOST, 'ada')).toMatchObject({ connections: 1 });
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

  it('go in several batches when they are in many channels with long names', async () => {
    const done: Promise<unknown>[] = [];
    for (let n = 0; n < 10; n += 1) {
      done.push(local.connect(`c${n}`, null));
      for (let m = 0; m < 50; m += 1) done.push(local.join(`c${n}`, 'anonymous', `${m}`.padEnd(255, '-')));
    }
    await flush();
    await Promise.all(done);
    expect(store.batches.map(({ rows }) => rows.length)).toEqual([6, 4]);
  });

  it('go in several batches when there are more than 250, in their order', async () => {
    const ids = Array.from({ length: 1201 }, (_, n) => `c${n}`);
    const done = ids.map((id) => local.connect(id, null));
    await flush();
    await Promise.all(done);
    expect(store.batches.map(({ rows }) => rows.length)).toEqual([250, 250, 250, 250, 201]);
    expect(store.batches.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
    expect(store.batches.flatMap(({ rows }) => rows.map(({ connectionId }) => connectionId))).toEqual(ids);
  });

  describe('when the store is away', () => {
    const error = new StoreUnavailable('The store is away.');
    const flushOnce = async (): Promise<void> => {
      deferred.splice(0).forEach((run) => run());
      await settle();
    };
    const again = async (): Promise<void> => {
      retry();
      await settle();
    };

    it.each([true, false])(
      'acknowledge what is kept here, and send the same batch again (applied all the same: %p)',
      async (applied) => {
        await connected();
        store.failure = { error, applied };
        const joined = join('room');
        await flushOnce();
        expect(await joined).toBe('degraded');
        expect(await Promise.all([join('room'), join('hall'), local.setUser('ada', { status: 'busy' })])).toEqual([
          'degraded',
          'degraded',
          'degraded',
        ]);
        await again();
        expect(store.batches.map(({ sequence }) => sequence)).toEqual([2, 2, 3]);
        expect(store.batches[1]).toEqual(store.batches[0]);
        expect(await channels()).toEqual(['room', 'hall']);
        expect(await store.user(HOST, 'ada')).toMatchObject({ chosen: 'busy', connections: 1 });
        const later = leave('hall');
        await flush();
        expect(await later).toBe('stored');
      },
    );

    it.each([true, false])('leave no ghost when they go meanwhile (applied all the same: %p)', async (applied) => {
      await connected();
      store.failure = { error, applied };
      void local.connect('c2', { id: 'ada', claims: null });
      await flushOnce();
      expect(await local.disconnect('c2')).toBe('degraded');
      await again();
      expect((await store.rows(HOST)).map(({ connectionId }) => connectionId)).toEqual(['c1']);
      expect(await store.user(HOST, 'ada')).toMatchObject({ connections: 1 });
    });

    it.each([true, false])('take back a join that is left meanwhile (applied all the same: %p)', async (applied) => {
      await connected();
      store.failure = { error, applied };
      void join('room');
      await flushOnce();
      void leave('room');
      await again();
      expect(await channels()).toEqual([]);
    });

    it('say of another error that it happened, and try again as well', async () => {
      await connected();
      const other = new Error('A script is wrong.');
      store.failure = { error: other, applied: false };
      void join('room');
      await flushOnce();
      expect(reported).toEqual([other]);
      await again();
      expect(await channels()).toEqual(['room']);
    });
  });

  describe('whose pod was swept', () => {
    /** Takes the pod out of the roster, as others would. */
    const sweep = async (): Promise<void> => {
      store.times.leaseMs = -1;
      await store.beat(HOST, local.life);
      store.times.leaseMs = 6000;
      const [lease] = await store.leases(HOST);
      await store.sweep(HOST, 'pod-1', lease?.score ?? 0);
    };

    it('are registered anew by another life, with their places, and what was refused is stored', async () => {
      await connected();
      void join('room');
      await flush();
      const [before] = await store.rows(HOST);
      await sweep();
      const joined = join('hall');
      await flush();
      expect(await joined).toBe('stored');
      const [after] = await store.rows(HOST);
      expect(after).toMatchObject({ pod: 'pod-1.2', since: before?.since });
      expect(after?.channels).toMatchObject([before?.channels[0], { channel: 'hall' }]);
      expect(await store.user(HOST, 'ada')).toMatchObject({ connections: 1 });
    });

    it('are not written down anew where it turns out before that they have to go', async () => {
      await connected();
      void local.connect('c2', { id: 'bob', claims: { name: 'Bob' } });
      await flush();
      await sweep();
      beforeOpen = () => {
        void local.disconnect('c2');
        return Promise.resolve();
      };
      await local.beat();
      await flush();
      expect(await store.rows(HOST)).toMatchObject([{ connectionId: 'c1' }]);
      expect(store.batches.at(-1)?.rows).toMatchObject([{ connectionId: 'c1' }]);
    });

    it('learn so from a beat, though nothing is to be written', async () => {
      await connected();
      await sweep();
      await local.beat();
      await flush();
      expect(await store.rows(HOST)).toHaveLength(1);
      expect(store.lives.map(({ life }) => life.generation)).toEqual([1, 2]);
    });

    it('are written only where the store has something else', async () => {
      await connected();
      const other = local.connect('c2', null);
      await flush();
      await other;
      // The pod registers although nobody has swept it.
      await store.open(HOST, { instance: 'pod-1', generation: 2 }, undefined);
      store.batches.length = 0;
      void local.setActive('c2', false);
      await flush();
      expect(store.batches.map(({ generation, rows }) => [generation, rows.length])).toEqual([
        [1, 1],
        [2, 1],
      ]);
      expect(await store.rows(HOST)).toHaveLength(2);
    });

    it('keep what the store has given them, though the answer was lost', async () => {
      await connected();
      store.failure = { error: new StoreUnavailable(), applied: true };
      void join('room');
      deferred.splice(0).forEach((run) => run());
      await settle();
      const [stored] = await store.rows(HOST);
      await store.open(HOST, { instance: 'pod-1', generation: 2 }, undefined);
      retry();
      await settle();
      expect(await store.rows(HOST)).toEqual([stored]);
    });
  });

  describe('when the store has lost writes', () => {
    it('notice by a gap in their batches, tell it, and register anew', async () => {
      await connected();
      const { epoch } = await store.head(HOST);
      // The store goes back to where it had nothing of this life’s batches.
      await store.open(HOST, local.life, undefined);
      const joined = join('room');
      await flush();
      expect(await joined).toBe('stored');
      expect(await channels()).toEqual(['room']);
      expect((await store.head(HOST)).epoch).not.toBe(epoch);
      expect(store.lives.at(-1)).toMatchObject({ life: { generation: 2 }, known: { epoch } });
      expect(store.batches.map(({ sequence }) => sequence)).toEqual([2, 1]);
    });

    it('notice by a beat that their last batch is missing, and write what they own', async () => {
      await connected();
      const { epoch } = await store.head(HOST);
      await store.open(HOST, local.life, undefined);
      await local.beat();
      await flush();
      expect((await store.head(HOST)).epoch).not.toBe(epoch);
      expect(local.life.generation).toBe(2);
    });

    it('are not put off by a beat that a batch has overtaken', async () => {
      await connected();
      store.hold();
      void join('room');
      const flushed = flush();
      await local.beat();
      store.answer();
      await flushed;
      await flush();
      expect(local.life.generation).toBe(1);
    });

    it('bring back the choices that are remembered, and those that are still to be written over them', async () => {
      await connected();
      void local.connect('c2', { id: 'bob', claims: null });
      await flush();
      await store.renewEpoch(HOST, (await store.head(HOST)).epoch);
      await store.open(HOST, { instance: 'pod-1', generation: 2 }, undefined);
      choices.set('ada', { status: 'busy', statusText: 'lunch', untilMs: NEXT_CENTURY_MS, erasedAtMs: 0 });
      choices.set('bob', { status: 'away', statusText: 'later', untilMs: 0, erasedAtMs: 0 });
      void local.setUser('bob', { statusText: 'soon' });
      await flush();
      expect(await store.user(HOST, 'ada')).toMatchObject({ chosen: 'busy', text: 'lunch', untilMs: NEXT_CENTURY_MS });
      expect(await store.user(HOST, 'bob')).toMatchObject({ chosen: 'away', text: 'soon', untilMs: 0 });
    });

    it('do not bring back what was seen from before an erasure, for somebody who came after it', async () => {
      void local.connect('c1', { id: 'ada', claims: null, erasedAtMs: 7 });
      await flush();
      await store.renewEpoch(HOST, (await store.head(HOST)).epoch);
      await store.open(HOST, { instance: 'pod-1', generation: 2 }, undefined);
      await new Writer(store, HOST, 'pod-2').write({ users: [{ userId: 'ada', erasedAtMs: 7, erases: true }] });
      choices.set('ada', { status: 'busy', statusText: 'lunch', untilMs: 0, erasedAtMs: 0 });
      void join('room');
      await flush();
      expect(await store.user(HOST, 'ada')).toMatchObject({ chosen: 'online', text: '' });
    });

    it('do not bring back what somebody has chosen anew', async () => {
      await connected();
      await store.renewEpoch(HOST, (await store.head(HOST)).epoch);
      await store.open(HOST, { instance: 'pod-1', generation: 2 }, undefined);
      await new Writer(store, HOST, 'pod-2').write({ users: [{ userId: 'ada', status: 'away' }] });
      choices.set('ada', { status: 'busy', statusText: 'lunch', untilMs: 0, erasedAtMs: 0 });
      void join('room');
      await flush();
      expect(await store.user(HOST, 'ada')).toMatchObject({ chosen: 'away', text: '' });
    });
  });

  it('give the lease back when nobody is left, and take another when somebody comes meanwhile', async () => {
    await connected();
    void local.disconnect('c1');
    await flush();
    const closed = local.close();
    void local.connect('c2', null);
    await flush();
    await closed;
    await flush();
    expect((await store.rows(HOST)).map(({ pod }) => pod)).toEqual(['pod-1.2']);
    expect(local.isRegistered).toBe(true);
    void local.disconnect('c2');
    await flush();
    await local.close();
    expect(await store.leases(HOST)).toEqual([]);
    expect(local.isRegistered).toBe(false);
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

    it('are gone where the user is erased before they were written, and those that come later stay', async () => {
      void local.setUser('ada', { status: 'busy', statusText: 'lunch' });
      void local.setUser('ada', { erasedAtMs: 7 });
      void local.setUser('ada', { status: 'away', erasedAtMs: 6 });
      void local.setUser('bob', { erasedAtMs: 7 });
      void local.setUser('bob', { status: 'busy', erasedAtMs: 7 });
      await flush();
      expect(store.batches[0]?.users).toEqual([
        { userId: 'ada', erasedAtMs: 7 },
        { userId: 'bob', erasedAtMs: 7, status: 'busy' },
      ]);
    });

    it('that were with the store when an erasure came are not written again over it', async () => {
      await connected();
      await store.open(HOST, { instance: 'pod-1', generation: 2 }, undefined);
      store.hold();
      void local.setUser('ada', { status: 'busy' });
      const flushed = flush();
      void local.setUser('ada', { erasedAtMs: 7 });
      store.answer();
      await flushed;
      await settle();
      expect(store.batches.at(-1)?.users).toEqual([{ userId: 'ada', erasedAtMs: 7 }]);
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
