import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { WaitingBytes } from '../http/waiting-bytes';
import type { RollcallSocket } from './connection';
import { Connections } from './connections.service';

const SWEEP_EVERY_MS = 1000;

const LOOKS_MAX = 10;

/** More than any one answer to an event takes, two bytes a character. */
const CUT_BYTES = 67_108_864;

/** What waits to be sent. Of something that goes to several the frame is made beforehand, and is kept beside the text. */
interface OutgoingPacket {
  readonly data?: string | Buffer;
  readonly options?: { readonly wsPreEncodedFrame?: readonly Buffer[] };
}

/** Of Engine.IO's socket what it keeps to itself. */
interface Outgoing {
  readonly writeBuffer: readonly OutgoingPacket[];
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
  private readonly waiting = new WaitingBytes<RollcallSocket>({ looks: LOOKS_MAX, mostBytes: CUT_BYTES });
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly connections: Connections) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.sweep(), SWEEP_EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  sweep(): void {
    const over = this.waiting.look(this.backlogs());
    if (over.size === 0) return;
    this.logger.warn(`Connections that do not take what they are sent were closed: ${over.size}.`);
    for (const socket of over) cut(socket);
  }

  private *backlogs(): Iterable<readonly [RollcallSocket, number]> {
    for (const { socket } of this.connections.each()) yield [socket, backlogOf(socket)];
  }
}

/** Bytes of memory that the client has not taken; 0 without counting where all has gone out. */
function backlogOf({ conn }: RollcallSocket): number {
  const { writeBuffer, transport } = conn as unknown as Outgoing;
  if (transport.writable) return 0;
  let bytes = transport.socket?.bufferedAmount ?? 0;
  for (const packet of writeBuffer) bytes += bytesOf(packet);
  return bytes;
}

function bytesOf({ data = '', options }: OutgoingPacket): number {
  const utf8Bytes = Buffer.byteLength(data);
  // A text has two bytes for each of its characters if any of them needs them; of what is not ASCII that is nearly all.
  const textBytes = utf8Bytes === data.length ? utf8Bytes : 2 * data.length;
  return (options?.wsPreEncodedFrame ?? []).reduce((sum, { byteLength }) => sum + byteLength, textBytes);
}

/**
 * As if the line had broken: a client takes a disconnect for the last word, and a goodbye would wait behind all the rest.
 */
function cut({ conn }: RollcallSocket): void {
  const { transport } = conn as unknown as Outgoing;
  if (transport.socket === undefined) transport.onClose();
  else transport.socket.terminate();
}
