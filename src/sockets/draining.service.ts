import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { Connections } from './connections.service';

/** Clients come back spread over this time at least, or a millisecond a connection: one pod less must not mean a storm. */
const SPREAD_MIN_MS = 500;

/** A pod's goodbye: tells its clients, and takes its connections out of the roster before their sockets close. */
@Injectable()
export class Draining implements BeforeApplicationShutdown {
  constructor(private readonly connections: Connections) {}

  async beforeApplicationShutdown(): Promise<void> {
    const connections = this.connections.values();
    const spreadMs = Math.max(SPREAD_MIN_MS, connections.length);
    for (const { socket } of connections) {
      socket.emit('draining', { reconnectInMs: Math.round(Math.random() * spreadMs) });
    }
    await Promise.all(connections.map(({ id, roster }) => roster.disconnect(id)));
  }
}
