/*
 * The sockets of this pod. The gateway adds and removes them; features ask for them to close them or to say goodbye.
 */
import { Injectable } from '@nestjs/common';
import type { Connection } from './connection';

@Injectable()
export class Connections {
  private readonly all = new Map<string, Connection>();
  /** By user's id, of all apps and hosts. The usual user has one, and needs no set. */
  private readonly byUser = new Map<string, Connection | Set<Connection>>();

  add(connection: Connection): void {
    this.all.set(connection.id, connection);
    const userId = connection.visitor.user?.id;
    if (userId === undefined) return;
    const known = this.byUser.get(userId);
    if (known === undefined) this.byUser.set(userId, connection);
    else if (known instanceof Set) known.add(connection);
    else this.byUser.set(userId, new Set([known, connection]));
  }

  remove(connection: Connection): void {
    this.all.delete(connection.id);
    const userId = connection.visitor.user?.id;
    if (userId === undefined) return;
    const known = this.byUser.get(userId);
    if (known instanceof Set) {
      known.delete(connection);
      if (known.size === 0) this.byUser.delete(userId);
    } else if (known === connection) this.byUser.delete(userId);
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

  /** Sockets of users of an id, whichever app's they are; nobody else's is looked at. */
  ofUser(userId: string): readonly Connection[] {
    const known = this.byUser.get(userId);
    if (known === undefined) return [];
    return known instanceof Set ? [...known] : [known];
  }

  /** A user's sockets on a host, of this pod. */
  of(userId: string, host: string): Connection[] {
    return this.ofUser(userId).filter((connection) => connection.host === host);
  }
}
