import { Injectable } from '@nestjs/common';
import { AppError } from '@rollcall/contract';
import { Views } from '@rollcall/roster';
import { Apps, type Scope } from '../auth/apps.service';
import type { Connection } from './connection';
import { Connections } from './connections.service';
import { SocketServer } from './socket-server';

/** How long a close may take on its way to other pods and back into the roster, and how often it is said again. */
const WITHIN_MS = 2000;
const AGAIN_EVERY_MS = 100;

/** Sockets that one message to other pods closes: a large one may be dropped while many others wait. */
const AT_ONCE = 100;

const UNCLEAR = new AppError('UNAVAILABLE', 'Nobody can say now whether all sockets are closed; ask again.');

/** Closes users' sockets, wherever they are, and waits until the roster shows it. */
@Injectable()
export class Closing {
  constructor(
    private readonly views: Views,
    private readonly connections: Connections,
    private readonly sockets: SocketServer,
    private readonly apps: Apps,
  ) {}

  /**
   * Closes the user's sockets on a host, on all pods; resolves with their number when no answer shows them any more.
   * Those that the user opens meanwhile are not meant, nor anybody's once the host has gone to another app.
   *
   * @throws AppError UNAVAILABLE if a pod did not do it in time, or if nobody can say now who is connected: then those that
   * are known are closed all the same.
   */
  async close(userId: string, { app, host }: Scope): Promise<number> {
    if (this.apps.appOf(host)?.id !== app.id) return 0;
    // Whatever the store says, or if it says nothing.
    const here = this.closeHere(userId, host);
    const { view, staleMs } = await this.views.readRoster(host);
    if (this.apps.appOf(host)?.id !== app.id) return here.length;
    const shown = view.connectionsOf(userId).map(({ connectionId }) => connectionId);
    const meant = new Set([...here.map(({ id }) => id), ...shown]);
    const giveUpAt = performance.now() + WITHIN_MS;
    // The picture may be from before they had left.
    const isLeft = Promise.all(here.flatMap(({ left }) => left ?? []));
    for (let left = [...meant]; left.length > 0;) {
      // A message to another pod may be lost, so it is said until it is done. Each tab's room is its own id.
      for (let at = 0; at < left.length; at += AT_ONCE) {
        this.sockets.server.in(left.slice(at, at + AT_ONCE)).disconnectSockets(true);
      }
      await isLeft;
      const now = await this.views.readRoster(host);
      if (now.staleMs > 0) throw UNCLEAR;
      left = left.filter((connectionId) => now.view.connection(connectionId) !== undefined);
      if (left.length === 0) break;
      if (performance.now() > giveUpAt) throw new AppError('UNAVAILABLE', 'Some sockets could not be closed in time.');
      await new Promise((resolve) => setTimeout(resolve, AGAIN_EVERY_MS));
    }
    if (staleMs > 0) throw UNCLEAR;
    return meant.size;
  }

  /** Of this pod, which needs to ask nobody. */
  private closeHere(userId: string, host: string): Connection[] {
    const here = this.connections.of(userId, host);
    for (const { socket } of here) socket.disconnect(true);
    return here;
  }
}
