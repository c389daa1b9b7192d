import type { Moment, Views } from '@rollcall/roster';
import { TurnQueue } from '../http/turn-queue.service';
import { Budgets } from '../sockets/budgets.service';
import type { Connection } from '../sockets/connection';
import type { EventHandler, SocketEvents } from '../sockets/socket-events';
import { Turns } from '../sockets/turns.service';
import { PresenceWatchEvents } from './presence-watch-events';
import type { PresenceWatches } from './presence-watches.service';

describe('A watch of presence', () => {
  it('begins with the session, before which it is not answered', async () => {
    let handler: EventHandler | undefined;
    const on = (event: string, one: EventHandler): void => {
      if (event === 'presence:watch') handler = one;
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
    const answer = handler?.(connection as unknown as Connection, {});
    await new Promise((resolve) => setImmediate(resolve));
    expect(watch).not.toHaveBeenCalled();
    register();
    expect(await answer).toEqual({ cursor: 'c', users: [] });
    expect(watch).toHaveBeenCalledTimes(1);
  });
});
