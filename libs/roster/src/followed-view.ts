/*
 * One host's view, kept up with the store. Entries of the log arrive by themselves; a reader first asks the store where
 * the roster is, and is answered by a view that has got there. Every doubt (an entry that does not follow on, another
 * epoch, a store that has gone back) ends in reading the log, or in loading everything again.
 *
 * After a loss the store is empty until all pods have written anew what they own: until then the picture from before
 * is the better answer, and readers are told that it is old. So it is while the store is away.
 */
import { AppError } from '@rollcall/contract';
import { LOOK_EVERY_MS, Loss, type LossOptions } from './loss';
import type { Profiles } from './profile';
import {
  type Head,
  type LogEntry,
  type LogListener,
  NOWHERE,
  type RosterStore,
  StoreUnavailable,
} from './roster.store';
import { RosterView } from './roster-view';
import { SharedCheck } from './shared-check';
import { StoreClock } from './store-clock';
import type { HistoryOptions } from './view-history';

export interface ViewTimes {
  /** Within this time after a loss every living pod has registered anew. */
  readonly reregisterMs: number;
  /** An answer may be this old while the store is away; then there is none. */
  readonly staleMaxMs: number;
}

export interface FollowedViewOptions extends LossOptions {
  readonly times: ViewTimes;
  /** The store, if this pod may write to it. Else nobody here can tell it that it has lost something: its own pods do. */
  readonly own?: RosterStore;
  readonly profiles: Profiles;
  /** What watchers need; absent: nobody watches. */
  readonly remembers?: HistoryOptions;
  /** The picture is another one, or has taken something in. */
  readonly onChange?: () => void;
}

/** A view, and the store's time at which its answer is true. */
export interface Reading {
  readonly view: RosterView;
  readonly atMs: number;
  /** How old the answer is by this pod's clock; 0: as fresh as the last acknowledged write. */
  readonly staleMs: number;
  /** How long the store took to say where the roster is. */
  readonly roundTripMs: number;
}

/** A picture without asking for a better one. */
export interface LastKnown {
  readonly view: RosterView;
  /** How long ago the store last said where the roster is, by this pod's clock, and how long its answer took. */
  readonly ageMs: number;
  readonly roundTripMs: number;
}

/** An entry is published before its write is acknowledged, and is nearly always here first; else the log is read. */
const ENTRY_WAIT_MS = 3;

/** A store of others may be far away: how often at most it is asked again before it has answered. */
const NEXT_CHECK_MS = 20;

/** A view that is still behind after so many rounds will not catch up: better an error than an endless wait. */
const ROUNDS_MAX = 6;

/** After reading the log so often without having heard anything, the view listens anew: a subscription may get lost. */
const DEAF_AFTER = 3;

/** How many rows a view takes before it lets others run: some milliseconds of work. */
const CHUNK = 1000;

interface Ask {
  readonly head: Head;
  /** The view when the question was sent, and where it was then. */
  readonly view: RosterView | undefined;
  readonly viewRevision: number;
  readonly roundTripMs: number;
}

type Doubt = 'other epoch' | 'behind' | 'other history';

export class FollowedView implements LogListener {
  private view: RosterView | undefined;
  /** When the first picture came, as long as there is none from before its epoch that could be better. */
  private firstAt: number | undefined;
  private waiting: LogEntry[] | undefined;
  private listening: Promise<void> | undefined;
  private stop: (() => void) | undefined;
  private stopped = false;
  private loading: Promise<void> | undefined;
  private filling: Promise<void> | undefined;
  private behind = false;
  /** How often in a row the log had entries and none was heard. */
  private unheard = 0;
  private loss: Loss | undefined;
  /** The picture that was last used as a proof. */
  private told: RosterView | undefined;
  private confirmedAt: number | undefined;
  private roundTripMs = 0;
  private shownMs = 0;
  private storeRevision = 0;
  private arrivals = new Set<() => void>();
  private readonly clock: StoreClock;
  private readonly heads: SharedCheck<Ask>;
  private readonly times: SharedCheck<Ask>;

