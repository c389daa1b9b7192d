import type { Moment, Views } from '@rollcall/roster';
import { TurnQueue } from '../http/turn-queue.service';
import { Budgets } from '../sockets/budgets.service';
import type { Connection } from '../sockets/connection';
import type { EventHandler, EventReader, SocketEvents } from '../sockets/socket-events';
import { Turns } from '../sockets/turns.service';
import { PresenceWatchEvents } from './presence-watch-events';
import type { PresenceWatches } from './presence-watches.service';

/** A connection that has yet to get its session, and the way in which it asks. */
function start() {
  let answered: EventHandler<object> | undefined;
  const on = <Asked>(event: string, read: EventReader<Asked>, handle: EventHandler<Asked>): void => {
    if (event === 'presence:watch') answered = async (one, fields) => handle(one, read(one, { ...fields }));
  };
  const views = { latest: () => Promise.resolve(undefined), moment: () => ({}) as Moment };
  const watch = jest.fn(() => ({ cursor: 'c', users: [] }));
  const rows = (): number => 0;
  new PresenceWatchEvents(
    { on } as unknown as SocketEvents,
    views as unknown as Views,
    { watch, rows } as unknown as PresenceWatches,
    new Turns(new Budgets(), new TurnQueue()),
  ).onModuleInit();

  let register: () => void = () => undefined;
  const registered = new Promise<void>((resolve) => (register = resolve));
  const visitor = { user: { id: 'ada' }, app: { limits: {} } };
  const connection = { host: 'a.example', visitor, roster: { has: () => true }, registered };
  return {
    watch,
    register: () => register(),
    ask: async (ids?: string[]) => answered?.(connection as unknown as Connection, { ids }),
  };
}

describe('A watch of presence', () => {
  it('begins with the session, before which it is not answered', async () => {
    const { watch, register, ask } = start();
    const answer = ask();
    await new Promise((resolve) => setImmediate(resolve));
    expect(watch).not.toHaveBeenCalled();
    register();
    expect(await answer).toEqual({ cursor: 'c', users: [] });
    expect(watch).toHaveBeenCalledTimes(1);
  });

  it('waits with so many bytes of ids at one time', async () => {
    const { register, ask } = start();
    const ids = Array.from({ length: 1000 }, (_, n) => `${n}`.padEnd(255, 'x'));
    const answers = Array.from({ length: 40 }, () => ask(ids));
    register();
    const settled = await Promise.allSettled(answers);
    expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(11);
    expect(await ask(ids)).toEqual({ cursor: 'c', users: [] });
  });
});
