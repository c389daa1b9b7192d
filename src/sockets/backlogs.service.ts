import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { RollcallSocket } from './connection';
import { Connections } from './connections.service';

const SWEEP_EVERY_MS = 1000;

/** What a client has not taken stays in this process's memory. So much is let wait for a while, */
const BACKLOG_MAX_BYTES = 1_048_576;

/** so many looks in a row: an answer that shows a large host to a slow line may well take so long. */
const LOOKS_MAX = 10;

/** So much is not let wait at all: more than any one answer has. */
const BACKLOG_CUT_BYTES = 33_554_432;

/** Of Engine.IO's socket what it keeps to itself. */
interface Outgoing {
  readonly writeBuffer: readonly { readonly data?: string | Buffer }[];
  readonly transport: {
    readonly writable: boolean;
    /** The web socket; a tab that polls has none. */
    readonly socket?: { readonly bufferedAmount: number; terminate(): void };
    onClose(): void;
  };
}

/**
 * Closes connections that take less than they are sent, so that they can come back and begin anew. A look at all of
 * them each second, which counts bytes only where the last ones have not gone out yet: sending costs nothing more.
 */
@Injectable()
export class Backlogs implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('sockets');
  private timer: NodeJS.Timeout | undefined;
  /** Connections that had too much waiting at the last look, and for how many looks. Who is gone is forgotten with it. */
  private late = new Map<RollcallSocket, number>();

  constructor(private readonly connections: Connections) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.sweep(), SWEEP_EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  sweep(): void {
    const late: typeof this.late = new Map();
    const over: RollcallSocket[] = [];
    for (const { socket } of this.connections.each()) {
      const bytes = backlogOf(socket);
      if (bytes <= BACKLOG_MAX_BYTES) continue;
      const looks = (this.late.get(socket) ?? 0) + 1;
      if (looks >= LOOKS_MAX || bytes > BACKLOG_CUT_BYTES) over.push(socket);
      else late.set(socket, looks);
    }
    this.late = late;
    if (over.length > 0)
      this.logger.warn(`Connections that do not take what they are sent were closed: ${over.length}.`);
    for (const socket of over) cut(socket);
  }
}

/** Bytes that the client has not taken; 0 without counting where all has gone out. */
function backlogOf({ conn }: RollcallSocket): number {
  const { writeBuffer, transport } = conn as unknown as Outgoing;
  if (transport.writable) return 0;
  let bytes = transport.socket?.bufferedAmount ?? 0;
  for (const { data } of writeBuffer) bytes += data === undefined ? 0 : Buffer.byteLength(data);
  return bytes;
}

/**
 * As if the line had broken: a client takes a disconnect for the last word, and a goodbye would wait behind all the rest.
 */
function cut({ conn }: RollcallSocket): void {
  const { transport } = conn as unknown as Outgoing;
  if (transport.socket === undefined) transport.onClose();
  else transport.socket.terminate();
}
