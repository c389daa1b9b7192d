import {
  MemoryRosterStore,
  type Moment,
  RosterView,
  type TickListener,
  type Ticks,
  type Views,
} from '@rollcall/roster';
import { HOST, inChannels, listening, rowOf, Writer } from '../../test/support/roster-store';
import { Directory, GRACE_MS, loadView, START_MS } from '../../test/support/roster-view';
import type { Scope } from '../auth/apps.service';
import { LargeAnswers } from '../http/large-answers.service';
import { TurnQueue } from '../http/turn-queue.service';
import { Changes } from './changes.service';

/** A caller who waits at a pod that has these moments, and what the pod does at a tick. */
function waiting(
  momentOf: () => Moment,
  asked: { readonly cursor: string; readonly presence: boolean; readonly host: string },
) {
  const views = { read: () => Promise.resolve({ staleMs: 0 }), moment: momentOf } as unknown as Views;
  let listener: TickListener | undefined;
  const ticks = {
    follow: (_host: string, told: TickListener) => {
      listener = told;
      return () => undefined;
    },
  } as unknown as Ticks;
  const { host, ...query } = asked;
  const gone = new AbortController();
  const scope = { app: { id: 'shop' }, host } as unknown as Scope;
  const answer = new Changes(views, ticks, new LargeAnswers(new TurnQueue())).answer(
    scope,
    { channel: undefined, waitMs: 25_000, ...query },
    gone.signal,
  );
  return { answer, tick: (moment: Moment) => listener?.(moment), leave: () => gone.abort() };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('A caller who waits for changes', () => {
  it('is refused at once when the picture is replaced by one that is too much to tell', async () => {
    const store = new MemoryRosterStore({ now: () => START_MS, graceMs: GRACE_MS, leaseMs: 6000 });
    const open = async (): Promise<Moment> => {
      const view = new RosterView(new Directory(), { graceMs: GRACE_MS, stepsMin: 100, stepsMax: 100 });
      return { view: await loadView(view, store), atMs: START_MS + 60_000 };
    };
    let moment = await open();
    const cursor = moment.view.cursorAt(moment.atMs);
    const { answer, tick } = waiting(() => moment, { cursor, presence: true, host: 'a.example' });
    const refused = expect(answer).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
    await settled();

    expect(tick(moment)).toBe('done');
    moment = await open();
    const counted = jest.spyOn(moment.view.changes, 'size').mockReturnValue(1e6);
    // What a listener throws is taken for a failure that may pass, and it would be told again and again.
    expect(tick(moment)).toBe('done');
    await refused;
    expect(counted).toHaveBeenCalledTimes(1);
  });

  it('is looked for what has happened since the last look alone', async () => {
    const store = new MemoryRosterStore({ now: () => START_MS, graceMs: GRACE_MS, leaseMs: 6000 });
    const pod = new Writer(store, HOST, 'pod-1');
    const view = new RosterView(new Directory(), { graceMs: 0, stepsMin: 100, stepsMax: 100 });
    await store.follow(
      HOST,
      listening((entry) => void view.apply(entry)),
    );
    await loadView(view, store);
    const moment = { view, atMs: START_MS };
    const cursor = view.cursorAt(START_MS);
    const { answer, tick, leave } = waiting(() => moment, { cursor, presence: false, host: HOST });
    await settled();
    const touched = jest.spyOn(view.changes, 'touched');
    for (const id of ['t1', 't2', 't3']) {
      const { revision } = view.head;
      await pod.row(id, rowOf('ada'));
      tick(moment);
      expect(touched.mock.lastCall?.[1].revision).toBe(revision);
    }
    leave();
    await answer;
  });
});

describe('Callers who are to be told everything', () => {
  const WORK_MS = 20;
  let moment: Moment;
  let turns: TurnQueue;
  let changes: Changes;
  let isQuiet: boolean;

  const work = (): void => {
    const untilMs = performance.now() + WORK_MS;
    while (performance.now() < untilMs);
  };

  beforeEach(async () => {
    isQuiet = false;
    const store = new MemoryRosterStore({ now: () => START_MS, graceMs: GRACE_MS, leaseMs: 6000 });
    const view = new RosterView(new Directory(), { graceMs: GRACE_MS, stepsMin: 100, stepsMax: 100 });
    moment = { view: await loadView(view, store), atMs: START_MS };
    for (const size of ['size', 'sizeOf'] as const) {
      jest.spyOn(view.changes, size).mockImplementation(() => {
        if (!isQuiet) work();
        return 0;
      });
    }
    const views = { read: () => Promise.resolve({ staleMs: 0 }), moment: () => moment } as unknown as Views;
    turns = new TurnQueue();
    changes = new Changes(views, {} as unknown as Ticks, new LargeAnswers(turns));
  });

  const ask = (appId = 'shop', gone = new AbortController().signal, cursor?: string, channel?: string) => {
    const scope = { app: { id: appId }, host: HOST } as unknown as Scope;
    return changes.answer(scope, { cursor, channel, presence: true, waitMs: 0 }, gone);
  };

  it.each([
    ['without a cursor', undefined],
    ['with one of which nothing is known', 'another.1.tag.1'],
  ])('leave the pod as much time as they take (%s)', async (_, cursor) => {
    const startedMs = performance.now();
    await Promise.all(Array.from({ length: 5 }, (_, n) => ask('shop', undefined, cursor, `room-${n}`)));
    // The last one is over before its own pause.
    expect(performance.now() - startedMs).toBeGreaterThan(5 * WORK_MS + 4 * (WORK_MS - 1));
  });

  it('keep nobody waiting who is told of changes alone, and no other app for long', async () => {
    const answered: string[] = [];
    const note = (what: string) => () => void answered.push(what);
    const cursor = moment.view.cursorAt(moment.atMs);
    await Promise.all([
      ...[1, 2, 3, 4].map((n) => ask('shop', undefined, undefined, `room-${n}`).then(note(`shop ${n}`))),
      ask('office').then(note('office')),
      ask('shop', undefined, cursor).then(note('changes')),
    ]);
    expect(answered.slice(0, 2).sort()).toEqual(['changes', 'shop 1']);
    expect(answered.indexOf('office')).toBeLessThan(answered.indexOf('shop 3'));
  });

  it('wait as one with those who ask over sockets', async () => {
    const startedMs = performance.now();
    const socket = turns.turn('a.example\nada', new AbortController().signal).then(work);
    await Promise.all([socket, ask()]);
    expect(performance.now() - startedMs).toBeGreaterThan(3 * WORK_MS - 1);
  });

  it('are told what is so when it is their turn', async () => {
    const first = ask();
    const second = ask();
    await first;
    moment = { ...moment, atMs: START_MS + 5000 };
    moment.view.profileChanged('ada');
    expect((await second).body.cursor).toBe(moment.view.cursorAt(START_MS + 5000));
  });

  it('give up their place when they go, and are refused where too many of an app wait', async () => {
    isQuiet = true;
    const gone = new AbortController();
    const first = ask();
    const leaving = ask('shop', gone.signal);
    const many = Array.from({ length: 1000 }, () => ask());
    const refused = expect(many.at(-1)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    const unheard = expect(leaving).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const others = expect(ask('office')).resolves.toBeDefined();
    await settled();
    gone.abort();
    await Promise.all([first, refused, unheard, others, ...many.slice(0, -1)]);
    // Nothing has happened meanwhile: it is made once for all of them.
    expect(moment.view.changes.size).toHaveBeenCalledTimes(1);
    await ask();
    expect(moment.view.changes.size).toHaveBeenCalledTimes(2);
  });

  it('are each told what they asked for, and nothing that is another thing by now', async () => {
    const made = moment.view.changes.size;
    jest
      .spyOn(moment.view.changes, 'nextAfter')
      .mockImplementation((atMs) => (atMs < START_MS + 10 ? START_MS + 10 : Infinity));
    const all = [ask(), ask(), ask(), ask(), ask('shop', undefined, undefined, 'room')];
    await all[0];
    await all[1];
    expect(made).toHaveBeenCalledTimes(1);
    moment = { ...moment, atMs: START_MS + 10 };
    await all[2];
    expect(made).toHaveBeenCalledTimes(2);
    moment.view.allProfilesChanged();
    await all[3];
    expect(made).toHaveBeenCalledTimes(3);
    await all[4];
    expect(moment.view.changes.sizeOf).toHaveBeenCalledTimes(1);
  });
});

describe('Callers with a cursor', () => {
  let moment: Moment;
  let pod: Writer;
  let turns: TurnQueue;
  let changes: Changes;
  let listeners: Set<TickListener>;

  beforeEach(async () => {
    const store = new MemoryRosterStore({ now: () => START_MS, graceMs: GRACE_MS, leaseMs: 6000 });
    pod = new Writer(store, HOST, 'pod-1');
    const view = new RosterView(new Directory(), { graceMs: GRACE_MS, stepsMin: 10_000, stepsMax: 10_000 });
    await store.follow(
      HOST,
      listening((entry) => void view.apply(entry)),
    );
    moment = { view: await loadView(view, store), atMs: START_MS };
    listeners = new Set();
    const follow = (_: string, told: TickListener) => {
      listeners.add(told);
      return () => void listeners.delete(told);
    };
    const views = { read: () => Promise.resolve({ staleMs: 0 }), moment: () => moment } as unknown as Views;
    turns = new TurnQueue();
    changes = new Changes(views, { follow } as unknown as Ticks, new LargeAnswers(turns));
  });

  const ask = (cursor: string, waitMs = 25_000, channel?: string) => {
    const scope = { app: { id: 'shop' }, host: HOST } as unknown as Scope;
    return changes.answer(scope, { cursor, channel, presence: false, waitMs }, new AbortController().signal);
  };
  const tick = (): void => {
    for (const listener of [...listeners]) listener(moment);
  };
  const rooms = (count: number): string[] => Array.from({ length: count }, (_, n) => `room-${n}`);

  it('wait for their turn where few revisions are many steps, and not for what they have not asked about', async () => {
    const turn = jest.spyOn(turns, 'turn');
    const cursor = moment.view.cursorAt(START_MS);
    await pod.row('t1', rowOf('ada', inChannels(...rooms(100))));
    expect((await ask(cursor, 0)).body.channels.length).toBeGreaterThanOrEqual(100);
    expect(turn).not.toHaveBeenCalled();
    await pod.row('t2', rowOf('bob', inChannels(...rooms(100))));
    await pod.row('t3', rowOf('cyd', inChannels(...rooms(100))));
    expect((await ask(cursor, 0, 'room-1')).body.channels).toHaveLength(1);
    expect(turn).not.toHaveBeenCalled();
    expect((await ask(cursor, 0)).body.channels.length).toBeGreaterThanOrEqual(100);
    expect(turn).toHaveBeenCalledTimes(1);
  });

  it('wait for their turn as well when much has happened while they waited', async () => {
    const turn = jest.spyOn(turns, 'turn');
    const touched = jest.spyOn(moment.view.changes, 'touched');
    const answer = ask(moment.view.cursorAt(START_MS));
    await settled();
    touched.mockClear();
    for (const id of ['t1', 't2', 't3']) await pod.row(id, rowOf(id, inChannels(...rooms(100))));
    tick();
    expect(touched).not.toHaveBeenCalled();
    expect((await answer).body.channels.length).toBeGreaterThanOrEqual(100);
    expect(turn).toHaveBeenCalledTimes(1);
  });

  it('go on waiting when much has happened that makes no difference', async () => {
    await pod.row('t1', rowOf('ada', inChannels(...rooms(100))));
    const answered = jest.fn();
    const answer = ask(moment.view.cursorAt(START_MS)).then(answered);
    await settled();
    for (let n = 0; n < 2; n += 1) {
      await pod.row('t1', rowOf('ada'));
      await pod.row('t1', rowOf('ada', inChannels(...rooms(100))));
    }
    tick();
    await settled();
    await settled();
    expect(answered).not.toHaveBeenCalled();
    await pod.row('t2', rowOf('bob', inChannels('room-1')));
    tick();
    await answer;
    expect(answered).toHaveBeenCalledTimes(1);
  });

  it('share a difference that is made once', async () => {
    const cursor = moment.view.cursorAt(START_MS);
    const answers = Array.from({ length: 20 }, () => ask(cursor));
    await settled();
    await pod.row('t1', rowOf('ada', inChannels('room')));
    const touched = jest.spyOn(moment.view.changes, 'touched');
    tick();
    const [first, ...others] = await Promise.all(answers);
    expect(first?.body.channels.map(({ channel }) => channel)).toContain('room');
    for (const { body } of others) expect(body).toBe(first?.body);
    // Once for each kind of channels.
    expect(touched).toHaveBeenCalledTimes(2);
  });
});
