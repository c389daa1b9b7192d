import type { INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import type { Server, ServerOptions } from 'socket.io';
import { Encoder } from 'socket.io-parser';
import { Apps } from '../auth/apps.service';
import { hostFault } from '../http/host-fault';
import { standBefore } from '../http/pipelines';
import { SAFE_HEADERS } from '../http/safe-headers';
import { surviveUpgrades } from '../http/upgrades';
import { Stores } from '../store/stores';
import { Admission } from './admission.service';
import { BoundedDecoder } from './bounded-decoder';
import type { RollcallServer } from './connection';
import { keepLittle } from './kept-request';
import { limitKnocks } from './knocks';
import { queryOf, refusePlainRequests } from './plain-requests';
import { limitUnusedLines } from './unused-lines';
import { BoundedWebSockets } from './web-sockets';

/** A client that vanished is gone after at most both: sooner would cost idle clients battery, later shows ghosts. */
const PING_INTERVAL_MS = 10_000;
const PING_TIMEOUT_MS = 5_000;

/** The largest frame. Messages may have 64 KiB; a larger frame is no honest client's, and closes the connection. */
const FRAME_MAX_BYTES = 262_144;

/**
 * How long connections may take to close when the pod goes away: for the last answers to arrive. What is open then
 * stands still, or was never used, and would hold the pod up for half a minute.
 */
const GOODBYE_MS = 500;

type CorsDelegate = Extract<ServerOptions['cors'], (...args: never[]) => unknown>;

/** Socket.IO on the HTTP server's port, with our limits and the apps' origins. */
export class SocketAdapter extends IoAdapter {
  private readonly apps: Apps;
  private readonly messages: Stores['messages'];
  private readonly admission: Admission;
  /** Node forgets a connection once it is a WebSocket's, so it could not close it. */
  private readonly connections = new Set<Socket>();

  constructor(app: INestApplicationContext) {
    super(app);
    this.apps = app.get(Apps);
    this.messages = app.get(Stores).messages;
    this.admission = app.get(Admission);
    const { connections } = this;
    // One listener for all: idle connections are what a pod has most of.
    function forget(this: Socket): void {
      connections.delete(this);
    }
    const http = this.httpServer as HttpServer;
    surviveUpgrades(http);
    http.on('connection', (connection) => {
      connections.add(connection);
      connection.on('close', forget);
    });
  }

  override createIOServer(port: number, options?: Partial<ServerOptions>): Server {
    const cors: CorsDelegate = (request, callback) => {
      const scope = this.apps.scopeOf(request.headers);
      const origins = scope?.app.origins;
      callback(null, { origin: scope === undefined ? false : origins == null ? '*' : [...origins] });
    };
    const ours: Partial<ServerOptions> = {
      ...options,
      cors,
      // What has no host, or several, has no roster either. Foreign origins are refused later, in words that clients can read.
      allowRequest: (request, callback) => {
        const fault = hostFault(request) ?? scriptFault(request);
        callback(fault, fault === undefined);
      },
      pingInterval: PING_INTERVAL_MS,
      pingTimeout: PING_TIMEOUT_MS,
      maxHttpBufferSize: FRAME_MAX_BYTES,
      connectTimeout: 10_000,
      // It would compress its script anew for each request of anybody's; `/docs` has it.
      serveClient: false,
      // Compression would cost each idle socket some 200 KB of memory.
      perMessageDeflate: false,
      // What a polling tab does not read would wait where nobody counts it.
      httpCompression: false,
      wsEngine: BoundedWebSockets,
      parser: { Encoder, Decoder: BoundedDecoder },
    };
    const server = super.createIOServer(port, ours as ServerOptions) as RollcallServer;
    standBefore(this.httpServer as HttpServer);
    refusePlainRequests(server.engine);
    keepLittle(server);
    limitKnocks(server);
    limitUnusedLines(server, (line) => this.admission.holds(line));
    server.engine.on('headers', (headers: Record<string, string>) => void Object.assign(headers, SAFE_HEADERS));
    return this.messages === undefined ? server : server.adapter(this.messages.adapter);
  }

  /** The gateway takes the sockets from Socket.IO; for each that Nest hears of it would keep observables and closures. */
  override bindClientConnect(): void {
    // Nobody is to be called.
  }

  override async close(server: Server): Promise<void> {
    const cut = setTimeout(() => {
      for (const connection of this.connections) connection.destroy();
    }, GOODBYE_MS);
    await super.close(server);
    clearTimeout(cut);
  }
}

/**
 * A page may load a script from anywhere, and its browser says no `Origin` then: polling by scripts (JSONP) would open a
 * connection past the list of origins, but for browsers that heed `nosniff`.
 */
function scriptFault({ url = '' }: IncomingMessage): string | undefined {
  const asks = new URLSearchParams(queryOf(url));
  return asks.has('j') ? 'Polling by scripts (JSONP) is not offered.' : undefined;
}
