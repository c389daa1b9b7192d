import type { Batch, ConnectionRow, Head, LogEntry, RosterStore, RowState, UserRecord } from '@rollcall/roster';

export interface RosterStoreHarness {
  readonly store: RosterStore;
  /** Moves the store's clock, backwards too; `undefined` for a store whose clock nobody can move. */
  readonly advanceClock: ((ms: number) => void) | undefined;
  close(): Promise<void>;
}

export interface RosterStoreOptions {
  /** How long the stores made here keep showing a user who left. */
  readonly offlineGraceMs: number;
  /** Whether the harness has `advanceClock`; without it the rows about the passing of time are left out. */
  readonly movesClock: boolean;
}

/** A pod of a test: numbers its batches, and writes to one host. */
export class Writer {
  private sequence = 0;

  constructor(
    private readonly store: RosterStore,
    private readonly host: string,
    readonly pod: string,
  ) {}

  batch(changes: Partial<Pick<Batch, 'rows' | 'users'>>): Batch {
    this.sequence += 1;
    return { pod: this.pod, sequence: this.sequence, rows: [], users: [], ...changes };
  }

  write(changes: Partial<Pick<Batch, 'rows' | 'users'>>): Promise<Head> {
    return this.store.apply(this.host, this.batch(changes));
  }

  row(connectionId: string, row: RowState): Promise<Head> {
    return this.write({ rows: [{ connectionId, row }] });
  }

  gone(...connectionIds: string[]): Promise<Head> {
    return this.write({ rows: connectionIds.map((connectionId) => ({ connectionId, row: null })) });
  }
}

export const rowOf = (userId: string | null, state: Partial<RowState> = {}): RowState => ({
  userId,
  claims: null,
  active: true,
  channels: [],
  ...state,
});

export const inChannels = (...channels: string[]): Pick<RowState, 'channels'> => ({
  channels: channels.map((channel) => ({ kind: 'authenticated', channel })),
});

/** What a snapshot holds, for looking things up. */
export interface Stored {
  readonly head: Head;
  readonly rows: Map<string, ConnectionRow>;
  readonly users: Map<string, UserRecord>;
}

export async function stored(store: RosterStore, host: string): Promise<Stored> {
  const { head, rows, users } = await store.snapshot(host);
  return { head, rows: new Map([...rows].map((row) => [row.connectionId, row])), users: new Map(users) };
}

/** Collects a host's entries; `upTo` waits for them, for a store that tells its listeners a little later. */
export class Heard {
  readonly entries: LogEntry[] = [];
  private stop: () => void = () => undefined;
  private waiting: { readonly revision: number; resolve(): void }[] = [];

  static async on(store: RosterStore, host: string): Promise<Heard> {
    const heard = new Heard();
    heard.stop = await store.follow(host, (entry) => heard.take(entry));
    return heard;
  }

  async upTo({ revision }: Pick<Head, 'revision'>): Promise<readonly LogEntry[]> {
    if ((this.entries.at(-1)?.toRevision ?? -1) < revision) {
      await new Promise<void>((resolve) => this.waiting.push({ revision, resolve }));
    }
    return this.entries;
  }

  close(): void {
    this.stop();
  }

  private take(entry: LogEntry): void {
    this.entries.push(entry);
    const reached = this.waiting.filter(({ revision }) => revision <= entry.toRevision);
    this.waiting = this.waiting.filter(({ revision }) => revision > entry.toRevision);
    for (const { resolve } of reached) resolve();
  }
}
