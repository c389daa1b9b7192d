/*
 * Which requests Node hands over as upgrades. By itself it hands over all that name another protocol, whatever it is and
 * wherever they ask for it, as soon as anybody listens; nobody would answer those that are not Socket.IO's, nor hear of it
 * when their connection breaks. HTTP says that a server may go on as if nothing had been asked, and clients of HTTP/2 that
 * begin with HTTP/1.1 (Java's, for one) count on it.
 */
import { IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';

const SOCKETS = '/socket.io/';

/** Its clients need some hundred characters. More names would take milliseconds to read, and a line keeps them. */
const SOCKETS_URL_MAX_LENGTH = 4096;

/** Browsers and proxies send some dozens. Each costs far more than the four bytes that it may have. */
export const HEADERS_MAX = 200;

/** As Engine.IO looks at a URL. */
export const isForSockets = (url: string | undefined): boolean => url?.startsWith(SOCKETS) === true;

/** For Socket.IO; REST has URLs of 64 KiB. */
export const isTooLongForSockets = (url: string | undefined): boolean => (url?.length ?? 0) > SOCKETS_URL_MAX_LENGTH;

export const hasTooManyHeaders = ({ rawHeaders }: IncomingMessage): boolean => rawHeaders.length > 2 * HEADERS_MAX;

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
