import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Socket } from 'node:net';
import { untakenBytes } from './pipelines';
import { WaitingBytes } from './waiting-bytes';

const SWEEP_EVERY_MS = 1000;

/** As long as a request may take: everything about the largest hosts is tens of megabytes, and some read it from far away. */
const LOOKS_MAX = 30;

/** Cuts connections whose answers wait to be read, before they are more than a pod can keep: a look at all each second. */
@Injectable()
export class SlowReaders implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('http');
  private readonly waiting = new WaitingBytes<Socket>({ looks: LOOKS_MAX });
  private timer: NodeJS.Timeout | undefined;

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.sweep(), SWEEP_EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  sweep(): void {
    const over = this.waiting.look(untakenBytes());
    if (over.size === 0) return;
    this.logger.warn(`Connections that do not read what they asked for were closed: ${over.size}.`);
    for (const socket of over) socket.destroy();
  }
}
