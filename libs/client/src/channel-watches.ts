/*
 * The channels that are watched, each once on the wire however many watches look at it. The service forgets them with
 * the connection; each new session asks for them again.
 */
import type { Session } from '@rollcall/contract';
import type { Calls } from './calls';
import { type ChannelEvent, ChannelSubscription } from './channel-subscription';
import { ChannelWatch } from './channel-watch';
import type { Memberships } from './memberships';
import { keyOf, kindIn, type Place, placeOf, requestOf, twinOf } from './place';
import { RollcallError } from './rollcall-error';

export class ChannelWatches {
  private readonly all = new Map<string, ChannelSubscription>();
  private readonly looking = new Map<ChannelSubscription, number>();
  /** What the service was asked to give up, and has not acknowledged yet. */
  private readonly unwatching = new Map<string, Promise<unknown>>();

  constructor(
    private readonly calls: Calls,
    private readonly memberships: Memberships,
  ) {}

  watch(place: Place, joining: boolean): ChannelWatch {
    if (joining) this.memberships.hold(place);
    const subscription = this.all.get(keyOf(place)) ?? this.subscribe(place);
    this.looking.set(subscription, (this.looking.get(subscription) ?? 0) + 1);
    return new ChannelWatch(subscription, () => {
      this.release(subscription);
      if (joining) this.memberships.release(place);
    });
  }

  begin(session: Session): void {
    for (const subscription of this.all.values()) void subscription.follow(session);
  }

  pause(): void {
    for (const subscription of this.all.values()) subscription.pause();
  }

  stop(error: RollcallError): void {
    for (const subscription of [...this.all.values()]) {
      if (error.code === 'CLOSED') subscription.fail(error);
      else subscription.stop(error);
    }
  }

  /** The channel is left, and so cannot be watched. */
  leave(place: Place): void {
    this.all.get(keyOf(place))?.fail(new RollcallError('CLOSED', 'The channel was left.'));
  }

  receive(event: ChannelEvent): void {
    const session = this.calls.connection.current;
    if (session === undefined) return;
    for (const anonymous of [false, true]) {
      const place = placeOf(event.channel, { anonymous });
      if (kindIn(session, place) === event.kind) this.all.get(keyOf(place))?.receive(event);
    }
  }

  private subscribe(place: Place): ChannelSubscription {
    const { current, ended } = this.calls.connection;
    const subscription = new ChannelSubscription(place, this.calls, this.memberships, () => this.forget(subscription));
    this.all.set(keyOf(place), subscription);
    if (current !== undefined) void subscription.follow(current, this.unwatching.get(keyOf(place)));
    else if (ended !== undefined) subscription.stop(ended);
    return subscription;
  }

  private release(subscription: ChannelSubscription): void {
    const left = (this.looking.get(subscription) ?? 0) - 1;
    this.looking.set(subscription, left);
    if (left > 0 || this.all.get(keyOf(subscription.place)) !== subscription) return;
    const { asked, place } = subscription;
    this.forget(subscription);
    subscription.close(new RollcallError('CLOSED', 'The watch was closed.'));
    if (asked && !this.isWatchedByTwin(place)) this.unwatch(place);
  }

  private unwatch(place: Place): void {
    const done = this.calls
      .ask('channel:unwatch', requestOf(place))
      .catch(() => undefined)
      .finally(() => {
        if (this.unwatching.get(keyOf(place)) === done) this.unwatching.delete(keyOf(place));
      });
    this.unwatching.set(keyOf(place), done);
  }

  private isWatchedByTwin(place: Place): boolean {
    const { current } = this.calls.connection;
    const twin = twinOf(place);
    return current !== undefined && kindIn(current, place) === kindIn(current, twin) && this.all.has(keyOf(twin));
  }

  private forget(subscription: ChannelSubscription): void {
    this.looking.delete(subscription);
    if (this.all.get(keyOf(subscription.place)) === subscription) this.all.delete(keyOf(subscription.place));
  }
}
