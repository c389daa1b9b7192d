/*
 * What a pod has yet to tell the store about one host: connections that have changed, choices of users, and the batch
 * that is under way, with those who wait for each of them. Only the local roster writes here; lost with the pod.
 */
import { Deferred } from './deferred';
import type { Sent } from './local-connections';
import { choosesAnything, type UserWrite } from './roster.store';

/** A batch this large takes a shared store about 3 ms; a larger one would keep others waiting. */
const BATCH_MAX = 250;

/** The same for rows with many channels: about as many characters of names are in a batch at most. */
const BATCH_LENGTH_MAX = 64_000;

/** `stored`: every pod's next answer shows it. `degraded`: the store is away; it is kept here and written when it is back. */
export type Written = 'stored' | 'degraded';

type Choice = Omit<UserWrite, 'userId'>;

interface PendingUser {
  readonly write: UserWrite;
  readonly done: Deferred<Written>;
}

/** A batch as it was sent: until the store has answered, exactly this is sent again. */
export interface Frozen {
  readonly connections: ReadonlyMap<string, Deferred<Written>>;
  readonly users: readonly PendingUser[];
  readonly sent: readonly Sent[];
  readonly sequence: number;
}

export class PendingChanges {
  private readonly connections = new Map<string, Deferred<Written>>();
  private readonly users = new Map<string, PendingUser>();
  private batch: Frozen | undefined;

  get isEmpty(): boolean {
    return this.connections.size + this.users.size === 0 && this.batch === undefined;
  }

  get isUnderWay(): boolean {
    return this.batch !== undefined;
  }

  /** The connection has to be looked at when the next batch is made. */
  touch(connectionId: string): Deferred<Written> {
    let done = this.connections.get(connectionId);
    if (done === undefined) {
      done = new Deferred();
      this.connections.set(connectionId, done);
    }
    return done;
  }

  /** Settled when what is so already is also so in the store; `undefined`: it is. */
  waitingFor(connectionId: string): Deferred<Written> | undefined {
    return this.connections.get(connectionId) ?? this.batch?.connections.get(connectionId);
  }

  /** The connections that no batch has taken yet. */
  touched(): Iterable<string> {
    return this.connections.keys();
  }

  choose(userId: string, choice: Choice): Deferred<Written> {
    const pending = this.users.get(userId);
    const done = pending?.done ?? new Deferred<Written>();
    this.users.set(userId, { done, write: merged(userId, pending?.write, choice) });
    return done;
  }

  /** What was chosen before a loss: whatever is pending came later. */
  restore(userId: string, choice: Choice): void {
    const pending = this.users.get(userId);
    const restored = { userId, ...choice, restore: true };
    const write = pending === undefined ? restored : merged(userId, restored, pending.write);
    this.users.set(userId, { write, done: pending?.done ?? new Deferred() });
  }

  /** The batch under way, or the next one. `difference`: what there is to write of a connection. */
  freeze(sequence: number, difference: (connectionId: string) => readonly Sent[]): Frozen {
    if (this.batch !== undefined) return this.batch;
    const connections = new Map<string, Deferred<Written>>();
    const sent: Sent[] = [];
    let length = 0;
    for (const [connectionId, done] of this.connections) {
      if (connections.size >= BATCH_MAX || length >= BATCH_LENGTH_MAX) break;
      this.connections.delete(connectionId);
      connections.set(connectionId, done);
      for (const write of difference(connectionId)) {
        sent.push(write);
        for (const { channel } of write.memberships) length += channel.length;
      }
    }
    const users = [...this.users.values()].slice(0, BATCH_MAX);
    for (const { write } of users) this.users.delete(write.userId);
    this.batch = { connections, users, sent, sequence };
    return this.batch;
  }

  /** The batch is in the store. */
  settle(): void {
    const { connections, users } = this.batch ?? NOTHING;
    this.batch = undefined;
    for (const done of connections.values()) done.resolve('stored');
    for (const { done } of users) done.resolve('stored');
  }

  /** The batch will not be sent any more: what it was to say is said anew. */
  thaw(): void {
    const { connections, users } = this.batch ?? NOTHING;
    this.batch = undefined;
    for (const [connectionId, done] of connections) {
      const later = this.connections.get(connectionId);
      if (later === undefined) this.connections.set(connectionId, done);
      else later.passTo(done);
    }
    for (const { write, done } of users) {
      const later = this.users.get(write.userId);
      if (later === undefined) this.users.set(write.userId, { write, done });
      else {
        this.users.set(write.userId, { write: merged(write.userId, write, later.write), done: later.done });
        later.done.passTo(done);
      }
    }
  }

  /** Everybody who waits gets an answer now; the changes stay. */
  degrade(): void {
    const { connections, users } = this.batch ?? NOTHING;
    for (const done of [...this.connections.values(), ...connections.values()]) done.resolve('degraded');
    for (const { done } of [...this.users.values(), ...users]) done.resolve('degraded');
  }
}

const NOTHING: Pick<Frozen, 'connections' | 'users'> = { connections: new Map(), users: [] };

/** Two choices of one user in one write: the later one's fields win, unless one of them is from before an erasure. */
function merged(userId: string, earlier: UserWrite | undefined, later: Choice): UserWrite {
  const isOnes = earlier === undefined || (earlier.tenant ?? 0) === (later.tenant ?? 0);
  const [saidEarlier, saidLater] = [earlier?.erasedAtMs ?? 0, later.erasedAtMs ?? 0];
  if (earlier !== undefined && isOnes && saidLater < saidEarlier) return earlier;
  const kept = !isOnes || saidLater > saidEarlier ? undefined : earlier;
  return {
    userId,
    status: later.status ?? kept?.status,
    statusText: later.statusText ?? kept?.statusText,
    untilMs: (choosesAnything(later) ? later : kept)?.untilMs,
    erasedAtMs: later.erasedAtMs,
    tenant: later.tenant,
    erases: later.erases || kept?.erases,
    restore: later.restore && (earlier === undefined || earlier.restore),
  };
}
