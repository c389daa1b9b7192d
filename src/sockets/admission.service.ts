import { Injectable, Logger } from '@nestjs/common';
import { AppError, type HandshakeRefusal } from '@rollcall/contract';
import { LocalRosters } from '@rollcall/roster';
import { Apps } from '../auth/apps.service';
import { Shutdown } from '../http/shutdown.service';
import { SocketDoor, type Visitor } from '../auth/socket.door';
import type { RollcallSocket } from './connection';
import { ConnectionLimits } from './connection-limits.service';

/** What Socket.IO turns into a `connect_error`: `data` reaches the client. */
class HandshakeError extends Error {
  readonly data: HandshakeRefusal;

  constructor({ code, message }: AppError) {
    super(message);
    this.data = { code, message };
  }
}

/** Decides on a handshake before there is a connection. Whatever goes wrong becomes a `connect_error`. */
@Injectable()
export class Admission {
  private readonly logger = new Logger('sockets');

  constructor(
    private readonly door: SocketDoor,
    private readonly apps: Apps,
    private readonly rosters: LocalRosters,
    private readonly shutdown: Shutdown,
    private readonly limits: ConnectionLimits,
  ) {}

  /** A Socket.IO middleware. */
  readonly check = (socket: RollcallSocket, next: (error?: Error) => void): void => {
    this.admit(socket).then(
      (visitor) => {
        socket.data.visitor = visitor;
        next();
      },
      (thrown: unknown) => {
        if (!(thrown instanceof AppError)) this.logger.error({ err: thrown }, 'A handshake failed.');
        next(new HandshakeError(thrown instanceof AppError ? thrown : new AppError('INTERNAL')));
        // A page that may not talk to us shall not keep its visitor's browser connected either, once it has been told.
        if (thrown instanceof AppError && thrown.code === 'ORIGIN_REFUSED') setImmediate(() => socket.conn.close());
      },
    );
  };

  private async admit(socket: RollcallSocket): Promise<Visitor> {
    if (this.shutdown.begun) throw new AppError('UNAVAILABLE', 'This pod is going away; connect again.');
    let visitor = await this.door.admit(socket.handshake);
    // The apps file was read anew meanwhile: what counts now decides. From here to the connection nothing waits for anything.
    while (this.apps.appOf(visitor.host) !== visitor.app) visitor = await this.door.admit(socket.handshake);
    const { app, host } = visitor;
    // Hosts that clients make up would otherwise take memory without end.
    if (this.apps.isUnnamed(host)) {
      const hosts = this.rosters.hosts().filter((other) => this.apps.isUnnamed(other));
      if (hosts.length >= app.limits.hosts && !hosts.includes(host)) {
        throw new AppError('RATE_LIMITED', `At most ${app.limits.hosts} hosts of this app may have connections.`);
      }
    }
    holdWhileThere(socket, await this.limits.enter(socket, visitor));
    return visitor;
  }
}

/** Until the socket has gone; one that did not wait for the answer never comes, which Socket.IO decides by its next tick. */
function holdWhileThere(socket: RollcallSocket, giveBack: () => void): void {
  socket.once('disconnect', giveBack);
  setImmediate(() => {
    if (!socket.connected) giveBack();
  });
}