  constructor(private readonly options: FollowedViewOptions) {
    const { store, own, host, timing, times } = options;
    this.clock = new StoreClock(timing, times.reregisterMs);
    const ask = async (question: () => Promise<Head>): Promise<Ask> => {
      const { view } = this;
      const viewRevision = view?.head.revision ?? 0;
      const sentAt = timing.now();
      const head = await question();
      return { head, view, viewRevision, roundTripMs: timing.now() - sentAt };
    };
    const patience = own === undefined ? () => timing.wait(NEXT_CHECK_MS) : undefined;
    this.heads = new SharedCheck(() => ask(() => store.head(host)), patience);
    this.times = own === undefined ? this.heads : new SharedCheck(() => ask(() => own.now(host, this.shownMs)));
  }

  /** The picture as it is, without asking anybody; `undefined` before the first load. */
  get current(): RosterView | undefined {
    return this.view;
  }

  /**
   * The view, as fresh as the last acknowledged write; with `presence`, at a moment that no later stamp undercuts.
   *
   * @throws AppError UNAVAILABLE when the store has been away for too long.
   */
  async read(presence: boolean): Promise<Reading> {
    try {
      let asked: Ask | undefined;
      for (let round = 0; round < ROUNDS_MAX; round += 1) {
        await this.loaded();
        asked ??= await (presence ? this.times : this.heads).ask();
        const { view } = asked;
        if (view === undefined || view !== this.view) {
          // Loaded anew meanwhile: what the store said was about another picture.
          asked = undefined;
          continue;
        }
        const doubt = this.doubt(view, asked);
        // What is written is not there to be read: others may be shown what has long been over.
        if (doubt === undefined) return this.isRefused ? this.stale() : this.confirmed(view, asked);
        asked = await this.settle(doubt, view, asked);
        if (this.loss !== undefined) return this.stale();
      }
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      return this.stale();
    }
    throw new AppError('UNAVAILABLE');
  }

  /** Somebody waits for the first picture. */
  get isOpening(): boolean {
    return this.view === undefined && this.loading !== undefined;
  }

  /** The picture as it is, and how old; `undefined` before the store has confirmed one. */
  get lastKnown(): LastKnown | undefined {
    const { view, confirmedAt, roundTripMs } = this;
    if (view === undefined || confirmedAt === undefined) return undefined;
    return { view, ageMs: this.options.timing.now() - confirmedAt, roundTripMs };
  }

  /** The moment that watchers are shown; it never goes backwards, and stands still while the store is away. */
  get nowMs(): number {
    return this.clock.nowMs;
  }

  /** How many changes it had yet to see when the store last told where it was. */
  get lag(): number {
    return Math.max(0, this.storeRevision - (this.view?.head.revision ?? this.storeRevision));
  }

  /** The store is said to be there: a quiet view that missed something learns it so. */
  hint(head: Head): void {
    this.storeRevision = head.revision;
    this.clock.told(head.atMs);
    const at = this.view?.head;
    if (at === undefined || this.loading !== undefined || this.loss !== undefined) return;
    if (at.epoch !== head.epoch || at.tag !== head.tag) return this.look();
    if (this.isRefused) return;
    this.confirmedAt = this.options.timing.now();
  }

  /** Looks for itself if nobody has told for a while where the store is: the picture is not old because nobody asks. */
  keepUp(): void {
    if (this.view === undefined || this.loading !== undefined || this.loss !== undefined) return;
    const { timing, times } = this.options;
    if (timing.now() - (this.confirmedAt ?? -Infinity) >= times.reregisterMs) this.look();
  }

  entry(entry: LogEntry): void {
    this.unheard = 0;
    if (this.waiting !== undefined) this.waiting.push(entry);
    else if (this.view !== undefined) this.take(this.view, entry);
    for (const arrived of this.arrivals) arrived();
  }

  private take(view: RosterView, entry: LogEntry): void {
    if (!view.apply(entry)) {
      this.behind = true;
      return;
    }
    this.clock.passed(entry.atMs);
    this.options.onChange?.();
  }

  interrupted(): void {
    this.behind = true;
  }

  close(): void {
    this.stopped = true;
    this.stop?.();
  }

  private get isRefused(): boolean {
    return this.options.own?.isRefusing(this.options.host) === true;
  }

