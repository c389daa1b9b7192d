/*
 * The sockets of this pod. The gateway adds and removes them; features ask for them to close them or to say goodbye.
 */
import { Injectable } from '@nestjs/common';
import type { Connection } from './connection';

@Injectable()
export class Connections {
  private readonly all = new Map<string, Connection>();

  add(connection: Connection): void {
    this.all.set(connection.id, connection);
  }

  remove(connection: Connection): void {
    this.all.delete(connection.id);
  }

  get size(): number {
    return this.all.size;
  }

  values(): Connection[] {
    return [...this.all.values()];
  }

  /** Closes a user's sockets on the hosts that `concerns` says; resolves, when they have left the store, with their number. */
  async close(userId: string, concerns: (connection: Connection) => boolean): Promise<number> {
    const closing = this.values().filter(
      (connection) => connection.visitor.user?.id === userId && concerns(connection),
    );
    for (const { socket } of closing) socket.disconnect(true);
    for (const connection of closing) await connection.left;
    return closing.length;
  }
}
