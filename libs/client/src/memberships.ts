/*
 * The channels that this client is to be a member of: because it joined them, or because a watch needs it. The service
 * forgets them with the connection; each new session joins them again, before anything is watched or sent.
 */
import type { Degradable, JoinAnswer, Session } from '@rollcall/contract';
import type { Calls } from './calls';
import { keyOf, kindIn, type Place, requestOf, twinOf } from './place';
import { asRollcallError, RollcallError } from './rollcall-error';

class Membership {
  /** Joined by a call of `join`, and not only for a watch. */
  joined = false;
  /** How many watches need it. */
  watches = 0;
  /** Calls of `join` that have no answer yet: they send it themselves. */
  asking = 0;
  /** The last of them. */
  asked: Promise<unknown> | undefined;
  /** Resolves when the connection is a member, in the session that it was begun in. */
  entered: Promise<unknown> | undefined;

  constructor(readonly place: Place) {}

  get needed(): boolean {
    return this.joined || this.watches > 0;
  }
}

export class Memberships {
  private readonly all = new Map<string, Membership>();

  constructor(
    private readonly calls: Calls,
    /** Hears of channels that a new session did not let this client into again. */
    private readonly lost: (error: RollcallError) => void,
  ) {}

  /** Joins what is to be joined in a new session. */
  begin(session: Session): void {
    for (const membership of this.all.values()) {
      if (membership.asking > 0) {
        membership.entered = membership.asked;
        continue;
      }
      // A watch that finds itself refused tells it itself.
      this.enter(membership, session, Infinity).catch((error: unknown) => {
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
      // The answer may only be late: nobody shall be left in a channel that was given up.
      if (asRollcallError(error, 'INTERNAL').code === 'TIMEOUT' && !membership.needed) this.leaveUnheard(place);
      throw error;
    } finally {
      membership.asking -= 1;
      if (!membership.needed && membership.asking === 0) this.forget(membership);
    }
  }

  async leave(place: Place): Promise<void> {
    const membership = this.all.get(keyOf(place));
    if (membership !== undefined) this.forget(membership);
    // Without a session there is nothing to leave, unless a join is on its way.
    const { current, ended } = this.calls.connection;
    if (ended === undefined && current === undefined && (membership?.asking ?? 0) === 0) return;
    await this.calls.ask('channel:leave', requestOf(place), { repeatable: true });
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

  /**
   * Waits until what is to be joined at this place is joined, if anything is.
   *
   * @throws RollcallError the refusal; one that is temporary after `patienceMs`.
   */
  async ready(place: Place, session: Session, patienceMs: number): Promise<void> {
    const membership = this.all.get(keyOf(place));
    if (membership !== undefined) await (membership.entered ?? this.enter(membership, session, patienceMs));
  }

  private enter(membership: Membership, session: Session, patienceMs: number): Promise<unknown> {
    const { place } = membership;
    const wanted = (): boolean => this.all.get(keyOf(place)) === membership;
    const entered = this.calls.insist(session, 'channel:join', requestOf(place), wanted, patienceMs);
    membership.entered = entered;
    entered.catch(() => {
      if (membership.entered === entered) membership.entered = undefined;
    });
    return entered;
  }

  private drop(membership: Membership, thrown: unknown): void {
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
    if (this.calls.connection.current === undefined) return;
    this.calls.ask('channel:leave', requestOf(place)).catch(() => undefined);
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
