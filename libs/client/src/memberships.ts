/*
 * The channels that this client is to be a member of: because it joined them, or because a watch needs it. The service
 * forgets them with the connection; each new session joins them again, before anything is watched or sent.
 */
import type { ChannelKind, Degradable, JoinAnswer, Session } from '@rollcall/contract';
import type { Calls } from './calls';
import { keyOf, kindIn, type Place, placesIn, requestOf, twinOf } from './place';
import { asRollcallError, RollcallError } from './rollcall-error';

class Membership {
  /** Joined by a call of `join`, and not only for a watch. */
  joined = false;
  /** How many watches need it. */
  watches = 0;
  /** Calls of `join` that have no answer yet: they send it themselves. */
  asking = 0;
  /** The last one, until it is answered. */
  asked: Promise<unknown> | undefined;
  /** Resolves when the connection is a member, in the session that it was begun in. */
  entered: Promise<unknown> | undefined;
  /** The last one that is no call's, and is insisted on. */
  insisted: Promise<unknown> | undefined;

  constructor(readonly place: Place) {}

  get needed(): boolean {
    return this.joined || this.watches > 0;
  }
}

export class Memberships {
  private readonly all = new Map<string, Membership>();
  /** Leaves that are sent again in the next session if they have no answer in this one. */
  private readonly leaving = new Map<string, Promise<void>>();

  /** Leaves that are insisted on in this session: until they are done it may still be a member. */
  private readonly unheard = new Map<string, Promise<unknown>>();

  constructor(
    private readonly calls: Calls,
    /** Hears of channels that a new session did not let this client into again. */
    private readonly lost: (error: RollcallError) => void,
  ) {}

  /** Joins what is to be joined in a new session. */
  begin(session: Session): void {
    for (const membership of this.all.values()) {
      // A watch that finds itself refused tells it itself.
      this.beginOne(membership, session).catch((error: unknown) => {
        if (membership.joined) this.drop(membership, error);
      });
    }
  }

  async join(place: Place): Promise<JoinAnswer & Degradable> {
    const membership = this.at(place);
    membership.asking += 1;
    const asked = this.calls.ask('channel:join', requestOf(place), { repeatable: true });
    membership.asked = asked;
    membership.entered ??= asked;
    try {
      const answer = await asked;
      membership.joined = true;
      return answer;
    } catch (error) {
      if (membership.entered === asked) membership.entered = undefined;
      if (membership.asking === 1 && !membership.needed) {
        this.forget(membership);
        // The answer may only be late, or a watch has joined: nobody shall be left in a channel that was given up.
        const isJoined = membership.entered !== undefined || asRollcallError(error, 'INTERNAL').code === 'TIMEOUT';
        if (isJoined && !this.isNeededByTwin(place)) this.leaveUnheard(place);
      }
      throw error;
    } finally {
      membership.asking -= 1;
      if (membership.asked === asked) membership.asked = undefined;
    }
  }

  async leave(place: Place): Promise<void> {
    const membership = this.all.get(keyOf(place));
    if (membership !== undefined) this.forget(membership);
    if (this.isNeededByTwin(place)) return this.leaveWhenApart(place, membership?.asked);
    if (membership === undefined || membership.asking === 0) return this.leaveNow(place);
    const { asked } = membership;
    // A join is on its way, in whichever session it arrives: the leave follows it, and what is joined later comes after.
    let isVoid = false;
    const isNeeded = (): boolean => (isVoid = this.isNeededByTwin(place));
    const left = this.calls.ask('channel:leave', requestOf(place), { repeatable: true, isVoid: isNeeded });
    const over = left.then(
      () => {
        // Where it was not answered yet, it may be sent once more in the next session.
        if (membership.asking > 0) this.leaveWhenApart(place, asked);
      },
      (error: unknown) => {
        if (!isVoid) throw error;
        this.leaveWhenApart(place, asked);
      },
    );
    const waited = over.catch(() => undefined);
    this.leaving.set(keyOf(place), waited);
    void waited.then(() => {
      if (this.leaving.get(keyOf(place)) === waited) this.leaving.delete(keyOf(place));
    });
    await over;
  }

  /** A watch needs the channel from now on. */
  hold(place: Place): void {
    this.at(place).watches += 1;
  }

  /** A watch needs it no more: whoever is a member for watches alone leaves. */
  release(place: Place): void {
    const membership = this.all.get(keyOf(place));
    if (membership === undefined || membership.watches === 0) return;
    membership.watches -= 1;
    if (membership.needed || membership.asking > 0) return;
    this.forget(membership);
    if (!this.isNeededByTwin(place)) this.leaveUnheard(place);
  }

  /** Why this client is to be a member, if it is; another one each time that nobody wanted it in between. */
  reasonFor(place: Place): object | undefined {
    return this.all.get(keyOf(place));
  }

