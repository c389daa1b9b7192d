/* Two pods over one memory store, a model beside them, and the acts of a random history on both at once. */
import type { ChannelKind, Status } from '@rollcall/contract';
import {
  type Batch,
  type HistoryOptions,
  LocalRoster,
  MemoryRosterStore,
  type Reading,
  RosterView,
  STEPS_MAX,
  STEPS_MIN,
  Views,
} from '@rollcall/roster';
import * as fc from 'fast-check';
import type { Questions } from './roster-answers';
import { type Choice, RosterModel } from './roster-model';
import { HOST, listening } from './roster-store';
import { Directory, GRACE_MS, IMMEDIATE, loadView, START_MS } from './roster-view';

const USER_IDS = ['ada', 'bob', 'constructor', 'cat'];
const CHANNELS = ['room', 'hall', '__proto__'];
const PODS = [0, 1] as const;
const TEN_MINUTES_MS = 600_000;

/** `quiet` waits until nothing is on its way; `ask` reads the view as it is. */
type Asking = { readonly act: 'ask' } | { readonly act: 'quiet' };

export type Act =
  | { readonly act: 'connect'; readonly pod: number; readonly userId: string | null }
  | { readonly act: 'disconnect'; readonly tab: number }
  | {
      readonly act: 'join' | 'leave' | 'rejoin';
      readonly tab: number;
      readonly kind: ChannelKind;
      readonly channel: string;
    }
  | { readonly act: 'idle'; readonly tab: number; readonly active: boolean }
  | ({ readonly act: 'choose'; readonly pod: number; readonly lastsMs?: number } & Omit<Choice, 'untilMs' | 'forget'>)
  | {
      readonly act: 'edit';
      readonly userId: string;
      readonly email?: string;
      readonly name?: string;
      readonly bot?: boolean;
    }
  | { readonly act: 'erase'; readonly pod: number; readonly userId: string }
  | { readonly act: 'advance'; readonly ms: number }
  | { readonly act: 'flush'; readonly pod: number }
  | { readonly act: 'trim' }
  | Asking;

export interface History {
  /** Whether tokens say something of their users. */
  readonly claims: boolean;
  readonly acts: readonly Act[];
}

const SHORT_MS = [0, 1, 400, 1000, GRACE_MS - 1, GRACE_MS, GRACE_MS + 1];
const LONG_MS = [...SHORT_MS, 5 * 60_000, TEN_MINUTES_MS, 16 * 60_000];

const pod = fc.constantFrom(...PODS);
const userId = fc.constantFrom(...USER_IDS);
const owner = fc.constantFrom<(string | null)[]>(...USER_IDS, null);
const tab = fc.nat(7);
const kind = fc.constantFrom<ChannelKind>('authenticated', 'anonymous');
const channel = fc.constantFrom(...CHANNELS);
const status = fc.constantFrom<Status>('online', 'away', 'busy', 'offline');
const is = <Name extends string>(name: Name): fc.Arbitrary<Name> => fc.constant(name);

