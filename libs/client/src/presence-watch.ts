import type { PresenceRow } from '@rollcall/contract';
import { Deferred } from './deferred';
import { Emitter } from './emitter';
import { RollcallError } from './rollcall-error';

export interface PresenceDifference {
  /** The rows that have really changed, as they are now; who is not seen any more has the status `offline`. */
  readonly users: readonly PresenceRow[];
  /** All was told anew, and this is how it differs from what was known. */
  readonly reset: boolean;
}

export interface PresenceWatchEvents {
  change: PresenceDifference;
  /** The service refuses it, at first or after a reconnect: the watch has ended. */
  error: RollcallError;
}

/** Live presence of some users, or of everybody: always the last that was known, and kept up while `live`. */
export class PresenceWatch {
  private readonly events = new Emitter<PresenceWatchEvents>();
  private readonly rows = new Map<string, PresenceRow>();
  private filled = new Deferred<void>();
  private state: 'empty' | 'filled' | 'stopped' | 'closed' = 'empty';
  private kept = false;

  /** @internal Made by `watchPresence`; `ids` is absent for everybody. */
  constructor(
    readonly ids: ReadonlySet<string> | undefined,
    private readonly release: (watch: PresenceWatch) => void,
  ) {}

  /** The users who are not offline, by id; the same map throughout. */
  get users(): ReadonlyMap<string, PresenceRow> {
    return this.rows;
  }

  /** Whether the picture is kept up; false while the connection is away. */
  get live(): boolean {
    return this.kept;
  }

  /** Resolves when the picture is there. Rejects with a `RollcallError` if there will be none. */
  get ready(): Promise<void> {
    return this.filled.promise;
  }

  /** A user's row; none: the user is offline. */
  get(id: string): PresenceRow | undefined {
    return this.rows.get(id);
  }

  /** Listens until the returned function is called. */
  on<Event extends keyof PresenceWatchEvents>(
    event: Event,
    listener: (payload: PresenceWatchEvents[Event]) => void,
  ): () => void {
    return this.events.on(event, listener);
  }

  close(): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.kept = false;
    this.filled.reject(new RollcallError('CLOSED', 'The watch was closed.'));
    this.release(this);
  }

  /** @internal What is known of its users, when all of them are followed. */
  keep(rows: Iterable<PresenceRow>): void {
    // By somebody who has just been told of another one.
    if (this.state === 'closed') return;
    this.kept = true;
    if (this.state === 'filled') return;
    this.state = 'filled';
    this.tell([...rows], true);
    this.filled.resolve();
  }

  /** @internal Rows that have really changed. */
  tell(changed: readonly PresenceRow[], reset: boolean): void {
    if (this.state !== 'filled') return;
    const users = this.ids === undefined ? changed : changed.filter(({ _id }) => this.ids?.has(_id));
    for (const row of users) {
      if (row.status === 'offline') this.rows.delete(row._id);
      else this.rows.set(row._id, row);
    }
    if (users.length > 0) this.events.emit('change', { users, reset });
  }

  /** @internal The session is over. */
  pause(): void {
    this.kept = false;
  }

  /** @internal There will be no session, unless somebody asks for one. */
  stop(error: RollcallError): void {
    this.pause();
    if (this.state === 'filled' || this.state === 'closed') return;
    this.state = 'stopped';
    this.filled.reject(error);
  }

  /** @internal A session begins. */
  begin(): void {
    if (this.state !== 'stopped') return;
    this.state = 'empty';
    this.filled = new Deferred();
  }

  /** @internal The service refuses it. */
  fail(error: RollcallError): void {
    this.filled.reject(error);
    this.close();
    if (error.code !== 'CLOSED') this.events.emit('error', error);
  }
}
