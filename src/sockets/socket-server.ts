import { Injectable } from '@nestjs/common';
import type { RollcallServer } from './connection';

/** The Socket.IO server, once the gateway has it: for those who send without being a gateway. */
@Injectable()
export class SocketServer {
  private started: RollcallServer | undefined;

  get server(): RollcallServer {
    if (this.started === undefined) throw new Error('The socket server has not started.');
    return this.started;
  }

  start(server: RollcallServer): void {
    this.started = server;
  }
}
