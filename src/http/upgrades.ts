/*
 * Which requests Node hands over as upgrades. By itself it hands over all that name another protocol, whatever it is and
 * wherever they ask for it, as soon as anybody listens; nobody would answer those that are not Socket.IO's, nor hear of it
 * when their connection breaks. HTTP says that a server may go on as if nothing had been asked, and clients of HTTP/2 that
 * begin with HTTP/1.1 (Java's, for one) count on it.
 */
import { IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { hasTooManyHeaders, isForSockets, isTooLongForSockets } from './request-bounds';

/** Node writes and reads `upgrade`, first whether it is asked for, then whether it is to be. */
export class PlainUnlessSocket extends IncomingMessage {
  private asked?: boolean | null;

  get upgrade(): boolean {
    if (this.asked !== true || this.method === 'CONNECT') return this.asked === true;
    if (!isForSockets(this.url) || isTooLongForSockets(this.url) || hasTooManyHeaders(this)) return false;
    return this.headers.upgrade?.toLowerCase() === 'websocket';
  }

  set upgrade(asked: boolean | null) {
    this.asked = asked;
  }
}

/** A connection may break while it is being upgraded, when Node has ceased to listen and nobody else has begun to. */
export function surviveUpgrades(server: Server): void {
  function destroy(this: Socket): void {
    this.destroy();
  }
  server.prependListener('upgrade', (_request, socket) => socket.on('error', destroy));
}
