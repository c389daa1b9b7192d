/*
 * What this pod knows of its own connections on one host: the truth of which the store is the shared copy. Each
 * mutation changes the truth at once and in the caller's order, so no event of a connection can overtake another;
 * what has changed is written in batches, one in flight at a time, and each mutation's promise resolves when a batch
 * that holds it is in the store. What cancels out before it was written (a join and its leave) is never written.
 * A crash loses nothing that was acknowledged.
 */
import type { ChannelKind, Status } from '@rollcall/contract';
import type { UserClaims } from './profile';
import type { Batch, Head, RosterStore, RowState, RowWrite, UserWrite } from './roster.store';
import type { Since } from './row';

/** A batch this large takes a shared store a few milliseconds; a larger one would keep others waiting. */
const BATCH_MAX = 500;

interface LocalMembership {
  readonly kind: ChannelKind;
  readonly channel: string;
  /** Known once the store has answered. */
  since?: number;
}

interface LocalConnection {
  readonly userId: string | null;
  readonly claims: UserClaims | null;
  active: boolean;
  since?: Since;
  /** Replaced, never changed in place: what was sent must stay as it was. */
  channels: readonly LocalMembership[];
}

interface Written {
  readonly connection: LocalConnection | undefined;
  readonly active: boolean;
  readonly channels: readonly LocalMembership[];
}

/** What is known after a batch failed, which may have been applied all the same: the next one must write the row. */
const UNSURE: Written = { connection: undefined, active: false, channels: [] };

interface Waiting {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

interface Pending<Write> {
  readonly waiting: Waiting;
  readonly write: Write;
}

const waiting = (): Waiting => {
  let resolve!: () => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<void>((fulfil, fail) => {
    resolve = fulfil;
    reject = fail;
  });
  // Nobody may be waiting any more (a connection that is gone): then a failure is the next batch's to mend.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
};

export interface LocalRosterOptions {
  readonly host: string;
  readonly pod: string;
  readonly store: RosterStore;
  /** The number of the next batch; grows for as long as the pod lives. */
  readonly nextSequence: () => number;
  /** Runs the flush a little later, so that changes gather. */
  readonly defer: (flush: () => void) => void;
}

export class LocalRoster {
  private readonly connections = new Map<string, LocalConnection>();
  private readonly written = new Map<string, Written>();
  private dirty = new Map<string, Waiting>();
  private dirtyUsers = new Map<string, Pending<UserWrite>>();
  private inFlight = new Map<string, Waiting>();
  private flushing = false;
  private scheduled = false;

  constructor(private readonly options: LocalRosterOptions) {}

  get size(): number {
    return this.connections.size;
  }

  /** Nothing here and nothing on its way: the roster may be let go. */
  get isIdle(): boolean {
    return this.connections.size === 0 && !this.flushing && !this.scheduled;
  }

  has(connectionId: string): boolean {
    return this.connections.has(connectionId);
  }

  isMember(connectionId: string, kind: ChannelKind, channel: string): boolean {
    return this.connections.get(connectionId)?.channels.some((m) => m.kind === kind && m.channel === channel) ?? false;
  }

  channelCount(connectionId: string): number {
    return this.connections.get(connectionId)?.channels.length ?? 0;
  }

  connect(connectionId: string, user: { id: string; claims: UserClaims | null } | null): Promise<void> {
    this.connections.set(connectionId, {
      userId: user?.id ?? null,
      claims: user?.claims ?? null,
      active: true,
      channels: [],
    });
    return this.touch(connectionId);
  }

  join(connectionId: string, kind: ChannelKind, channel: string): Promise<void> {
    const connection = this.connections.get(connectionId);
    if (connection === undefined || this.isMember(connectionId, kind, channel)) return this.settled(connectionId);
    connection.channels = [...connection.channels, { kind, channel }];
    return this.touch(connectionId);
  }

  leave(connectionId: string, kind: ChannelKind, channel: string): Promise<void> {
    const connection = this.connections.get(connectionId);
    if (connection === undefined || !this.isMember(connectionId, kind, channel)) return this.settled(connectionId);
    connection.channels = connection.channels.filter((m) => m.kind !== kind || m.channel !== channel);
    return this.touch(connectionId);
  }

  setActive(connectionId: string, active: boolean): Promise<void> {
    const connection = this.connections.get(connectionId);
    if (connection === undefined || connection.active === active) return this.settled(connectionId);
    connection.active = active;
    return this.touch(connectionId);
  }

  disconnect(connectionId: string): Promise<void> {
    if (!this.connections.delete(connectionId)) return this.settled(connectionId);
    return this.touch(connectionId);
  }