  private confirmed(view: RosterView, { head, roundTripMs }: Ask): Reading {
    this.roundTripMs = roundTripMs;
    view.confirm(head);
    const atMs = Math.max(head.atMs, view.head.atMs);
    this.clock.passed(atMs);
    this.confirmedAt = this.options.timing.now();
    this.shownMs = Math.max(this.shownMs, atMs);
    return { view, atMs, staleMs: this.missingMs(head), roundTripMs };
  }

  /** For how long pods may have been missing from a first picture: right after a loss they have yet to register anew. */
  private missingMs({ epochAtMs, atMs }: Head): number {
    if (epochAtMs === 0 || this.firstAt === undefined) return 0;
    const { timing, times } = this.options;
    // The store's time stands still while nobody writes.
    const sinceMs = Math.max(1, atMs - epochAtMs, timing.now() - this.firstAt);
    return sinceMs < times.reregisterMs ? sinceMs : 0;
  }

  /** The last picture at its own time: who asks again from there must miss nothing that others write meanwhile. */
  private stale(): Reading {
    const { view, ageMs } = this.lastKnown ?? {};
    if (view === undefined || ageMs === undefined || ageMs > this.options.times.staleMaxMs) {
      throw new AppError('UNAVAILABLE');
    }
    const { roundTripMs } = this;
    return { view, atMs: Math.max(this.shownMs, view.head.atMs), staleMs: Math.max(1, ageMs), roundTripMs };
  }

  private async loaded(): Promise<void> {
    if (this.view === undefined || this.loading !== undefined) await this.reload();
  }

  /** Why the view may not answer; `undefined`: it has all that was acknowledged before the question. */
  private doubt(view: RosterView, { head, viewRevision }: Ask): Doubt | undefined {
    const at = view.head;
    if (head.epoch !== at.epoch) return 'other epoch';
    if (head.revision === at.revision && head.tag !== at.tag) return 'other history';
    // The view moved on meanwhile, but not from there: what it heard last was lost.
    if (head.revision < at.revision && view.passed(head) === false) return 'other history';
    // Smaller than the view's when the question was sent. Smaller than now alone says only that the view moved on.
    if (head.revision < viewRevision) return 'other history';
    this.loss = undefined;
    return head.revision > at.revision ? 'behind' : undefined;
  }

  /** Does something about a doubt; returns the answer if it is still worth another look, else the store is asked anew. */
  private async settle(doubt: Doubt, view: RosterView, asked: Ask): Promise<Ask | undefined> {
    switch (doubt) {
      case 'behind':
        if (!this.behind) await this.arrival(view, asked.head.revision);
        if (this.behind || asked.head.revision > view.head.revision) await this.fill(asked.head.revision);
        return asked.head.revision > view.head.revision ? undefined : asked;
      case 'other epoch':
        if (view.head.epoch === NOWHERE.epoch) await this.reload(asked.head.epoch);
        else if (this.options.own !== undefined && this.knowsMore(view, asked.head)) {
          this.told = view;
          await this.tellLoss(asked.head.epoch);
        } else await this.takeNewPicture(view, asked.head);
        return undefined;
      case 'other history':
        await this.contradicted(view, asked.head.epoch);
        return undefined;
    }
  }

  /**
   * Whether the picture here proves a loss that the store has no word of: no pod has told it yet, or it fell back to
   * an epoch from before. That is told once: if its clock went back, its epochs may only look older.
   */
  private knowsMore(view: RosterView, { epochAtMs }: Head): boolean {
    return epochAtMs === 0 || (epochAtMs <= view.head.epochAtMs && this.told !== view);
  }

  /** After a loss: the picture from before stays until the pods that it shows have registered, or had the time to. */
  private async takeNewPicture(view: RosterView, head: Head): Promise<void> {
    if (this.loss === undefined) {
      this.loss = new Loss(this.options, view.instances(), view.connections, head);
      void this.watchLoss(this.loss);
    }
    if (!(await this.loss.isMended(head.epoch))) return;
    this.loss = undefined;
    await this.reload(head.epoch);
  }

