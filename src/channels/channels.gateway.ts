/*
 * The life of a socket: admitted at the handshake, put into the roster, told its `session`, listened to, and taken out
 * again. Each step changes this pod's own truth at once, in the order in which the socket's packets came, and the
 * store follows in batches: so nothing can overtake anything, and a leave never comes before its join.
 */
import { Logger } from '@nestjs/common';
import { type OnGatewayInit, WebSocketGateway } from '@nestjs/websockets';
import { type Session, tabChannel } from '@rollcall/contract';
import { LocalRosters, podId } from '@rollcall/roster';
import { Accounts } from '../auth/accounts.service';
import { Config } from '../config/config';
import { Shutdown } from '../http/shutdown.service';
import { Admission } from '../sockets/admission.service';
import { Connection, type LinePacket, type RollcallServer, type RollcallSocket } from '../sockets/connection';
import { Connections } from '../sockets/connections.service';
import { degraded } from '../sockets/degraded';
import { builtInRoom, userRoom } from '../sockets/rooms';
import { SocketEvents } from '../sockets/socket-events';
import { SocketServer } from '../sockets/socket-server';

@WebSocketGateway()
export class ChannelsGateway implements OnGatewayInit<RollcallServer> {
  private readonly logger = new Logger('sockets');

  constructor(
    private readonly admission: Admission,
    private readonly connections: Connections,
    private readonly events: SocketEvents,
    private readonly sockets: SocketServer,
    private readonly rosters: LocalRosters,
    private readonly accounts: Accounts,
    private readonly config: Config,
    private readonly shutdown: Shutdown,
  ) {}

  /** Nest's own connection hook is not awaited and may not throw, so the sockets are taken from Socket.IO itself. */
  afterInit(server: RollcallServer): void {
    this.sockets.start(server);
    server.use(this.admission.check);
    server.on('connection', (socket) => this.connect(socket));
  }

  private connect(socket: RollcallSocket): void {
    // Let in just before the pod began to say goodbye: nobody would take it out of the roster again.
    if (this.shutdown.begun) return void socket.conn.close();
    const { visitor } = socket.data;
    const { app, user } = visitor;
    // Revoked between the door and here: whoever closed the user's sockets could not see this one yet.
    if (user !== null && this.accounts.isRevoked(app, user)) {
      socket.disconnect(true);
      return;
    }
    const connection = new Connection(socket, visitor, this.rosters.of(visitor.host), Date.now());
    this.connections.add(connection);
    this.enterRooms(connection);
    // Before Socket.IO has made events of them: one request can hold tens of thousands.
    socket.conn.on('packet', (packet: LinePacket) => {
      if (!connection.takesPacket(packet)) socket.conn.close(true);
    });
    socket.onAny((event: unknown, ...args: unknown[]) => void this.events.receive(connection, event, args));
    socket.on('disconnect', () => this.disconnect(connection));
    connection.registered = this.register(connection).finally(() => this.admission.finish(socket));
    forgetHandshake(socket);
  }

  private async register(connection: Connection): Promise<void> {
    const { socket, roster } = connection;
    const { app, user } = connection.visitor;
    try {
      const known = user && { id: user.id, claims: user.claims, ...this.accounts.standingOf(app, user) };
      const written = await roster.connect(connection.id, known);
      if (socket.connected) socket.emit('session', { ...this.sessionOf(connection), ...degraded(written) });
    } catch (error) {
      this.logger.error({ err: error }, 'A connection could not be registered, and was closed.');
      // Not by a disconnect: a client takes that for the last word, and this one shall come again.
      socket.conn.close();
    }
  }

  private disconnect(connection: Connection): void {
    this.connections.remove(connection);
    connection.left = connection.roster.disconnect(connection.id);
    // A client that has only left its namespace would keep a line that counts towards no limit any more.
    connection.socket.conn.close();
  }

  private enterRooms({ socket, host, visitor: { user } }: Connection): void {
    if (user === null) void socket.join(builtInRoom(host, 'anonymous'));
    else void socket.join([builtInRoom(host, 'authenticated'), userRoom(host, user.id)]);
  }

  private sessionOf({ id, host, roster, visitor: { app, user } }: Connection): Session {
    const session = { connectionId: id, host, dc: this.config.dc, pod: podId(roster.life) };
    if (user === null) return { ...session, channels: ['anonymous', tabChannel(id)] };
    const { username, name } = this.accounts.profileOf(app, user.id, user.claims);
    return { ...session, user: { id: user.id, username, name }, channels: ['authenticated', tabChannel(id)] };
  }
}

const NOTHING = Object.freeze({});

/** What a connection is was decided: its headers and its token need not stay in memory for as long as it does. */
function forgetHandshake({ conn, handshake }: RollcallSocket): void {
  Object.assign(conn, { request: null });
  Object.assign(handshake, { headers: NOTHING, auth: NOTHING, query: NOTHING, url: '' });
}
