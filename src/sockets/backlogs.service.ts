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

/** What is no more than this is on its way. */
const LITTLE_BYTES = 65_536;

/** All connections of a pod together may let so much wait: many who each keep to the bounds could fill its memory. */
const BACKLOGS_MAX_BYTES = 268_435_456;

/** A connection counts towards that after so many looks: a moment before it may have been sent something large. */
const SETTLED_LOOKS = 3;

interface Late {
  readonly bytes: number;
  /** For how many looks something has waited, */
  readonly looks: number;
  /** and for how many it has been too much. */
  readonly large: number;
}

type Entry = readonly [socket: RollcallSocket, late: Late];

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
  /** Connections that had something waiting at the last look. Who is gone is forgotten with it. */
  private late = new Map<RollcallSocket, Late>();

  constructor(private readonly connections: Connections) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.sweep(), SWEEP_EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  sweep(): void {
    const late: typeof this.late = new Map();
    for (const { socket } of this.connections.each()) {
      const bytes = backlogOf(socket);
      if (bytes <= LITTLE_BYTES) continue;
      const before = this.late.get(socket);
      late.set(socket, {
        bytes,
        looks: (before?.looks ?? 0) + 1,
        large: isLarge(bytes) ? (before?.large ?? 0) + 1 : 0,
      });
    }
    const over = new Set([...late].filter(isTooMuch).map(([socket]) => socket));
    for (const socket of latestBeyond(BACKLOGS_MAX_BYTES, [...late])) over.add(socket);
    for (const socket of over) late.delete(socket);
    this.late = late;
    if (over.size === 0) return;
    this.logger.warn(`Connections that do not take what they are sent were closed: ${over.size}.`);
    for (const socket of over) cut(socket);
  }
}

const isLarge = (bytes: number): boolean => bytes > BACKLOG_MAX_BYTES;

const isTooMuch = ([, { bytes, large }]: Entry): boolean => large >= LOOKS_MAX || bytes > BACKLOG_CUT_BYTES;

/**
 * Those to let go of so that what is left waits for no more bytes, of connections that have been late for a while: who has
 * been so for longest first, so that nobody who hoards drives out those who are only slow.
 */
function latestBeyond(mostBytes: number, entries: readonly Entry[]): RollcallSocket[] {
  const settled = entries
    .filter(([, { looks }]) => looks >= SETTLED_LOOKS)
    .sort(([, a], [, b]) => b.looks - a.looks || b.bytes - a.bytes);
  let total = settled.reduce((sum, [, { bytes }]) => sum + bytes, 0);
  const over: RollcallSocket[] = [];
  for (const [socket, { bytes }] of settled) {
    if (total <= mostBytes) break;
    over.push(socket);
    total -= bytes;
  }
  return over;
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
