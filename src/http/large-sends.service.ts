/*
 * Answers that are ready and may be megabytes: to hand one to the kernel takes as long as ten small requests. Of many who
 * ask for one at a time each waits for those before, and after every few milliseconds of them everybody else has a turn.
 * Unlike answers that have to be made they leave no time unused: all that waits is theirs. Holds who waits, in memory.
 */
import { Injectable } from '@nestjs/common';
import { setImmediate } from 'node:timers/promises';

/** So much is sent before others of the pod have their turn. */
const WORK_MS = 5;

/** What shows no more than so many connections, or channels, is as quickly sent as any answer. */
export const SMALL_CONNECTIONS = 500;

@Injectable()
export class LargeSends {
  private readonly waiting: (() => void)[] = [];
  private isRunning = false;

  /** Resolves when an answer may be sent, which is to be done without waiting for anything more; with how long that took, in ms. */
  async turn(): Promise<number> {
    const startedMs = performance.now();
    await new Promise<void>((resolve) => {
      this.waiting.push(resolve);
      if (!this.isRunning) void this.run();
    });
    return performance.now() - startedMs;
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    let startedMs = performance.now();
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      next();
      // When nothing is left that waits for nothing, it was sent.
      await new Promise((resolve) => process.nextTick(resolve));
      if (performance.now() - startedMs < WORK_MS) continue;
      await setImmediate();
      startedMs = performance.now();
    }
    this.isRunning = false;
  }
}
