import { Logger } from '@nestjs/common';

/** A broken connection is reported again and again; once a while is enough. */
const REPORT_EVERY_MS = 10_000;

/** Says that something goes wrong, and goes on doing so: `what` is the sentence, to which the error is added. */
export class TroubleLog {
  private readonly logger = new Logger('redis');
  private reportedAt = -Infinity;
  private closed = false;

  constructor(private readonly what: string) {}

  report(error: Error): void {
    const now = performance.now();
    if (this.closed || now - this.reportedAt < REPORT_EVERY_MS) return;
    this.reportedAt = now;
    this.logger.warn(`${this.what}: ${error.message || error.constructor.name}`);
  }

  /** From now on it is on purpose. */
  close(): void {
    this.closed = true;
  }
}
