/*
 * One watched channel, for all watches of it: what is known of it, and the conversation that keeps it right. Written by
 * the answers and events of one connection, in their order. While the connection is away it keeps the last picture, and
 * goes on from its cursor when it is back.
 */
import type { ChannelChange, ChannelKind, ChannelReset, Session } from '@rollcall/contract';
import type { Calls } from './calls';
import { type ChannelDifference, ChannelRoster } from './channel-roster';
import { Deferred } from './deferred';
import type { Answer } from './events';
import type { Memberships } from './memberships';
import { kindIn, type Place, requestOf } from './place';
import { asRollcallError, RollcallError } from './rollcall-error';

export type ChannelEvent = ChannelChange | ChannelReset;

/** One of those who look at a subscription. */
export interface ChannelWatcher {
  changed(difference: ChannelDifference): void;
  /** It has ended: nothing more will be told. */
  failed(error: RollcallError): void;
}

/** All subscriptions: a session without a user has two addresses for a channel, and only one of them may speak. */
export interface Siblings {
  /** Whoever speaks for it, and is told what it is to be told. */
  leaderOf(subscription: ChannelSubscription): ChannelSubscription | undefined;
  /** All is known anew. */
  filled(subscription: ChannelSubscription): void;
  ended(subscription: ChannelSubscription): void;
}

export class ChannelSubscription {
  readonly roster = new ChannelRoster();
  readonly watchers = new Set<ChannelWatcher>();
  private filled = new Deferred<void>();
  private cursor: string | undefined;
  /** What the cursor is of. */
  private kind: ChannelKind | undefined;
  private following = false;
  /** Events that came before the answer that they follow on; none while nothing is asked. */
  private held: ChannelEvent[] | undefined;
  private stopped = false;
  private over = false;
  /** How often it has begun. */
  private beginnings = 0;

  constructor(
    readonly place: Place,
    private readonly calls: Calls,
    private readonly memberships: Memberships,
    private readonly siblings: Siblings,
  ) {}

  /** Resolves when the channel is known. */
  get ready(): Promise<void> {
    return this.filled.promise;
  }

  /** Whether the service may know of it in this session. */
  get asked(): boolean {
    return this.following || this.held !== undefined;
  }

  /** Whether the picture is kept up now. */
  get live(): boolean {
    return this.following;
  }

  get lastCursor(): string | undefined {
    return this.cursor;
  }

  /** Begins in a session, or again in the next one. */
  async follow(session: Session, after: Promise<unknown> = Promise.resolve()): Promise<void> {
    this.pause();
    if (this.stopped && this.cursor === undefined) this.filled = new Deferred();
    this.stopped = false;
    // The first time whoever waits for `ready` wants to know; later the last picture is better than none.
    const patienceMs = this.cursor === undefined ? this.calls.withinMs : Infinity;
    const beginning = (this.beginnings += 1);
    const wanted = (): boolean =>
      !this.over && this.beginnings === beginning && this.calls.connection.current === session;
    let reason: object | undefined;
    try {
      // Events of a watch that is being given up would be taken for this one's.
      await after;
      if (wanted() && this.isLed()) return;
      reason = this.memberships.reasonFor(this.place);
      if (wanted()) await this.memberships.ready(this.place, session, patienceMs);
      if (!wanted()) return;
      const kind = kindIn(session, this.place);
      const cursor = kind === this.kind ? this.cursor : undefined;
      const request = { ...requestOf(this.place), ...(cursor === undefined ? {} : { cursor }) };
      this.held = [];
      const answer = await this.calls.insist(session, 'channel:watch', request, wanted, patienceMs);
      if (answer !== undefined && wanted()) this.take(answer);
    } catch (thrown) {
      if (!wanted()) return;
      const error = asRollcallError(thrown, 'INTERNAL');
      // Somebody joins it since then.
      const isJoined = ![undefined, reason].includes(this.memberships.reasonFor(this.place));
      if (error.code === 'NOT_A_MEMBER' && isJoined) await this.follow(session);
      else this.fail(error);
    }
  }

  /** Takes over what another one knows and hears. */
  copy({ roster: { users, anonymous }, cursor, kind }: ChannelSubscription): void {
    this.following = true;
    this.kind = kind;
    this.cursor = cursor;
    this.tell(this.roster.replace({ users: [...users.values()], anonymous }));
    this.filled.resolve();
  }

  receive(event: ChannelEvent): void {
    if (this.following) this.apply(event);
    else this.held?.push(event);
  }

  /** The session is over: what was asked in it is void. */
  pause(): void {
    this.following = false;
    this.held = undefined;
  }

  /** There will be no session, unless somebody asks for one. */
  stop(error: RollcallError): void {
    this.pause();
    this.stopped = true;
    this.filled.reject(error);
  }

  /** Nobody looks any more. */
  close(error: RollcallError): void {
    this.over = true;
    this.stop(error);
  }

  /** Nobody can look any more. */
  fail({ code, message }: RollcallError): void {
    const error = new RollcallError(code, message, { channel: this.place.channel });
    this.close(error);
    this.siblings.ended(this);
    for (const watcher of [...this.watchers]) watcher.failed(error);
  }

  private take(answer: Answer<'channel:watch'>): void {
    const { held = [] } = this;
    this.held = undefined;
    this.following = true;
    this.kind = answer.kind;
    this.cursor = answer.cursor;
    if ('snapshot' in answer) this.tell(this.roster.replace(answer.snapshot));
    else for (const change of answer.changes) this.tell(this.roster.apply(change));
    // What the answer has reached already came before it, whatever the order of arrival.
    const known = held.map(({ cursor }) => cursor).lastIndexOf(answer.cursor);
    for (const event of held.slice(known + 1)) this.apply(event);
    this.filled.resolve();
    this.siblings.filled(this);
  }

  private isLed(): boolean {
    const leader = this.siblings.leaderOf(this);
    if (leader?.live === true) this.copy(leader);
    return leader !== undefined;
  }

  private apply(event: ChannelEvent): void {
    this.cursor = event.cursor;
    this.tell('snapshot' in event ? this.roster.replace(event.snapshot) : this.roster.apply(event));
  }

  private tell(difference: ChannelDifference | undefined): void {
    if (difference === undefined) return;
    for (const watcher of [...this.watchers]) watcher.changed(difference);
  }
}
