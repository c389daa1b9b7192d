/*
 * The sockets of this pod. The gateway adds and removes them; features ask for them to close them or to say goodbye.
 */
import { Injectable } from '@nestjs/common';
import type { Connection } from './connection';

@Injectable()
export class Connections {
  private readonly all = new Map<string, Connection>();
  private readonly earlyListeners: ((connection: Connection) => void)[] = [];

  add(connection: Connection): void {
    this.all.set(connection.id, connection);
  }

  remove(connection: Connection): void {
    this.all.delete(connection.id);
  }

  /** Calls back with each connection that goes before the store has it, when `left` tells when it is out of there. */
  onGoneEarly(listener: (connection: Connection) => void): void {
    this.earlyListeners.push(listener);
  }

  tellGoneEarly(connection: Connection): void {
    for (const listener of this.earlyListeners) listener(connection);
  }

  get size(): number {
    return this.all.size;
  }

  values(): Connection[] {
    return [...this.all.values()];
  }

  /** Without a copy: nobody may come or go meanwhile. */
  each(): Iterable<Connection> {
    return this.all.values();
  }

  /** A user's sockets on a host, of this pod. */
  of(userId: string, host: string): Connection[] {
    return this.values().filter((connection) => connection.visitor.user?.id === userId && connection.host === host);
  }
}
