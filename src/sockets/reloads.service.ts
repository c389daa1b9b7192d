import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Apps } from '../auth/apps.service';
import type { Connection } from './connection';
import { Connections } from './connections.service';

/** Takes the connections of this pod over to the apps file that was read anew: by its rules, or out. */
@Injectable()
export class Reloads implements OnModuleInit {
  private readonly logger = new Logger('sockets');

  constructor(
    private readonly apps: Apps,
    private readonly connections: Connections,
  ) {}

  onModuleInit(): void {
    this.apps.onReplace(() => this.takeOver());
  }

  private takeOver(): void {
    const homeless: Connection[] = [];
    for (const connection of this.connections.each()) {
      const app = this.apps.appOf(connection.host);
      // Another app is another tenant: it has other users, who may have the same ids.
      if (app === undefined || app.id !== connection.visitor.app.id) homeless.push(connection);
      else connection.obey(app);
    }
    if (homeless.length > 0) this.logger.log(`${homeless.length} sockets are closed: their hosts left their apps.`);
    for (const { socket } of homeless) socket.disconnect(true);
  }
}
