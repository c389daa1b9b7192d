import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 20;
const LOOK_EVERY_MS = 250;

/** By how much this process's event loop is late, on average, as of a quarter of a second ago at most. */
@Injectable()
export class LoopLag implements OnApplicationBootstrap, OnApplicationShutdown {
  private histogram: IntervalHistogram | undefined;
  private timer: NodeJS.Timeout | undefined;
  private lastMs = 0;

  onApplicationBootstrap(): void {
    this.histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.histogram.enable();
    this.timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
    this.histogram?.disable();
  }

  get ms(): number {
    return this.lastMs;
  }

  private look(): void {
    const { histogram } = this;
    if (histogram === undefined || histogram.count === 0) return;
    // It measures from one of its ticks to the next.
    this.lastMs = Math.max(0, histogram.mean / 1e6 - RESOLUTION_MS);
    histogram.reset();
  }
}
