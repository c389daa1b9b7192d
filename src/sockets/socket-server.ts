import { Injectable } from '@nestjs/common';
import type { ServerToClientEvents } from '@rollcall/contract';
import type { Connection, RollcallServer } from './connection';

/** The Socket.IO server, once the gateway has it: for those who send without being a gateway. */
@Injectable()
export class SocketServer {
  private started: RollcallServer | undefined;

  get server(): RollcallServer {
    if (this.started === undefined) throw new Error('The socket server has not started.');
    return this.started;
  }

  /** Sends an event to connections of this pod, encoded once for all of them. */
  tell<Event extends keyof ServerToClientEvents>(
    to: readonly Connection[],
    event: Event,
    ...payload: Parameters<ServerToClientEvents[Event]>
  ): void {
    const [first] = to;
    if (to.length === 1) first?.socket.emit(event, ...payload);
    else this.server.local.to(to.map(({ id }) => id)).emit(event, ...payload);
  }

  start(server: RollcallServer): void {
    this.started = server;
  }
}