  /** Looks again until there is a picture from after the loss: others may only watch, and ask nothing. */
  private async watchLoss(loss: Loss): Promise<void> {
    for (;;) {
      await this.options.timing.wait(LOOK_EVERY_MS);
      if (this.loss !== loss || this.stopped) return;
      this.look();
    }
  }

  /** What the store has lost was in the view and may have been shown: nobody may take the two histories for one. */
  private async tellLoss(epoch: string): Promise<void> {
    await this.options.own?.renewEpoch(this.options.host, epoch);
  }

  /** Another history in the same epoch. Who cannot tell it gives those time who can: if they see no loss, there is none. */
  private async contradicted(view: RosterView, epoch: string): Promise<void> {
    if (this.options.own === undefined) return this.takeNewPicture(view, { ...view.head, epochAtMs: 0 });
    this.loss = undefined;
    return this.tellLoss(epoch);
  }

  /** Reads for nobody, so that the view catches up. */
  private look(): void {
    this.read(false).catch(() => undefined);
  }

  /** Waits a moment for an entry that is on its way. */
  private async arrival(view: RosterView, revision: number): Promise<void> {
    let arrived: () => void = () => undefined;
    const there = new Promise<void>((resolve) => {
      arrived = () => {
        if (this.behind || view.head.revision >= revision) resolve();
      };
    });
    this.arrivals.add(arrived);
    await Promise.race([there, this.options.timing.wait(ENTRY_WAIT_MS)]);
    this.arrivals.delete(arrived);
  }

  /** Reads the log from where the view is; what does not follow on there is loaded. */
  private fill(revision: number): Promise<void> {
    this.filling ??= this.readLog(revision).finally(() => {
      this.filling = undefined;
    });
    return this.filling;
  }

  private async readLog(revision: number): Promise<void> {
    this.behind = false;
    this.unheard += 1;
    await this.readOn(this.view as RosterView, revision);
    if (this.unheard >= DEAF_AFTER) await this.listenAgain();
  }

  private async readOn(view: RosterView, revision: number): Promise<void> {
    while (view.head.revision < revision) {
      const before = view.head.revision;
      const entries = await this.options.store.entriesAfter(this.options.host, before);
      const refused = entries.find((entry) => !view.apply(entry));
      this.options.onChange?.();
      if (refused !== undefined && view.contradicts(refused)) return this.contradicted(view, refused.epoch);
      if (refused !== undefined || view.head.revision === before) return this.reload();
    }
  }

  private async listenAgain(): Promise<void> {
    this.unheard = 0;
    await this.listening;
    this.stop?.();
    this.listening = undefined;
    await this.listen();
  }

  private listen(): Promise<void> {
    this.listening ??= this.options.store.follow(this.options.host, this).then(
      (stop) => {
        this.stop = stop;
        if (this.stopped) stop();
      },
      (error: unknown) => {
        this.listening = undefined;
        throw error;
      },
    );
    return this.listening;
  }

  /** Loads everything again; of another epoch only on purpose: it may lack most of what pods still have to write. */
  private reload(epoch = this.view?.head.epoch): Promise<void> {
    this.loading ??= this.load(epoch).finally(() => {
      this.loading = undefined;
    });
    return this.loading;
  }

  private async load(epoch: string | undefined): Promise<void> {
    const { store, host, profiles, timing, remembers } = this.options;
    // Listening comes first: an entry between the snapshot and the first one heard would be lost for ever.
    this.waiting = [];
    try {
      await this.listen();
      const snapshot = await store.snapshot(host, this.waiting);
      if (epoch !== undefined && snapshot.head.epoch !== epoch) return;
      const view = new RosterView(profiles, remembers);
      await view.load(snapshot, CHUNK, () => timing.wait(0));
      const waiting = this.waiting;
      this.waiting = undefined;
      if (this.view === undefined || this.view.head.epoch === NOWHERE.epoch) this.firstAt = timing.now();
      else if (this.view.head.epoch !== view.head.epoch) this.firstAt = undefined;
      this.view = view;
      this.behind = waiting.some((entry) => !view.apply(entry));
      this.clock.passed(view.head.atMs);
      this.options.onChange?.();
    } finally {
      this.waiting = undefined;
    }
  }
}
