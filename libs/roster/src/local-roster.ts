/*
 * What this pod knows of its own connections on one host: the truth of which the store is the shared copy. Each
 * mutation changes the truth at once and in the caller's order, so no event of a connection can overtake another;
 * what has changed is written in batches, one in flight at a time. What cancels out before it was written (a join and
 * its leave) is never written. A crash loses nothing that was acknowledged.
 *
 * A batch that was sent is frozen: until the store has answered, exactly it is sent again under its number, and the
 * store applies it once. When the store no longer knows the pod (it was swept, or writes were lost), there is one way
 * back: register anew, read what the store has, and write the difference.
 */
import type { ChannelKind } from '@rollcall/contract';
import type { Deferred } from './deferred';
import { type LocalConnection, LocalConnections, type Sent } from './local-connections';
import { PendingChanges, type Written } from './pending-changes';
import type { ChosenStatus } from './presence-view';
import type { UserClaims } from './profile';
import {
  type Beat,
  type Known,
  type PodLife,
  type RosterStore,
  type Standing,
  StoreUnavailable,
  type UserWrite,
} from './roster.store';
import { backOffMs, type Timing } from './timing';

export interface LocalRosterOptions {
  readonly host: string;
  readonly instance: string;
  /** The pod's lives on the host so far: a number that comes again would let a late call of an old life pass for new. */
  readonly livesBefore?: number;
  readonly store: RosterStore;
  readonly timing: Timing;
  /** Runs the flush a little later, so that changes gather. */
  readonly defer: (flush: () => void) => void;
  /** Learns who may not be there any more before everybody who is here is written down anew. Never rejects. */
  readonly beforeOpen?: () => Promise<void>;
  /** What users of this host had chosen, as far as this pod has seen it: written back after a loss. */
  readonly choiceOf: (userId: string) => ChosenStatus | undefined;
  /** Something failed that is not the store being away: it is tried again, but somebody should know. */
  readonly report: (error: unknown) => void;
}

export interface LocalUser extends Standing {
  readonly id: string;
  readonly claims: UserClaims | null;
}

export class LocalRoster {
  private readonly connections = new LocalConnections();
  private generation: number;
  private sequence = 0;
  private opened = false;
  /** Where the roster was when the store last told. */
  private known: Known | undefined;
  /** The store has something of this pod that it does not know of. */
  private disowned = false;
  private away = false;
  private stopped = false;
  /** What the store had to be told when this life began, and has not been yet. */
  private missing = new Set<string>();
  private readonly pending = new PendingChanges();
  private running = false;
  private scheduled = false;
  /** Counts the calls to the store: a beat that others passed by proves nothing. */
  private calls = 0;

  constructor(private readonly options: LocalRosterOptions) {
    this.generation = options.livesBefore ?? 0;
  }

  get host(): string {
    return this.options.host;
  }

  get life(): PodLife {
    return { instance: this.options.instance, generation: this.generation };
  }

  get size(): number {
    return this.connections.size;
  }

  /** Registered with the store, or about to be: it must be kept alive there. */
  get isRegistered(): boolean {
    return this.opened;
  }

  /** The store has in this epoch what this pod had when it registered; what came since is on its way as ever. */
  isWrittenIn(epoch: string): boolean {
    return this.connections.size === 0 || (this.opened && this.known?.epoch === epoch && this.missing.size === 0);
  }

  /** Nothing here and nothing on its way. */
  get isIdle(): boolean {
    return this.connections.size === 0 && !this.running && !this.scheduled;
  }

  has(connectionId: string): boolean {
    return this.connections.get(connectionId) !== undefined;
  }

  isMember(connectionId: string, kind: ChannelKind, channel: string): boolean {
    return this.connections.get(connectionId)?.channels.some((m) => m.kind === kind && m.channel === channel) ?? false;
  }

  channelCount(connectionId: string): number {
    return this.connections.get(connectionId)?.channels.length ?? 0;
  }

  /** What the names of its channels take in UTF-8, together. */
  channelNamesBytes(connectionId: string): number {
    let bytes = 0;
    for (const { channel } of this.connections.get(connectionId)?.channels ?? []) bytes += Buffer.byteLength(channel);
    return bytes;
  }

  channelsOf(connectionId: string): { readonly kind: ChannelKind; readonly channel: string }[] {
    return (this.connections.get(connectionId)?.channels ?? []).map(({ kind, channel }) => ({ kind, channel }));
  }

  connect(connectionId: string, user: LocalUser | null): Promise<Written> {
    this.connections.set(connectionId, {
      userId: user?.id ?? null,
      claims: user?.claims ?? null,
      erasedAtMs: user?.erasedAtMs ?? 0,
      tenant: user?.tenant ?? 0,
      active: true,
      channels: [],
    });
    return this.touch(connectionId);
  }

  join(connectionId: string, kind: ChannelKind, channel: string): Promise<Written> {
    return this.change(connectionId, (connection) => {
      if (this.isMember(connectionId, kind, channel)) return false;
      // Not by a spread, which would reserve room for sixteen more.
      connection.channels = connection.channels.concat({ kind, channel });
      return true;
    });
  }

  leave(connectionId: string, kind: ChannelKind, channel: string): Promise<Written> {
    return this.change(connectionId, (connection) => {
      if (!this.isMember(connectionId, kind, channel)) return false;
      connection.channels = connection.channels.filter((m) => m.kind !== kind || m.channel !== channel);
      return true;
    });
  }

  setActive(connectionId: string, active: boolean): Promise<Written> {
    return this.change(connectionId, (connection) => {
      if (connection.active === active) return false;
      connection.active = active;
      return true;
    });
  }

  disconnect(connectionId: string): Promise<Written> {
    return this.connections.delete(connectionId) ? this.touch(connectionId) : this.settled(connectionId);
  }

