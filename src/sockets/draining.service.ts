import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { setTimeout } from 'node:timers/promises';
import type { Connection } from './connection';
import { Connections } from './connections.service';

/** Clients come back spread over this time at least, or a millisecond a connection: one pod less must not mean a storm. */
const SPREAD_MIN_MS = 500;

/** How long tabs that poll have for fetching the notice: they ask again within a round trip, or are gone. */
const FETCH_MS = 300;

/** A pod's goodbye: tells its clients, and takes its connections out of the roster before their sockets close. */
@Injectable()
export class Draining implements BeforeApplicationShutdown {
  constructor(private readonly connections: Connections) {}

  async beforeApplicationShutdown(): Promise<void> {
    const connections = this.connections.values();
    const spreadMs = Math.max(SPREAD_MIN_MS, connections.length);
    const told = connections.map((connection) => tell(connection, Math.round(Math.random() * spreadMs)));
    await Promise.all(connections.map(({ id, roster }) => roster.disconnect(id)));
    await Promise.race([Promise.all(told), setTimeout(FETCH_MS, undefined, { ref: false })]);
  }
}

/** Resolves when the notice has left this pod; Socket.IO throws away what is still waiting when it closes. */
function tell({ socket }: Connection, reconnectInMs: number): Promise<void> {
  return new Promise((resolve) => {
    socket.conn.once('drain', resolve);
    socket.emit('draining', { reconnectInMs });
  });
}
