import { EventEmitter } from 'node:events';
import { eventually } from '../../test/support/eventually';
import { TurnQueue } from '../http/turn-queue.service';
import { Budgets } from './budgets.service';
import type { Connection } from './connection';
import { Turns } from './turns.service';

const CHANNELS = 10;

const tabOf = (userId: string, id = userId): Connection =>
  ({
    id,
    host: 'a.example',
    socket: new EventEmitter(),
    visitor: {
      user: { id: userId },
      app: { limits: { channelsPerConnection: CHANNELS, eventsPerSecond: 1, eventsBurst: 1, deliveriesPerSecond: 1 } },
    },
  }) as unknown as Connection;

const LARGE = 50_000;

const busyFor = (ms: number): void => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};

describe('Turns', () => {
  /** Asks for an answer and notes when it was made. */
  const asking =
    (turns: Turns, made: string[], ms = 0) =>
    async (what: string, connection: Connection, rows = LARGE): Promise<void> => {
      await turns.turn(connection, rows);
      made.push(what);
      busyFor(ms);
    };

  it('let small answers pass at once, whoever waits', async () => {
    const made: string[] = [];
    const ask = asking(new Turns(new Budgets(), new TurnQueue()), made, 5);
    const large = [ask('large 1', tabOf('ada')), ask('large 2', tabOf('ada'))];
    await ask('small', tabOf('ada'), 200);
    expect(made).not.toContain('large 2');
    await Promise.all(large);
  });

  it('let many small answers of one user wait, however many connections ask for them', async () => {
    const made: string[] = [];
    const ask = asking(new Turns(new Budgets(), new TurnQueue()), made);
    // 250 of them are 50,000 rows.
    const small = Array.from({ length: 300 }, (_, n) => ask(`ada ${n}`, tabOf('ada', `tab-${n}`), 200));
    await Promise.all([...small, ask('bob', tabOf('bob'), 200)]);
    expect(made.indexOf('bob')).toBeLessThan(made.indexOf('ada 299'));
  });

  it('go round: who asks for many waits behind who asks for one', async () => {
    const made: string[] = [];
    const ask = asking(new Turns(new Budgets(), new TurnQueue()), made);
    const ada = [1, 2, 3, 4].map((n) => ask(`ada ${n}`, tabOf('ada', `tab-${n}`)));
    await Promise.all([...ada, ask('bob', tabOf('bob')), ask('cleo', tabOf('cleo'))]);
    expect(made).toEqual(['ada 1', 'ada 2', 'bob', 'cleo', 'ada 3', 'ada 4']);
  });

  it('leave others as much time as they take', async () => {
    const ask = asking(new Turns(new Budgets(), new TurnQueue()), [], 20);
    const startedMs = performance.now();
    await Promise.all(Array.from({ length: 5 }, (_, n) => ask(`${n}`, tabOf('ada'))));
    // The last one is over before its own pause.
    expect(performance.now() - startedMs).toBeGreaterThan(5 * 20 + 4 * 19);
  });

  it('keep as many of one connection waiting as it may watch, and refuse more until they are done', async () => {
    const made: string[] = [];
    const ask = asking(new Turns(new Budgets(), new TurnQueue()), made);
    const tab = tabOf('ada');
    // The first one is made at once.
    const waiting = Array.from({ length: 1 + CHANNELS + 20 }, (_, n) => ask(`${n}`, tab));
    await expect(ask('more', tab)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await expect(ask('of another tab', tabOf('ada', 'tab-2'))).resolves.toBeUndefined();
    await Promise.all(waiting);
    await expect(ask('later', tab)).resolves.toBeUndefined();
    expect(made).toHaveLength(CHANNELS + 23);
  });

  it('are not kept for connections that have gone, nor for more than some of one user', async () => {
    const made: string[] = [];
    const turns = new Turns(new Budgets(), new TurnQueue());
    const ask = asking(turns, made);
    const first = asking(turns, made, 5)('first', tabOf('ada', 'tab-0'));
    const gone = tabOf('ada', 'gone');
    const asked = Array.from({ length: CHANNELS + 20 }, (_, n) => ask(`gone ${n}`, gone));
    (gone.socket as unknown as EventEmitter).emit('disconnect');
    for (const late of asked) await expect(late).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const many = Array.from({ length: 501 }, (_, n) => ask(`${n}`, tabOf('ada', `tab-${n}`)));
    await expect(many[500]).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await first;
    await Promise.allSettled(many);
    expect(made.filter((what) => what.startsWith('gone'))).toEqual([]);
  });

  it('do not let anybody wait for an answer that would be taken for lost', async () => {
    const made: string[] = [];
    const ask = asking(
      new Turns(
        new Budgets(),
        new (class extends TurnQueue {
          protected override readonly waitMaxMs = 30;
        })(),
      ),
      made,
      40,
    );
    const tab = tabOf('ada');
    const asked = ['first', 'second', 'third'].map((what) => ask(what, tab));
    await expect(asked[0]).resolves.toBeUndefined();
    for (const late of asked.slice(1)) await expect(late).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await eventually(() => ask('later', tab));
    expect(made).toEqual(['first', 'later']);
  });
});
