import { Injectable, Logger } from '@nestjs/common';
import { AppError, type HandshakeRefusal } from '@rollcall/contract';
import { Apps } from '../auth/apps.service';
import { Shutdown } from '../http/shutdown.service';
import { SocketDoor, type Visitor } from '../auth/socket.door';
import type { RollcallSocket } from './connection';
import { ConnectionLimits } from './connection-limits.service';
import { LoopLag } from './loop-lag.service';
import { MadeUpHosts } from '../auth/made-up-hosts.service';
import { StormGate } from './storm-gate';

/** What Socket.IO turns into a `connect_error`: `data` reaches the client. */
class HandshakeError extends Error {
  readonly data: HandshakeRefusal;

  constructor({ code, message }: AppError, retryInMs?: number) {
    super(message);
    this.data = { code, message, ...(retryInMs === undefined ? {} : { retryInMs }) };
  }
}

const TWICE = new AppError('BAD_REQUEST', 'Somebody comes in over this line already.');

const STORM = new AppError('UNAVAILABLE', 'Too many connect at once; come again a little later.');

/** Decides on a handshake before there is a connection. Whatever goes wrong becomes a `connect_error`. */
@Injectable()
export class Admission {
  private readonly logger = new Logger('sockets');
  private readonly gate = new StormGate();
  /** Lines that somebody has come in by, or is about to. */
  private readonly lines = new WeakSet<RollcallSocket['conn']>();
  private readonly underWay = new WeakMap<RollcallSocket, () => void>();

  constructor(
    private readonly door: SocketDoor,
    private readonly apps: Apps,
    private readonly shutdown: Shutdown,
    private readonly limits: ConnectionLimits,
    private readonly madeUpHosts: MadeUpHosts,
    private readonly lag: LoopLag,
  ) {}

  /** A Socket.IO middleware. */
  readonly check = (socket: RollcallSocket, next: (error?: Error) => void): void => {
    const { conn: line, handshake } = socket;
    handshake.auth = loginOf(handshake.auth);
    // Each would count as a line of its own. No client of Socket.IO's asks twice.
    if (this.lines.has(line)) {
      line.close(true);
      // Nobody is told, for the line is closed; Socket.IO would keep a socket that nothing was decided of.
      return next(new HandshakeError(TWICE));
    }
    const app = this.apps.scopeOf(socket.handshake.headers)?.app.id ?? '';
    const entered = this.gate.enter(app, this.lag.ms, performance.now());
    if ('retryInMs' in entered) return next(new HandshakeError(STORM, entered.retryInMs));
    this.lines.add(line);
    this.underWay.set(socket, entered.leave);
    this.admit(socket).then(
      (visitor) => {
        socket.data.visitor = visitor;
        next();
        atNextTurn(() => {
          if (!socket.connected) entered.leave();
        });
      },
      (thrown: unknown) => {
        entered.leave();
        this.lines.delete(line);
        if (!(thrown instanceof AppError)) this.logger.error({ err: thrown }, 'A handshake failed.');
        next(new HandshakeError(thrown instanceof AppError ? thrown : new AppError('INTERNAL')));
        // A page that may not talk to us shall not keep its visitor's browser connected either, once it has been told.
        if (thrown instanceof AppError && thrown.code === 'ORIGIN_REFUSED') setImmediate(() => line.close());
      },
    );
  };

  /** Whether somebody has come in by the line, or is about to. */
  holds(line: RollcallSocket['conn']): boolean {
    return this.lines.has(line);
  }

  /** The handshake is over: the connection is in the store, or has gone. */
  finish(socket: RollcallSocket): void {
    this.underWay.get(socket)?.();
    this.underWay.delete(socket);
  }

  private async admit(socket: RollcallSocket): Promise<Visitor> {
    if (this.shutdown.begun) throw new AppError('UNAVAILABLE', 'This pod is going away; connect again.');
    let visitor = await this.door.admit(socket.handshake);
    let giveBack = await this.enter(socket, visitor);
    // The apps file was read anew meanwhile: what counts now decides. From here to the connection nothing waits for anything.
    while (this.apps.appOf(visitor.host) !== visitor.app) {
      giveBack();
      visitor = await this.door.admit(socket.handshake);
      giveBack = await this.enter(socket, visitor);
    }
    holdWhileThere(socket, giveBack);
    return visitor;
  }

  /** Takes the visitor's places. @throws AppError RATE_LIMITED */
  private async enter(socket: RollcallSocket, visitor: Visitor): Promise<() => void> {
    // Before anything is looked at for its host's sake.
    this.limits.checkAddress(socket, visitor);
    const leaveHost = this.madeUpHosts.enter(visitor);
    try {
      const giveBack = await this.limits.enter(socket, visitor);
      return () => {
        giveBack();
        leaveHost();
      };
    } catch (error) {
      leaveHost();
      throw error;
    }
  }
}

/** What a client says of who it is. */
const LOGIN = ['token', 'userId'];

/** The rest is not kept while its token is looked for: JSON takes up to thirty times the room of its text. */
function loginOf(auth: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const fields = LOGIN.filter((field) => Object.hasOwn(auth, field));
  return Object.fromEntries(fields.map((field) => [field, isNested(auth[field]) ? {} : auth[field]]));
}

const isNested = (value: unknown): boolean => typeof value === 'object' && value !== null;

/** Until the socket has gone; one that did not wait for the answer never comes, which Socket.IO decides by its next tick. */
function holdWhileThere(socket: RollcallSocket, giveBack: () => void): void {
  socket.on('disconnect', giveBack);
  atNextTurn(() => {
    if (!socket.connected) giveBack();
  });
}

/** By then Socket.IO has made a connection of a socket that was let in, or has dropped it. */
const atNextTurn = (look: () => void): void => void setImmediate(look);
