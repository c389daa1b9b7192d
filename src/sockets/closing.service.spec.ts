import type { Views } from '@rollcall/roster';
import { type Apps, type Scope } from '../auth/apps.service';
import { Closing } from './closing.service';
import type { Connections } from './connections.service';
import type { SocketServer } from './socket-server';

const SCOPE = { app: { id: 'shop' }, host: 'a.example' } as unknown as Scope;

/** A pod that has these connections of a user, and a picture of the host that is so old. */
function closing(own: readonly string[], staleMs: readonly number[]) {
  const disconnectSockets = jest.fn();
  const told = [...staleMs];
  const readRoster = () => {
    const view = { connectionsOf: () => [], connection: () => undefined };
    return Promise.resolve({ view, staleMs: told.shift() ?? 0 });
  };
  const service = new Closing(
    { readRoster } as unknown as Views,
    { of: () => own.map((id) => ({ id, left: Promise.resolve() })) } as unknown as Connections,
    {
      server: { in: (ids: string[]) => ({ disconnectSockets: () => void disconnectSockets(ids) }) },
    } as unknown as SocketServer,
    { appOf: () => SCOPE.app } as unknown as Apps,
  );
  return { closed: service.close('ada', SCOPE), disconnectSockets };
}

describe('Closing the sockets of a user', () => {
  it('is done when nobody shows them any more', async () => {
    const { closed, disconnectSockets } = closing(['t1', 't2'], []);
    expect(await closed).toBe(2);
    expect(disconnectSockets).toHaveBeenCalledWith(['t1', 't2']);
  });

  it.each([
    ['at first', [5]],
    ['after they were closed', [0, 5]],
  ])(
    'closes those that are known, and is not said to be done, where the picture is an old one %s',
    async (_, staleMs) => {
      const { closed, disconnectSockets } = closing(['t1'], staleMs);
      await expect(closed).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(disconnectSockets).toHaveBeenCalledWith(['t1']);
    },
  );

  it('is not said to be done either where none is known by an old picture', async () => {
    await expect(closing([], [5]).closed).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