  /** A user's own choice; absent fields keep what is stored. */
  setUser(userId: string, choice: Omit<UserWrite, 'userId'>): Promise<Written> {
    return this.promised(this.pending.choose(userId, choice));
  }

  /**
   * Renews the lease and compares what the store has of this pod with what was sent. A difference is mended in the
   * background. @throws StoreUnavailable
   */
  async beat(): Promise<Beat> {
    const { life, calls: callsBefore } = this;
    const quiet = !this.pending.isUnderWay;
    const beat = await this.options.store.beat(this.host, life);
    // The answer is about a life that is over.
    if (!this.opened || life.generation !== this.generation) return beat;
    if (beat.own === undefined) this.reopen();
    else if (quiet && !this.pending.isUnderWay && callsBefore === this.calls) {
      const { sequence, rows } = beat.own;
      if (sequence < this.sequence) await this.options.store.renewEpoch(this.host, beat.head.epoch);
      if (sequence !== this.sequence || rows !== this.connections.stored) this.reopen();
      else this.known = beat.head;
    }
    return beat;
  }

  /** The store has a lease of this pod, but the pod is not registered: a late call or a failover brought it back. */
  reclaim(): void {
    if (this.opened || this.running || this.scheduled) return;
    this.disowned = true;
    this.schedule();
  }

  /** The pod ends: nothing is tried again. What is not in the store by now is gone with the pod. */
  stop(): void {
    this.stopped = true;
  }

  /** Takes the pod off the host: its rows are gone already. */
  async close(): Promise<void> {
    if (!this.opened) return;
    await this.options.store.close(this.host, this.life);
    this.opened = false;
    // Somebody may have come meanwhile.
    if (this.hasWork()) this.schedule();
  }

  private change(connectionId: string, mutate: (connection: LocalConnection) => boolean): Promise<Written> {
    const connection = this.connections.get(connectionId);
    return connection !== undefined && mutate(connection) ? this.touch(connectionId) : this.settled(connectionId);
  }

  private touch(connectionId: string): Promise<Written> {
    return this.promised(this.pending.touch(connectionId));
  }

  /** While the store is away nobody waits for it: answers come at once. */
  private promised(done: Deferred<Written>): Promise<Written> {
    this.schedule();
    return this.away ? Promise.resolve('degraded') : done.promise;
  }

  /** Resolves when what is so already is also so in the store. */
  private settled(connectionId: string): Promise<Written> {
    const done = this.pending.waitingFor(connectionId);
    if (done === undefined) return Promise.resolve('stored');
    return this.away ? Promise.resolve('degraded') : done.promise;
  }

  private reopen(): void {
    this.opened = false;
    this.schedule();
  }

  private schedule(): void {
    if (this.running || this.scheduled) return;
    this.scheduled = true;
    this.options.defer(() => {
      this.scheduled = false;
      void this.run();
    });
  }

  private async run(): Promise<void> {
    this.running = true;
    for (let failures = 0; this.hasWork();) {
      try {
        await this.step();
        failures = 0;
        this.away = false;
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) {
          this.options.report(error);
          // Sent again as it is, it would fail again.
          this.opened = false;
        }
        this.away = true;
        this.pending.degrade();
        await this.options.timing.wait(backOffMs(failures));
        failures += 1;
      }
    }
    this.running = false;
  }

  private hasWork(): boolean {
    if (this.stopped) return false;
    return !this.pending.isEmpty || (!this.opened && (this.connections.size > 0 || this.disowned));
  }

  private async step(): Promise<void> {
    if (!this.opened) return this.open();
    const difference = (connectionId: string): Sent[] => this.connections.difference(connectionId);
    const { sent, users, sequence, connections } = this.pending.freeze(this.sequence + 1, difference);
    if (sent.length + users.length > 0) {
      this.calls += 1;
      const rows = sent.map(({ connectionId, row }) => ({ connectionId, row }));
      const batch = { ...this.life, sequence, rows, users: users.map(({ write }) => write) };
      const applied = await this.options.store.apply(this.host, batch);
      if (applied.state === 'gap') await this.options.store.renewEpoch(this.host, applied.epoch);
      if (applied.state !== 'ok') {
        this.opened = false;
        return;
      }
      this.sequence = sequence;
      this.known = applied.head;
      this.connections.acknowledge(sent, users.length, applied.head);
    }
    for (const connectionId of connections.keys()) this.missing.delete(connectionId);
    this.pending.settle();
  }

  /** Registers a new life, and finds out what is left of the old one. */
  private async open(): Promise<void> {
    await this.options.beforeOpen?.();
    this.calls += 1;
    this.generation += 1;
    const opened = await this.options.store.open(this.host, this.life, this.known);
    if (opened.state === 'old') {
      this.generation = opened.generation;
      return;
    }
    const lost = this.known !== undefined && this.known.epoch !== opened.epoch;
    this.pending.thaw();
    this.disowned = false;
    this.sequence = 0;
    this.known = { epoch: opened.epoch, revision: this.known?.revision ?? 0 };
    this.connections.recover(opened.rows);
    for (const connectionId of this.connections.ids()) this.pending.touch(connectionId);
    this.missing = new Set(this.pending.touched());
    if (lost) this.restoreChoices();
    this.opened = true;
  }

  private restoreChoices(): void {
    for (const [userId, standing] of this.connections.users()) {
      const choice = this.options.choiceOf(userId);
      if (choice === undefined) continue;
      // What was seen may be from before an erasure that whoever is here came after.
      const erasedAtMs = Math.min(choice.erasedAtMs, standing.erasedAtMs);
      this.pending.restore(userId, { ...choice, ...standing, erasedAtMs });
    }
  }
}
