import type {
  Batch,
  ConnectionRow,
  Head,
  Known,
  LogEntry,
  LogListener,
  Opened,
  PodLife,
  RosterStore,
  RowState,
  UserRecord,
} from '@rollcall/roster';

/** The host of most tests; that of which `advanceClock` moves the time. */
export const HOST = 'a.example';

export const OFFLINE_GRACE_MS = 3000;

/** One that no app names. */
export const MADE_UP_HOST = 'made-up.example';

export const isMadeUp = (host: string): boolean => host === MADE_UP_HOST;

/** Where it is remembered when users were last seen. */
export const remembersSeen = (host: string): boolean => host === HOST;

export interface RosterStoreHarness {
  readonly store: RosterStore;
  /** Leases that are given from now on last so long; -1: they are over when they are given. */
  leasesLast(ms: number): void;
  /** Moves the time of `HOST` on; it stands still otherwise. */
  advanceClock(ms: number): Promise<void>;
  /** Sets the store's clock back; `undefined` for a store whose clock nobody can move so. */
  readonly turnBackClock: ((ms: number) => void) | undefined;
  close(): Promise<void>;
}

/** A pod of a test: registers itself with its first write, numbers its batches, and writes to one host. */
export class Writer {
  private generation = 0;
  private sequence = 0;
  private opening: Promise<Opened> | undefined;

  constructor(
    private readonly store: RosterStore,
    private readonly host: string,
    readonly instance: string,
  ) {}

  get life(): PodLife {
    return { instance: this.instance, generation: this.generation };
  }

  /** Begins the next life. */
  open(known?: Known): Promise<Opened> {
    this.generation += 1;
    this.sequence = 0;
    this.opening = this.store.open(this.host, this.life, known);
    return this.opening;
  }

  batch(changes: Partial<Pick<Batch, 'rows' | 'users'>>): Batch {
    this.sequence += 1;
    return { ...this.life, sequence: this.sequence, rows: [], users: [], ...changes };
  }

  async write(changes: Partial<Pick<Batch, 'rows' | 'users'>>): Promise<Head> {
    await (this.opening ?? this.open());
    const applied = await this.store.apply(this.host, this.batch(changes));
    if (applied.state !== 'ok') throw new Error(`The batch was answered ${applied.state}.`);
    return applied.head;
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
  return store.snapshot(host);
}

/** The whole log, as far as it goes back. */
export async function logOf(store: RosterStore, host: string): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for (;;) {
    const page = await store.entriesAfter(host, entries.at(-1)?.toRevision ?? 0);
    if (page.length === 0) return entries;
    entries.push(...page);
  }
}

/** A listener that does nothing but hand on entries. */
export const listening = (entry: (entry: LogEntry) => void): LogListener => ({ entry, interrupted: () => undefined });

/** Collects a host's entries; `upTo` waits for them, for a store that tells its listeners a little later. */
export class Heard {
  readonly entries: LogEntry[] = [];
  private stop: () => void = () => undefined;
  private waiting: { readonly revision: number; resolve(): void }[] = [];

  static async on(store: RosterStore, host: string): Promise<Heard> {
    const heard = new Heard();
    heard.stop = await store.follow(
      host,
      listening((entry) => heard.take(entry)),
    );
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
