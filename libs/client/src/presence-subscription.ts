/*
 * What the service tells of users' presence, for all presence watches of a connection: it knows one set of watched users
 * and one cursor a connection. One question at a time brings that set to what the watches want; meanwhile, what is told
 * of those who are asked about waits for the answer, which tells what was before.
 *
 * `followed` is whom the service tells of in this session. `known` is whom the rows speak of, at the cursor or later: it
 * outlives the session, and then what has happened since the cursor is all that is missing.
 */
import type { PresenceChange, PresenceRow, Session } from '@rollcall/contract';
import type { Calls } from './calls';
import type { Answer } from './events';
import { PresenceBoard } from './presence-board';
import { PresenceWatch } from './presence-watch';
import { asRollcallError, type RollcallError } from './rollcall-error';
import { has, isNobody, NOBODY, shared, those, together, type Users, without } from './watched-users';

/** A question under way, and what came before its answer. */
interface Asking {
  readonly users: Users;
  readonly held: PresenceRow[];
  /** Where the last event led to that came meanwhile. */
  cursor: string | undefined;
  /** All was told anew meanwhile, and nobody knows whether these users were part of it. */
  unsure: boolean;
}

export class PresenceSubscription {
  private readonly watches = new Set<PresenceWatch>();
  private readonly board = new PresenceBoard();
  private followed: Users = NOBODY;
  private known: Users = NOBODY;
  private cursor: string | undefined;
  private asking: Asking | undefined;
  /** Asked about alone, since a question for several watches was refused and one of them must be why. */
  private suspect: PresenceWatch | undefined;
  /** The session in which questions are being asked. */
  private working: Session | undefined;

  constructor(private readonly calls: Calls) {}

  watch(ids: Iterable<string> | undefined): PresenceWatch {
    const watch = new PresenceWatch(ids === undefined ? undefined : new Set(ids), () => this.release(watch));
    this.watches.add(watch);
    // Not at once: its listeners, which are yet to come, shall hear all.
    queueMicrotask(() => {
      const { ended } = this.calls.connection;
      if (ended !== undefined) watch.stop(ended);
      else this.work();
    });
    return watch;
  }

  begin(): void {
    for (const watch of this.watches) watch.begin();
    this.work();
  }

  /** The session is over: the service has forgotten all, and what was asked is void. */
  pause(): void {
    this.followed = NOBODY;
    this.asking = undefined;
    this.working = undefined;
    for (const watch of this.watches) watch.pause();
  }

  stop(error: RollcallError): void {
    for (const watch of [...this.watches]) {
      if (error.code === 'CLOSED') watch.fail(error);
      else watch.stop(error);
    }
  }

  receive({ users, cursor, full }: PresenceChange): void {
    const { asking, followed } = this;
    if (asking !== undefined) {
      asking.held.push(...users.filter(({ _id }) => has(asking.users, _id)));
      asking.unsure ||= full === true;
      asking.cursor = cursor;
    }
    if (isNobody(followed)) return;
    this.cursor = cursor;
    const rows = users.filter(({ _id }) => has(followed, _id));
    this.tell(full === true ? this.board.replace(rows, followed) : this.board.apply(rows), full === true);
  }

  private release(watch: PresenceWatch): void {
    this.watches.delete(watch);
    if (this.suspect === watch) this.suspect = undefined;
    this.work();
  }

  private get wanted(): Users {
    let users = NOBODY;
    for (const { ids } of this.watches) users = together(users, ids ?? 'everybody');
    return users;
  }

  private work(): void {
    const { current } = this.calls.connection;
    if (current === undefined || this.working !== undefined) return;
    this.working = current;
    void this.workIn(current);
  }

  private async workIn(session: Session): Promise<void> {
    for (;;) {
      this.keep();
      const step = this.nextStep(session);
      if (step === undefined) break;
      await step;
      if (this.working !== session) return;
    }
    this.working = undefined;
  }

  /** What brings `followed` nearer to what is wanted; nothing when they are the same. */
  private nextStep(session: Session): Promise<void> | undefined {
    const { wanted, followed, known } = this;
    if (followed === 'everybody') return wanted === 'everybody' ? undefined : this.unwatch(session, followed);
    if (wanted === 'everybody') {
      // Those who are followed by name are begun anew: the answer tells of them, too, and may be older than an event.
      return isNobody(followed) ? this.ask(session, wanted, known === wanted) : this.unwatch(session, followed);
    }
    const gone = those(followed, (id) => !wanted.has(id));
    if (gone.size > 0) return this.unwatch(session, gone);
    const missing = those(this.suspect?.ids ?? wanted, (id) => !followed.has(id));
    const resumed = those(missing, (id) => this.cursor !== undefined && has(known, id));
    if (resumed.size > 0) return this.ask(session, resumed, true);
    if (missing.size > 0) return this.ask(session, missing, false);
    if (this.suspect === undefined) return undefined;
    // It was not this one.
    this.suspect = this.unfollowed()[0];
    return this.suspect === undefined ? undefined : this.nextStep(session);
  }

