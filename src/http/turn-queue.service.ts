/*
 * Whose large answers are made when. One that shows tens of thousands of users takes as long as thousands of other events:
 * they are made one at a time, each followed by a pause as long as it took, so that together, over sockets and REST, they
 * never take more than half of the pod; and those who ask take turns, so that whoever asks for many keeps only themselves
 * waiting. Holds who waits, in this process's memory; a crash costs them their connections as well.
 */
import { Injectable } from '@nestjs/common';
import { setTimeout } from 'node:timers/promises';

/** The pause after an answer, measured in the time that it took. */
const PAUSE = 1;

/** So much is done before others of the pod have their turn. */
const WORK_MS = 2;

interface Waiting {
  readonly gone: AbortSignal;
  /** `false`: it is not waited for any longer. */
  readonly end: (isTime: boolean) => void;
}

@Injectable()
export class TurnQueue {
  /** A client takes an answer that comes much later for lost, and asks again: what it has waited for would be made in vain. */
  protected readonly waitMaxMs: number = 10_000;
  /** By who asks; who comes next is first. */
  private readonly queues = new Map<string, Set<Waiting>>();
  private running = false;

  /** How many answers somebody waits for, in all or with one signal. How many that may be is for those who ask to say. */
  waitingOf(whose: string, gone?: AbortSignal): number {
    const queue = this.queues.get(whose) ?? new Set();
    if (gone === undefined) return queue.size;
    let count = 0;
    for (const waiting of queue) if (waiting.gone === gone) count += 1;
    return count;
  }

  /**
   * Whether it is time: then an answer may be made, which is to be done without waiting for anything more. If not, `gone`
   * was aborted, or it would take too long.
   */
  turn(whose: string, gone: AbortSignal): Promise<boolean> {
    return this.wait(whose, gone, (waiting, others) => others.add(waiting));
  }

  /**
   * The same for the next part of an answer that takes several turns: before all others who ask in the same name, so that
   * no two of them hold what they have found so far.
   */
  nextTurn(whose: string, gone: AbortSignal): Promise<boolean> {
    return this.wait(whose, gone, (waiting, others) => new Set([waiting, ...others]));
  }

  private wait(
    whose: string,
    gone: AbortSignal,
    placed: (waiting: Waiting, others: Set<Waiting>) => Set<Waiting>,
  ): Promise<boolean> {
    if (gone.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const waiting: Waiting = {
        gone,
        end: (isTime) => {
          clearTimeout(giveUp);
          gone.removeEventListener('abort', leave);
          this.remove(whose, waiting);
          resolve(isTime);
        },
      };
      const leave = (): void => waiting.end(false);
      const giveUp = globalThis.setTimeout(leave, this.waitMaxMs).unref();
      gone.addEventListener('abort', leave);
      this.queues.set(whose, placed(waiting, this.queues.get(whose) ?? new Set()));
      if (!this.running) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.running = true;
    let workMs = 0;
    for (let next = this.take(); next !== undefined; next = this.take()) {
      const startedMs = performance.now();
      next.end(true);
      // When nothing is left that waits for nothing, the answer was made and sent.
      await new Promise((resolve) => process.nextTick(resolve));
      workMs += performance.now() - startedMs;
      // Many are small after all, and on a busy pod each turn of the event loop takes its time.
      if (workMs < WORK_MS) continue;
      await setTimeout(PAUSE * workMs, undefined, { ref: false });
      workMs = 0;
    }
    this.running = false;
  }

  /** Who is next; whoever it is goes to the end of the order. */
  private take(): Waiting | undefined {
    for (const [whose, queue] of this.queues) {
      const [next] = queue;
      this.queues.delete(whose);
      this.queues.set(whose, queue);
      return next;
    }
    return undefined;
  }

  private remove(whose: string, waiting: Waiting): void {
    const queue = this.queues.get(whose);
    queue?.delete(waiting);
    if (queue?.size === 0) this.queues.delete(whose);
  }
}