const act = (advances: readonly number[], edits: boolean): fc.Arbitrary<Act> =>
  fc.oneof<fc.WeightedArbitrary<Act>[]>(
    { weight: 5, arbitrary: fc.record({ act: is('connect'), pod, userId: owner }) },
    { weight: 3, arbitrary: fc.record({ act: is('disconnect'), tab }) },
    { weight: 6, arbitrary: fc.record({ act: is('join'), tab, kind, channel }) },
    { weight: 4, arbitrary: fc.record({ act: is('leave'), tab, kind, channel }) },
    { weight: 2, arbitrary: fc.record({ act: is('rejoin'), tab, kind, channel }) },
    { weight: 3, arbitrary: fc.record({ act: is('idle'), tab, active: fc.boolean() }) },
    {
      weight: 3,
      arbitrary: fc.record(
        {
          act: is('choose'),
          pod,
          userId,
          status,
          statusText: fc.constantFrom('', 'lunch', 'later'),
          lastsMs: fc.constantFrom(...SHORT_MS, 5 * 60_000),
        },
        { requiredKeys: ['act', 'pod', 'userId'] },
      ),
    },
    {
      weight: edits ? 1 : 0,
      arbitrary: fc.record(
        {
          act: is('edit'),
          userId,
          email: fc.constantFrom('a@example.com', 'b@example.com'),
          name: fc.constantFrom('A', 'B'),
          bot: fc.boolean(),
        },
        { requiredKeys: ['act', 'userId'] },
      ),
    },
    { weight: 1, arbitrary: fc.record({ act: is('erase'), pod, userId }) },
    { weight: 4, arbitrary: fc.record({ act: is('advance'), ms: fc.constantFrom(...advances) }) },
    { weight: 6, arbitrary: fc.record({ act: is('flush'), pod }) },
    { weight: 2, arbitrary: fc.record({ act: is('ask') }) },
    { weight: 2, arbitrary: fc.record({ act: is('quiet') }) },
    { weight: 1, arbitrary: fc.record({ act: is('trim') }) },
  );

/**
 * Random histories. A user who is forgotten takes the claims along, at a moment that the contract leaves open; so
 * either tokens claim nothing and hours may pass, or they do and no more than a few minutes pass.
 */
export const histories = ({ edits }: { edits: boolean }): fc.Arbitrary<History> => {
  const acts = (advances: readonly number[]): fc.Arbitrary<Act[]> =>
    fc.array(act(advances, edits), { maxLength: 90, size: 'max' });
  return fc.oneof(
    fc.record({ claims: fc.constant(true), acts: acts(SHORT_MS) }),
    fc.record({ claims: fc.constant(false), acts: acts(LONG_MS) }),
  );
};

const FAR_MS = 1e9;

/** A memory store that tells of each batch before it applies it. */
class ToldStore extends MemoryRosterStore {
  onApply: (batch: Batch) => void = () => undefined;

  override apply(host: string, batch: Batch): ReturnType<MemoryRosterStore['apply']> {
    this.onApply(batch);
    return super.apply(host, batch);
  }
}

export class World {
  readonly model: RosterModel;
  readonly views: Views;
  /** A view that has followed from the start. */
  readonly followed: RosterView;
  readonly store = new ToldStore({ now: () => this.nowMs, graceMs: GRACE_MS, leaseMs: FAR_MS });
  private nowMs = START_MS;
  private readonly directory = new Directory();
  private readonly deferred: ((() => void) | undefined)[] = PODS.map(() => undefined);
  private readonly locals: readonly LocalRoster[];
  /** Pods whose batch is under way, and that go on by themselves with what has gathered meanwhile. */
  private readonly underWay = new Set<number>();
  private tabs: { readonly id: string; readonly pod: number; readonly userId: string | null }[] = [];
  private made = 0;
  private readonly erasedAtMs = new Map<string, number>();
  /** How many changes of each tab were not acknowledged yet. */
  private readonly unacknowledged = new Map<string, number>();
  private readonly claimsOf: (userId: string) => { email: string; name: string } | null;

  private constructor(claims: boolean, remembers: HistoryOptions) {
    this.claimsOf = (id) => (claims && id !== 'bob' ? { email: `${id}@claimed.example`, name: `Claimed ${id}` } : null);
    this.directory.details.set('bob', { username: 'bobby', utcOffset: -3.5, avatarETag: 'tag' });
    this.directory.details.set('cat', { bot: true });
    this.model = new RosterModel(USER_IDS, this.directory.details, this.claimsOf, GRACE_MS);
    this.views = new Views({
      store: this.store,
      own: this.store,
      isWritten: () => Promise.resolve(true),
      profilesOf: () => this.directory,
      timing: IMMEDIATE,
      times: { reregisterMs: 0, staleMaxMs: 0 },
    });
    this.followed = new RosterView(this.directory, remembers);
    this.locals = PODS.map(
      (index) =>
        new LocalRoster({
          host: HOST,
          instance: `pod-${index}`,
          store: this.store,
          timing: IMMEDIATE,
          defer: (flush) => (this.deferred[index] = flush),
          choiceOf: () => undefined,
          report: (error) => {
            throw error;
          },
        }),
    );
  }

