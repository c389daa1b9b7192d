import type { Member } from '@rollcall/contract';
import type { ChannelDifference } from './channel-roster';
import type { ChannelSubscription } from './channel-subscription';
import { Emitter } from './emitter';
import type { RollcallError } from './rollcall-error';

export interface ChannelWatchEvents {
  /** What has really changed. All of them since `watch` was called add up to what is there. */
  change: ChannelDifference;
  /** The service refuses it, at first or after a reconnect: the watch has ended. */
  error: RollcallError;
}

/** A live roster of a channel: always the last that was known, and kept up while `live`. */
export class ChannelWatch {
  private readonly events = new Emitter<ChannelWatchEvents>();
  private readonly forget: () => void;
  private open = true;

  /** @internal Made by `watch`. */
  constructor(
    private readonly subscription: ChannelSubscription,
    private readonly release: () => void,
  ) {
    let isTold = false;
    const watcher = {
      changed: (difference: ChannelDifference): void => {
        if (isTold) this.events.emit('change', difference);
      },
      failed: (error: RollcallError): void => this.end(error),
    };
    subscription.watchers.add(watcher);
    // Another watch of the same channel has filled it already: this one's listeners are told all of it, too, before
    // anything else can arrive.
    queueMicrotask(() => {
      if (!this.open) return;
      isTold = true;
      const { users, anonymous } = subscription.roster;
      if (users.size === 0 && anonymous === 0) return;
      watcher.changed({ joined: [...users.values()], left: [], updated: [], anonymous, reset: true });
    });
    this.forget = () => void subscription.watchers.delete(watcher);
  }

  get channel(): string {
    return this.subscription.place.channel;
  }

  /** The members of an authenticated channel, by id; the same map throughout. */
  get users(): ReadonlyMap<string, Member> {
    return this.subscription.roster.users;
  }

  /** How many connections an anonymous channel has. */
  get anonymous(): number {
    return this.subscription.roster.anonymous;
  }

  /** How far the picture reaches. */
  get cursor(): string | undefined {
    return this.subscription.lastCursor;
  }

  /** Whether the picture is kept up; false while the connection is away. */
  get live(): boolean {
    return this.open && this.subscription.live;
  }

  /** Resolves when the picture is there. Rejects with a `RollcallError` if there will be none. */
  get ready(): Promise<void> {
    return this.subscription.ready;
  }

  /** Listens until the returned function is called. */
  on<Event extends keyof ChannelWatchEvents>(
    event: Event,
    listener: (payload: ChannelWatchEvents[Event]) => void,
  ): () => void {
    return this.events.on(event, listener);
  }

  /** Ends the watch. A channel that was joined for watches alone is left with the last of them. */
  close(): void {
    this.end();
  }

  private end(error?: RollcallError): void {
    if (!this.open) return;
    this.open = false;
    this.forget();
    this.release();
    // Whoever closes the client or leaves the channel knows it.
    if (error !== undefined && error.code !== 'CLOSED') this.events.emit('error', error);
  }
}