  /** The service has taken this connection out of a channel of this kind. */
  expel({ channel, kind }: { readonly channel: string; readonly kind: ChannelKind }, error: RollcallError): void {
    for (const place of placesIn(this.calls.connection.current, channel, kind)) {
      const membership = this.all.get(keyOf(place));
      if (membership === undefined) continue;
      membership.entered = undefined;
      if (membership.joined) this.drop(membership, error);
    }
  }

  /**
   * Waits until what is to be joined at this place is joined, if anything is; or else until what is being left is left, for
   * that would end what is begun.
   *
   * @throws RollcallError the refusal; one that is temporary after `patienceMs`.
   */
  async ready(place: Place, session: Session, patienceMs: number): Promise<void> {
    const membership = this.all.get(keyOf(place));
    if (membership === undefined) {
      for (const one of [place, twinOf(place)]) await this.unheard.get(keyOf(one));
      return;
    }
    const { insisted, entered } = membership;
    try {
      await (entered ?? this.enter(membership, session, patienceMs));
    } catch (error) {
      // A call of `join` gives up sooner than a watch may.
      if (entered === undefined || entered === insisted || !asRollcallError(error, 'INTERNAL').temporary) throw error;
      await this.entering(membership, session, patienceMs);
    }
  }

  private async beginOne(membership: Membership, session: Session): Promise<void> {
    const { asked } = membership;
    membership.entered = undefined;
    if (asked === undefined) return void (await this.enter(membership, session, Infinity));
    membership.entered = asked;
    await asked.catch(() => (membership.joined ? this.entering(membership, session, Infinity) : undefined));
  }

  /** Joins in place of a call that was refused, unless somebody does so already. */
  private async entering(membership: Membership, session: Session, patienceMs: number): Promise<void> {
    if (this.calls.connection.current !== session || this.all.get(keyOf(membership.place)) !== membership) return;
    await (membership.entered ?? this.enter(membership, session, patienceMs));
  }

  private enter(membership: Membership, session: Session, patienceMs: number): Promise<unknown> {
    const { place } = membership;
    const wanted = (): boolean => this.all.get(keyOf(place)) === membership;
    const ask = (): Promise<unknown> =>
      this.calls.insist(session, 'channel:join', requestOf(place), wanted, patienceMs);
    const entered = this.leaving.get(keyOf(place))?.then(ask) ?? ask();
    membership.entered = membership.insisted = entered;
    entered.catch(() => {
      if (membership.entered === entered) membership.entered = undefined;
    });
    return entered;
  }

  /** What is left in a session is left: the next one begins without it. */
  private async leaveNow(place: Place): Promise<void> {
    const { connection, withinMs } = this.calls;
    const { current, ended } = connection;
    if (ended !== undefined) throw ended;
    if (current === undefined) return;
    try {
      await connection.exchange('channel:leave', requestOf(place), withinMs);
    } catch (error) {
      if (connection.ended !== undefined) throw connection.ended;
      if (connection.current === current) throw error;
    }
  }

  /** In the session in which a join is answered at last, the other address may be another channel. */
  private leaveWhenApart(place: Place, asked: Promise<unknown> | undefined): void {
    const leave = (): void => {
      if (this.reasonFor(place) === undefined && !this.isNeededByTwin(place)) this.leaveUnheard(place);
    };
    void asked?.then(leave, leave);
  }

  private drop(membership: Membership, thrown: unknown): void {
    if (this.all.get(keyOf(membership.place)) !== membership) return;
    const { code, message } = asRollcallError(thrown, 'INTERNAL');
    membership.joined = false;
    if (!membership.needed) this.forget(membership);
    this.lost(new RollcallError(code, message, { channel: membership.place.channel }));
  }

  private isNeededByTwin(place: Place): boolean {
    const { current } = this.calls.connection;
    const twin = twinOf(place);
    return (
      current !== undefined &&
      kindIn(current, place) === kindIn(current, twin) &&
      this.all.get(keyOf(twin)) !== undefined
    );
  }

  private leaveUnheard(place: Place): void {
    const { current } = this.calls.connection;
    if (current === undefined) return;
    const unneeded = (): boolean => this.reasonFor(place) === undefined && !this.isNeededByTwin(place);
    const left = this.calls
      .insist(current, 'channel:leave', requestOf(place), unneeded, Infinity)
      .catch(() => undefined)
      .finally(() => {
        if (this.unheard.get(keyOf(place)) === left) this.unheard.delete(keyOf(place));
      });
    this.unheard.set(keyOf(place), left);
  }

  private at(place: Place): Membership {
    const known = this.all.get(keyOf(place));
    if (known !== undefined) return known;
    const membership = new Membership(place);
    this.all.set(keyOf(place), membership);
    return membership;
  }

  private forget(membership: Membership): void {
    if (this.all.get(keyOf(membership.place)) === membership) this.all.delete(keyOf(membership.place));
  }
}