  static async open(claims: boolean, remembers: HistoryOptions): Promise<World> {
    const world = new World(claims, remembers);
    await world.register();
    world.store.onApply = ({ instance }) => {
      const index = PODS.findIndex((each) => `pod-${each}` === instance);
      if (world.underWay.delete(index)) world.model.flush(index, world.nowMs);
    };
    const take = listening((entry) => {
      if (!world.followed.apply(entry)) throw new Error('The view refused an entry of its store.');
    });
    await world.store.follow(HOST, take);
    await loadView(world.followed, world.store);
    return world;
  }

  /** Lives through the history; `check` looks at each moment in which somebody asks. */
  static async live(
    { claims, acts }: History,
    check: (world: World, reading: Reading) => Promise<void> | void,
    steps: { readonly min: number; readonly max: number } = { min: STEPS_MIN, max: STEPS_MAX },
  ): Promise<void> {
    const world = await World.open(claims, { graceMs: GRACE_MS, stepsMin: steps.min, stepsMax: steps.max });
    const ask = async (): Promise<void> => {
      await world.settle();
      await check(world, await world.views.readPresence(HOST));
    };
    for (const each of acts) {
      if (each.act === 'ask') await ask();
      else if (each.act === 'quiet') await world.quiet();
      else if (each.act === 'erase') await world.erase(each);
      else world.do(each);
    }
    await world.quiet();
    await ask();
    for (const ms of [GRACE_MS, 5 * 60_000]) {
      world.do({ act: 'advance', ms });
      await ask();
    }
  }

  async fresh(): Promise<RosterView> {
    return loadView(new RosterView(this.directory), this.store);
  }

  questions(atMs: number): Questions {
    const stamps = USER_IDS.flatMap((id) =>
      this.model
        .history(id, atMs)
        .slice(-2)
        .map((change) => change.atMs),
    );
    const froms = [
      ...stamps,
      ...stamps.map((stampMs) => stampMs + 1),
      atMs,
      atMs + 1,
      atMs - 500,
      atMs - TEN_MINUTES_MS,
    ];
    return {
      atMs,
      userIds: USER_IDS,
      channels: CHANNELS,
      tabIds: [...this.tabs.map(({ id }) => id), 't0'],
      froms: froms.filter((fromMs) => fromMs >= atMs - TEN_MINUTES_MS),
    };
  }

  /** The tabs, gone ones too, of which every change was acknowledged. */
  get acknowledged(): string[] {
    return [...this.unacknowledged].filter(([, changes]) => changes === 0).map(([id]) => id);
  }

  get userIds(): readonly string[] {
    return USER_IDS;
  }

  get channels(): readonly string[] {
    return CHANNELS;
  }

  private do(each: Exclude<Act, Asking | { act: 'erase' }>): void {
    switch (each.act) {
      case 'connect':
        return this.connect(each.pod, each.userId);
      case 'choose':
        return this.choose(each);
      case 'edit':
        return this.edit(each);
      case 'advance':
        this.nowMs += each.ms;
        return;
      case 'flush':
        return this.flush(each.pod);
      case 'trim':
        this.store.trim();
        return this.views.dropIdle();
      case 'disconnect':
      case 'join':
      case 'leave':
      case 'rejoin':
      case 'idle':
        return this.atTab(each);
    }
  }

  /** As the service does: whoever is connected goes first. */
  private async erase({ pod: index, userId: id }: Extract<Act, { act: 'erase' }>): Promise<void> {
    for (const [at, { userId: owner }] of [...this.tabs.entries()].reverse()) {
      if (owner === id) this.atTab({ act: 'disconnect', tab: at });
    }
    await this.quiet();
    const erasedAtMs = Math.max(this.nowMs, (this.erasedAtMs.get(id) ?? 0) + 1);
    this.erasedAtMs.set(id, erasedAtMs);
    void this.local(index).setUser(id, { erasedAtMs, erases: true });
    this.model.choose(index, { userId: id, forget: true });
    await this.quiet();
  }

