import {
  type Applied,
  type Batch,
  type ConnectionRow,
  type Known,
  MemoryRosterStore,
  type Opened,
  type PodLife,
  type UserRecord,
} from '@rollcall/roster';

/** A memory store that notes each batch and each life, holds back its answers while `held`, and fails on demand. */
export class ObservedStore extends MemoryRosterStore {
  readonly batches: Batch[] = [];
  readonly lives: { readonly life: PodLife; readonly known: Known | undefined }[] = [];
  /** The next batch fails, before or after it was applied. */
  failure: { readonly error: Error; readonly applied: boolean } | undefined;
  private release: (() => void) | undefined;
  private gate: Promise<void> = Promise.resolve();

  constructor(readonly times = { now: () => 0, graceMs: 3000, leaseMs: 6000 }) {
    super(times);
  }

  hold(): void {
    this.gate = new Promise((resolve) => (this.release = resolve));
  }

  answer(): void {
    this.release?.();
  }

  override async open(host: string, life: PodLife, known: Known | undefined): Promise<Opened> {
    this.lives.push({ life, known });
    return super.open(host, life, known);
  }

  override async apply(host: string, batch: Batch): Promise<Applied> {
    this.batches.push(batch);
    const failure = this.failure;
    this.failure = undefined;
    await this.gate;
    if (failure?.applied !== false) {
      const applied = await super.apply(host, batch);
      if (failure === undefined) return applied;
    }
    throw failure.error;
  }

  async rows(host: string): Promise<ConnectionRow[]> {
    return [...(await this.snapshot(host)).rows.values()];
  }

  async user(host: string, userId: string): Promise<UserRecord | undefined> {
    return (await this.snapshot(host)).users.get(userId);
  }
}
