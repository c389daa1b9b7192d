import { type HostRules, MemoryPodRegistry, MemoryRosterStore, MemoryUserDirectory } from '@rollcall/roster';
import type { Config } from '../config/config';
import { Stores } from './stores';

/** Everything in this process, and lost with it: for a pod that is alone. */
export class MemoryStores extends Stores {
  readonly kind = 'memory';
  readonly rosters: MemoryRosterStore;
  readonly directory = new MemoryUserDirectory();
  readonly pods = new MemoryPodRegistry(Date.now);
  readonly messages = undefined;
  readonly counter = undefined;
  readonly others = [];

  constructor({ offlineGraceMs, leaseMs }: Config, rules: HostRules) {
    super();
    this.rosters = new MemoryRosterStore({ now: Date.now, graceMs: offlineGraceMs, leaseMs, ...rules });
  }

  fault(): undefined {
    return undefined;
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  onReturn(): void {
    // It is never away.
  }

  trim(): void {
    this.rosters.trim();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