  private choose({ pod: index, lastsMs, ...choice }: Extract<Act, { act: 'choose' }>): void {
    const timed = lastsMs === undefined ? choice : { ...choice, untilMs: this.nowMs + lastsMs };
    void this.local(index).setUser(choice.userId, { ...timed, erasedAtMs: this.erasedAtMs.get(choice.userId) });
    this.model.choose(index, timed);
  }

  private connect(index: number, owner: string | null): void {
    const id = `t${(this.made += 1)}`;
    this.tabs.push({ id, pod: index, userId: owner });
    const user =
      owner === null ? null : { id: owner, claims: this.claimsOf(owner), erasedAtMs: this.erasedAtMs.get(owner) };
    this.track(id, this.local(index).connect(id, user));
    this.model.connect(index, id, owner);
  }

  private atTab(each: Extract<Act, { tab: number }>): void {
    const found = this.tabs[each.tab % (this.tabs.length || 1)];
    if (found === undefined) return;
    const { id, pod: index } = found;
    const local = this.local(index);
    if (each.act === 'disconnect') {
      this.tabs = this.tabs.filter((other) => other !== found);
      this.track(id, local.disconnect(id));
      this.model.disconnect(index, id);
    } else if (each.act === 'idle') {
      this.track(id, local.setActive(id, each.active));
      this.model.setActive(index, id, each.active);
    } else {
      const place = [id, found.userId === null ? 'anonymous' : each.kind, each.channel] as const;
      for (const step of each.act === 'rejoin' ? (['leave', 'join'] as const) : [each.act]) {
        this.track(id, local[step](...place));
        this.model[step](index, ...place);
      }
    }
  }

  private track(id: string, acknowledged: Promise<unknown>): void {
    const count = (by: number): unknown => this.unacknowledged.set(id, (this.unacknowledged.get(id) ?? 0) + by);
    count(1);
    void acknowledged.then(() => count(-1));
  }

  private edit({ userId: id, email, name, bot }: Extract<Act, { act: 'edit' }>): void {
    const details = { ...this.directory.details.get(id) };
    this.directory.details.set(id, {
      ...details,
      ...(email === undefined ? {} : { email }),
      ...(name === undefined ? {} : { name }),
      ...(bot === undefined ? {} : { bot }),
    });
    this.followed.profileChanged(id);
    this.views.profileChanged(id, (host) => host === HOST);
  }

  /** Sends what the pod has gathered, if nothing of it is in flight. */
  private flush(index: number): void {
    const flush = this.deferred[index];
    if (flush === undefined) return;
    this.deferred[index] = undefined;
    this.model.flush(index, this.nowMs);
    flush();
    this.underWay.add(index);
  }

  /** Lets everything arrive that is under way; pods then go on with what they have gathered. */
  private async settle(): Promise<void> {
    await IMMEDIATE.wait(0);
    // Whoever had nothing to write after all.
    for (const index of this.underWay) this.model.flush(index, this.nowMs);
    this.underWay.clear();
  }

  /** Every pod has a lease from the start, so that a flush is one call to the store. */
  private async register(): Promise<void> {
    const here = this.locals.map((local) => local.connect('first', null));
    for (const flush of this.deferred.splice(0)) flush?.();
    await Promise.all(here);
    const gone = this.locals.map((local) => local.disconnect('first'));
    for (const flush of this.deferred.splice(0)) flush?.();
    await Promise.all(gone);
    await IMMEDIATE.wait(0);
  }

  /** Until nothing is on its way any more. */
  private async quiet(): Promise<void> {
    do {
      for (const index of PODS) this.flush(index);
      await this.settle();
    } while (this.deferred.some((flush) => flush !== undefined));
  }

  private local(index: number): LocalRoster {
    const local = this.locals[index];
    if (local === undefined) throw new Error(`There is no pod ${index}.`);
    return local;
  }
}
