import { AppError } from '@rollcall/contract';
import type { Views } from '@rollcall/roster';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Apps, type Scope } from '../auth/apps.service';
import { Closing } from './closing.service';
import type { Connections } from './connections.service';
import type { SocketServer } from './socket-server';

const SCOPE = { app: { id: 'shop' }, host: 'a.example' } as unknown as Scope;

/** How old a picture of the host is, or that there is none. */
type Picture = number | 'none';

/** A pod that has these connections of a user, and one picture of the host after another. */
function closing(own: readonly string[], pictures: readonly Picture[]) {
  const disconnectSockets = jest.fn();
  const disconnected: string[] = [];
  const looks: string[][] = [];
  const told = [...pictures];
  const readRoster = () => {
    looks.push(connections.flatMap(({ id, isLeft }) => (isLeft ? [] : [id])));
    const staleMs = told.shift() ?? 0;
    if (staleMs === 'none') return Promise.reject(new AppError('UNAVAILABLE'));
    return Promise.resolve({ view: { connectionsOf: () => [], connection: () => undefined }, staleMs });
  };
  const connections = own.map((id) => {
    const connection = {
      id,
      isLeft: false,
      left: undefined as Promise<void> | undefined,
      socket: {
        disconnect: () => {
          disconnected.push(id);
          connection.left = sleep(5).then(() => void (connection.isLeft = true));
        },
      },
    };
    return connection;
  });
  const service = new Closing(
    { readRoster } as unknown as Views,
    { of: () => connections } as unknown as Connections,
    {
      server: { in: (ids: string[]) => ({ disconnectSockets: () => void disconnectSockets(ids) }) },
    } as unknown as SocketServer,
    { appOf: () => SCOPE.app } as unknown as Apps,
  );
  return { closed: service.close('ada', SCOPE), disconnectSockets, disconnected, looks };
}

describe('Closing the sockets of a user', () => {
  it('is done when nobody shows them any more', async () => {
    const { closed, disconnectSockets } = closing(['t1', 't2'], []);
    expect(await closed).toBe(2);
    expect(disconnectSockets).toHaveBeenCalledWith(['t1', 't2']);
  });

  it('looks whether they are gone when those of this pod have left', async () => {
    const { closed, disconnected, looks } = closing(['t1', 't2'], []);
    await closed;
    expect(disconnected).toEqual(['t1', 't2']);
    expect(looks).toEqual([['t1', 't2'], []]);
  });

  it.each<[string, Picture[]]>([
    ['is an old one at first', [5]],
    ['is an old one after they were closed', [0, 5]],
    ['is too old', ['none']],
  ])('closes those that are known, and is not said to be done, where the picture %s', async (_, pictures) => {
    const { closed, disconnected } = closing(['t1'], pictures);
    await expect(closed).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(disconnected).toEqual(['t1']);
  });

  it('is not said to be done either where none is known by an old picture', async () => {
    await expect(closing([], [5]).closed).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