  private async ask(session: Session, users: Users, resuming: boolean): Promise<void> {
    const asking: Asking = { users, held: [], cursor: undefined, unsure: false };
    const asked = (): boolean => this.asking === asking;
    const cursor = resuming && this.cursor !== undefined ? { cursor: this.cursor } : {};
    const patienceMs = resuming ? Infinity : this.calls.withinMs;
    this.asking = asking;
    try {
      const request = { ...idsOf(users), ...cursor };
      const answer = await this.calls.insist(session, 'presence:watch', request, asked, patienceMs);
      if (answer === undefined || !asked()) return;
      if (asking.unsure) await this.giveUp(session, users);
      else this.take(asking, answer);
    } catch (error) {
      if (asked()) this.refuse(users, asRollcallError(error, 'INTERNAL'));
    } finally {
      if (asked()) this.asking = undefined;
    }
  }

  private take({ users, held, cursor }: Asking, answer: Answer<'presence:watch'>): void {
    // Events of nobody but those who are asked about are later than the answer. Of others, too, nobody knows: then the next
    // one says where all stand, and until it comes there is nothing to go on from.
    const unknown = !isNobody(this.followed) && cursor !== undefined && cursor !== answer.cursor;
    this.cursor = unknown ? undefined : (cursor ?? answer.cursor);
    this.followed = together(this.followed, users);
    this.known = this.followed;
    this.prune();
    const reset = 'users' in answer;
    const rows = (reset ? answer.users : answer.changes).filter(({ _id }) => has(users, _id));
    this.tell(reset ? this.board.replace(rows, users) : this.board.apply(rows), reset);
    this.tell(this.board.apply(held), false);
  }

  private async unwatch(session: Session, gone: Users): Promise<void> {
    // From now on events may leave them out, and lead on all the same: a cursor is good for those who stay, or if nobody
    // stays for those who are wanted of them, since nothing moves it then.
    this.followed = without(this.followed, gone);
    this.known = isNobody(this.followed) ? shared(this.known, this.wanted) : this.followed;
    this.prune();
    for (const watch of this.unfollowed()) watch.pause();
    await this.giveUp(session, gone);
  }

  /** What the watches show stays, also where it is not known any more: what is told anew differs from it. */
  private prune(): void {
    this.board.keep(together(this.known, this.wanted));
  }

  private async giveUp(session: Session, users: Users): Promise<void> {
    const lasts = (): boolean => this.working === session;
    // Refused for good means that the service tells nothing of them anyway.
    await this.calls.insist(session, 'presence:unwatch', idsOf(users), lasts, Infinity).catch(() => undefined);
  }

  private tell(changed: readonly PresenceRow[], reset: boolean): void {
    if (changed.length === 0) return;
    for (const watch of [...this.watches]) watch.tell(changed, reset);
  }

  /** Fills the watches all of whose users are followed. */
  private keep(): void {
    const waiting = new Set(this.unfollowed());
    for (const watch of [...this.watches]) {
      if (watch.live || waiting.has(watch)) continue;
      const rows = [...this.board.values()];
      watch.keep(rows.filter(({ _id }) => has(watch.ids ?? 'everybody', _id)));
    }
  }

  /** Ends the watch that the service does not take; if it may be one of several, they are asked for one by one. */
  private refuse(users: Users, error: RollcallError): void {
    const concerned = [...this.watches].filter(({ ids }) =>
      users === 'everybody' ? ids === undefined : [...(ids ?? [])].some((id) => has(users, id)),
    );
    // Who was asked about for a watch that is closed by now says nothing of the others.
    const isWhy = ({ ids }: PresenceWatch): boolean => isNobody(without(users, ids ?? 'everybody'));
    if (users === 'everybody') for (const watch of concerned) watch.fail(error);
    else if (this.suspect !== undefined && isWhy(this.suspect)) this.suspect.fail(error);
    else if (concerned[0] !== undefined && concerned.length === 1 && isWhy(concerned[0])) concerned[0].fail(error);
    else this.suspect = concerned[0];
  }

  private unfollowed(): PresenceWatch[] {
    const { followed } = this;
    return [...this.watches].filter(({ ids }) =>
      ids === undefined ? followed !== 'everybody' : [...ids].some((id) => !has(followed, id)),
    );
  }
}

const idsOf = (users: Users): { readonly ids?: readonly string[] } =>
  users === 'everybody' ? {} : { ids: [...users] };
