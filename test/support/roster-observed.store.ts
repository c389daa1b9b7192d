import {
  type Batch,
  type ConnectionRow,
  type Head,
  type LogEntry,
  MemoryRosterStore,
  RosterStore,
  type Snapshot,
} from '@rollcall/roster';

/** A memory store that notes each batch, holds back its answers while `held`, and fails on demand. */
export class ObservedStore extends RosterStore {
  readonly batches: Batch[] = [];
  failure: { readonly error: Error; readonly applied: boolean } | undefined;
  private readonly memory = new MemoryRosterStore({ now: () => 0, offlineGraceMs: 3000 });
  private release: (() => void) | undefined;
  private gate: Promise<void> = Promise.resolve();

  hold(): void {
    this.gate = new Promise((resolve) => (this.release = resolve));
  }

  answer(): void {
    this.release?.();
  }

  override async apply(host: string, batch: Batch): Promise<Head> {
    this.batches.push(batch);
    const failure = this.failure;
    this.failure = undefined;
    await this.gate;
    if (failure?.applied !== false) {
      const head = await this.memory.apply(host, batch);
      if (failure === undefined) return head;
    }
    throw failure.error;
  }

  override head(host: string): Promise<Head> {
    return this.memory.head(host);
  }

  override snapshot(host: string): Promise<Snapshot> {
    return this.memory.snapshot(host);
  }

  override follow(host: string, listener: (entry: LogEntry) => void): Promise<() => void> {
    return this.memory.follow(host, listener);
  }

  override hosts(): Promise<readonly string[]> {
    return this.memory.hosts();
  }

  async rows(host: string): Promise<ConnectionRow[]> {
    return [...(await this.snapshot(host)).rows];
  }
}
