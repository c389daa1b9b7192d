/*
 * The channels that are watched, each once on the wire however many watches look at it. The service forgets them with
 * the connection; each new session asks for them again.
 */
import type { ChannelKind, Session } from '@rollcall/contract';
import type { Calls } from './calls';
import { type ChannelEvent, ChannelSubscription } from './channel-subscription';
import { ChannelWatch } from './channel-watch';
import type { Memberships } from './memberships';
import { keyOf, kindIn, type Place, placesIn, requestOf, twinOf } from './place';
import { RollcallError } from './rollcall-error';

/** The watches that look at a subscription. */
interface Looking {
  count: number;
  /** One of them needs the membership, which stays until the last of them is closed. */
  isHolding: boolean;
}

export class ChannelWatches {
  private readonly all = new Map<string, ChannelSubscription>();
  private readonly looking = new Map<ChannelSubscription, Looking>();
  /** What the service was asked to give up in this session, and has not acknowledged yet; by kind and name. */
  private readonly unwatching = new Map<string, Promise<unknown>>();

  constructor(
    private readonly calls: Calls,
    private readonly memberships: Memberships,
  ) {}

  watch(place: Place, joining: boolean): ChannelWatch {
    const subscription = this.all.get(keyOf(place)) ?? this.subscribe(place);
    const looking = this.looking.get(subscription) ?? { count: 0, isHolding: false };
    this.looking.set(subscription, looking);
    looking.count += 1;
    if (joining && !looking.isHolding) this.memberships.hold(place);
    looking.isHolding ||= joining;
    return new ChannelWatch(subscription, () => this.release(subscription));
  }

  begin(session: Session): void {
    for (const subscription of this.all.values()) void subscription.follow(session);
  }

  pause(): void {
    this.unwatching.clear();
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
    const subscription = this.all.get(keyOf(place));
    this.holdForTwin(place);
    if (subscription === undefined) return;
    // The leave may be refused, and what it is watched for next must not be told of it twice.
    if (subscription.asked && this.leaderOf(subscription) === undefined) this.unwatch(place);
    subscription.fail(new RollcallError('CLOSED', 'The channel was left.'));
  }

  /** The service has ended the watches of a channel of this kind. */
  refuse({ channel, kind }: Pick<ChannelEvent, 'channel' | 'kind'>, error: RollcallError): void {
    for (const subscription of this.at(channel, kind)) subscription.fail(error);
  }

  receive(event: ChannelEvent): void {
    for (const subscription of this.at(event.channel, event.kind)) subscription.receive(event);
  }

  private at(channel: string, kind: ChannelKind): ChannelSubscription[] {
    return placesIn(this.calls.connection.current, channel, kind).flatMap((place) => this.all.get(keyOf(place)) ?? []);
  }

  private subscribe(place: Place): ChannelSubscription {
    const { current, ended } = this.calls.connection;
    const siblings = {
      leaderOf: (one: ChannelSubscription) => this.leaderOf(one),
      filled: (one: ChannelSubscription) => this.twinOf(one.place)?.copy(one),
      ended: (one: ChannelSubscription) => this.forget(one),
    };
    const subscription = new ChannelSubscription(place, this.calls, this.memberships, siblings);
    this.all.set(keyOf(place), subscription);
    if (current !== undefined) this.follow(subscription);
    else if (ended !== undefined) subscription.stop(ended);
    return subscription;
  }

  private release(subscription: ChannelSubscription): void {
    const looking = this.looking.get(subscription);
    if (looking === undefined) return;
    looking.count -= 1;
    if (looking.count > 0) return;
    this.looking.delete(subscription);
    const { place } = subscription;
    if (this.all.get(keyOf(place)) === subscription) {
      const { asked, live } = subscription;
      const isLed = this.leaderOf(subscription) !== undefined;
      // What its twin hears is what this one has asked for.
      if (asked && !isLed && !(live && this.twinOf(place) !== undefined)) this.unwatch(place);
      this.forget(subscription);
      subscription.close(new RollcallError('CLOSED', 'The watch was closed.'));
    }
    if (!looking.isHolding) return;
    this.holdForTwin(place);
    this.memberships.release(place);
  }

  /** Whoever watches by the other address needs the membership from now on. */
  private holdForTwin(place: Place): void {
    const twin = this.twinOf(place);
    const looking = twin && this.looking.get(twin);
    if (twin === undefined || looking === undefined || looking.isHolding) return;
    looking.isHolding = true;
    this.memberships.hold(twin.place);
  }

  private unwatch(place: Place): void {
    const { current } = this.calls.connection;
    if (current === undefined) return;
    const channel = wireOf(current, place);
    const done = this.calls
      .insist(current, 'channel:unwatch', requestOf(place), () => true, Infinity)
      .catch(() => undefined)
      .finally(() => {
        if (this.unwatching.get(channel) === done) this.unwatching.delete(channel);
      });
    this.unwatching.set(channel, done);
  }

  /** The other subscription of the same channel in this session. */
  private twinOf(place: Place): ChannelSubscription | undefined {
    const { current } = this.calls.connection;
    const twin = twinOf(place);
    const isSame = current !== undefined && kindIn(current, place) === kindIn(current, twin);
    return isSame ? this.all.get(keyOf(twin)) : undefined;
  }

  /** The older one of two speaks. */
  private leaderOf(subscription: ChannelSubscription): ChannelSubscription | undefined {
    const twin = this.twinOf(subscription.place);
    if (twin === undefined) return undefined;
    for (const one of this.all.values())
      if (one === subscription || one === twin) return one === twin ? twin : undefined;
    return undefined;
  }

  private forget(subscription: ChannelSubscription): void {
    const { place } = subscription;
    if (this.all.get(keyOf(place)) !== subscription) return;
    const isLed = this.leaderOf(subscription) !== undefined;
    this.all.delete(keyOf(place));
    const twin = isLed ? undefined : this.twinOf(place);
    // It goes on alone, or has to begin if nothing was answered yet.
    if (twin !== undefined && !subscription.live) this.follow(twin);
  }

  private follow(subscription: ChannelSubscription): void {
    const { current } = this.calls.connection;
    if (current === undefined) return;
    void subscription.follow(current, this.unwatching.get(wireOf(current, subscription.place)));
  }
}

const wireOf = (session: Session, place: Place): string => `${kindIn(session, place)}|${place.channel}`;