  /** A user's own choice; absent fields keep what is stored. */
  setUser(userId: string, choice: { status?: Status; statusText?: string; forget?: boolean }): Promise<void> {
    const pending = this.dirtyUsers.get(userId);
    const earlier = choice.forget ? undefined : pending?.write;
    const write: UserWrite = {
      userId,
      status: choice.status ?? earlier?.status,
      statusText: choice.statusText ?? earlier?.statusText,
      forget: choice.forget || earlier?.forget,
    };
    const done = pending?.waiting ?? waiting();
    this.dirtyUsers.set(userId, { waiting: done, write });
    this.schedule();
    return done.promise;
  }

  private touch(connectionId: string): Promise<void> {
    let done = this.dirty.get(connectionId);
    if (done === undefined) {
      done = waiting();
      this.dirty.set(connectionId, done);
    }
    this.schedule();
    return done.promise;
  }

  /** Resolves when what is so already is also so in the store. */
  private settled(connectionId: string): Promise<void> {
    return (this.dirty.get(connectionId) ?? this.inFlight.get(connectionId))?.promise ?? Promise.resolve();
  }

  private schedule(): void {
    if (this.flushing || this.scheduled) return;
    this.scheduled = true;
    this.options.defer(() => {
      this.scheduled = false;
      void this.flush();
    });
  }

  private async flush(): Promise<void> {
    this.flushing = true;
    const ids = this.take();
    const users = [...this.dirtyUsers.values()];
    this.dirtyUsers = new Map();
    const sent = [...ids.keys()].flatMap((connectionId) => this.difference(connectionId));
    this.inFlight = ids;
    const everyone = [...ids.values(), ...users.map((user) => user.waiting)];
    try {
      if (sent.length + users.length > 0) await this.apply(sent, users);
      for (const done of everyone) done.resolve();
    } catch (error) {
      for (const { connectionId } of sent) this.written.set(connectionId, UNSURE);
      for (const connectionId of ids.keys()) if (!this.dirty.has(connectionId)) this.dirty.set(connectionId, waiting());
      for (const done of everyone) done.reject(error);
    } finally {
      this.inFlight = new Map();
      this.flushing = false;
      if (this.dirty.size + this.dirtyUsers.size > 0) this.schedule();
    }
  }

  private take(): Map<string, Waiting> {
    if (this.dirty.size <= BATCH_MAX) {
      const all = this.dirty;
      this.dirty = new Map();
      return all;
    }
    const first = new Map([...this.dirty].slice(0, BATCH_MAX));
    for (const connectionId of first.keys()) this.dirty.delete(connectionId);
    return first;
  }

  /** The write that takes the store from what it was last told of the connection to the truth, if there is one. */
  private difference(connectionId: string): Sent[] {
    const truth = this.connections.get(connectionId);
    const written = this.written.get(connectionId);
    if (truth === undefined) return written === undefined ? [] : [{ connectionId, row: null }];
    if (written !== undefined && isSame(written, truth)) return [];
    const { userId, claims, active, since, channels } = truth;
    return [{ connectionId, row: { userId, claims, active, since, channels }, connection: truth }];
  }

  private async apply(sent: readonly Sent[], users: readonly Pending<UserWrite>[]): Promise<void> {
    const { host, pod, store, nextSequence } = this.options;
    const rows: RowWrite[] = sent.map(({ connectionId, row }) => ({ connectionId, row: row && frozen(row) }));
    const batch: Batch = { pod, sequence: nextSequence(), rows, users: users.map(({ write }) => write) };
    const head = await store.apply(host, batch);
    this.acknowledge(sent, head, head.revision - rows.length - users.length);
  }

  private acknowledge(sent: readonly Sent[], { atMs }: Head, before: number): void {
    sent.forEach(({ connectionId, row, connection }, index) => {
      if (row === null || connection === undefined) {
        this.written.delete(connectionId);
        return;
      }
      const revision = before + index + 1;
      connection.since ??= { revision, atMs };
      for (const membership of row.channels) membership.since ??= revision;
      this.written.set(connectionId, { connection, active: row.active, channels: row.channels });
    });
  }
}

interface Sent {
  readonly connectionId: string;
  readonly row: (Omit<RowState, 'channels'> & { readonly channels: readonly LocalMembership[] }) | null;
  readonly connection?: LocalConnection;
}

/** A membership that was left and joined again is another one, with a new place in the order. */
const isSame = (written: Written, truth: LocalConnection): boolean =>
  written.connection === truth &&
  written.active === truth.active &&
  written.channels.length === truth.channels.length &&
  written.channels.every((membership, index) => membership === truth.channels[index]);

/** A copy that later changes of the truth do not reach. */
const frozen = (row: RowState): RowState => ({
  ...row,
  channels: row.channels.map((membership) => ({ ...membership })),
});
