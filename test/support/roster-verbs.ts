/*
 * Random verbs of three pods on two stores at once. What both answer is brought into one shape: names that a store makes
 * up become numbers in the order of their first showing, and scores of leases only say whether they are claims.
 */
import {
  type Batch,
  ERASURE_COUNTS_MS,
  ERASURE_KEPT_MS,
  type Known,
  LEASE_MAX_MS,
  MemoryRosterStore,
  type RosterStore,
  type RowState,
  type UserWrite,
} from '@rollcall/roster';
import * as fc from 'fast-check';
import { HOST, logOf, OFFLINE_GRACE_MS, remembersSeen } from './roster-store';

const PODS = ['pod-0', 'pod-1', 'pod-2'] as const;
const USER_IDS = ['ada', 'bob', '\ud83d', '__proto__'];
const MINUTE_MS = 60_000;

/** What an opening pod says of where it last saw the roster; `ahead` of where it is now. */
interface Knowing {
  readonly known: 'none' | 'this' | 'other';
  readonly ahead: number;
}

/** How long ago an erasure was, by the roster's time; absent: there was none. */
interface Erased {
  readonly erasedMsAgo?: number;
  readonly tenant?: number;
}

/** `lastsMs`: how long the choice lasts, from the roster's time on. */
type TimedWrite = Omit<UserWrite, 'erasedAtMs'> & Erased & { readonly lastsMs?: number };
type TimedRow = Omit<RowState, 'erasedAtMs'> & Erased;

export type Verb =
  | ({ readonly verb: 'open'; readonly pod: number; readonly by: number } & Knowing)
  | {
      readonly verb: 'apply';
      readonly pod: number;
      /** Added to the number that is due, and to the generation. */
      readonly late: number;
      readonly by: number;
      readonly again: boolean;
      readonly rows: readonly { readonly connectionId: string; readonly row: TimedRow | null }[];
      readonly users: readonly TimedWrite[];
    }
  | { readonly verb: 'beat' | 'close'; readonly pod: number; readonly by: number }
  | { readonly verb: 'sweep'; readonly pod: number; readonly score: 'seen' | 'zero' | 'other' }
  | { readonly verb: 'renew'; readonly known: 'this' | 'other' }
  | { readonly verb: 'now'; readonly shownMs: number }
  | { readonly verb: 'advance'; readonly ms: number }
  | { readonly verb: 'leases last'; readonly ms: number }
  | { readonly verb: 'read' };

const is = <Name extends string>(name: Name): fc.Arbitrary<Name> => fc.constant(name);
const pod = fc.nat(PODS.length - 1);
const userId = fc.constantFrom(...USER_IDS);
const maybe = <Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(arbitrary, { nil: undefined });

const membership = fc.record({
  kind: fc.constantFrom('authenticated' as const, 'anonymous' as const),
  channel: fc.constantFrom('room', '|"\\', '\ude42'),
  since: maybe(fc.constantFrom(1, 7)),
});

/** Around what counts, and what is kept where there is nothing else. */
const erasedMsAgo = maybe(
  fc.constantFrom(
    -1000,
    0,
    1,
    1000,
    ERASURE_KEPT_MS,
    ERASURE_COUNTS_MS - 1000,
    ERASURE_COUNTS_MS,
    ERASURE_COUNTS_MS + 1,
  ),
);

const row: fc.Arbitrary<TimedRow> = fc.record({
  userId: fc.option(userId),
  claims: fc.option(fc.record({ name: fc.constantFrom('N', '],"\ud83d') })),
  erasedMsAgo,
  tenant: maybe(fc.constantFrom(7, 2 ** 31 - 1)),
  active: fc.boolean(),
  since: maybe(fc.record({ revision: fc.constantFrom(1, 5), atMs: fc.constant(77) })),
  channels: fc.array(membership, { maxLength: 3 }),
});

const rows = fc.uniqueArray(
  fc.record({ connectionId: fc.constantFrom('c0', 'c1', 'c2', '\ud83d', '!'), row: fc.option(row) }),
  { maxLength: 4, selector: ({ connectionId }) => connectionId },
);

const user: fc.Arbitrary<TimedWrite> = fc.record(
  {
    userId,
    status: fc.constantFrom('online', 'away', 'busy', 'offline'),
    statusText: fc.constantFrom('', 'lunch', '],"\ude42'),
    lastsMs: fc.constantFrom(-1, 0, 1, 1000, OFFLINE_GRACE_MS - 1, OFFLINE_GRACE_MS, 5 * MINUTE_MS, 20 * MINUTE_MS),
    erasedMsAgo,
    tenant: fc.constantFrom(7, 2 ** 31 - 1),
    restore: fc.boolean(),
    erases: fc.boolean(),
  },
  { requiredKeys: ['userId'] },
);

const mostly = (usual: number, ...others: number[]): fc.Arbitrary<number> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });

const apply = fc
  .record({
    verb: is('apply'),
    pod,
    late: mostly(0, -2, -1, 1),
    by: mostly(0, -1, 1),
    again: mostly(0, 1).map(Boolean),
    rows,
    users: fc.array(user, { maxLength: 3 }),
  })
  .filter((batch) => batch.rows.length + batch.users.length > 0);

export const verbs: fc.Arbitrary<Verb[]> = fc.array(
  fc.oneof<fc.WeightedArbitrary<Verb>[]>(
    {
      weight: 4,
      arbitrary: fc.record({
        verb: is('open'),
        pod,
        by: mostly(1, -1, 0, 2),
        known: fc.constantFrom('none', 'this', 'other'),
        ahead: mostly(0, -1, 3),
      }),
    },
    { weight: 20, arbitrary: apply },
    { weight: 2, arbitrary: fc.record({ verb: fc.constantFrom('beat', 'close'), pod, by: mostly(0, -1, 1) }) },
    { weight: 3, arbitrary: fc.record({ verb: is('sweep'), pod, score: fc.constantFrom('seen', 'zero', 'other') }) },
    { weight: 1, arbitrary: fc.record({ verb: is('renew'), known: fc.constantFrom('this', 'other') }) },
    { weight: 1, arbitrary: fc.record({ verb: is('now'), shownMs: fc.constantFrom(-5000, 0, 1, 5000) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        verb: is('advance'),
        ms: fc.constantFrom(1, 1000, OFFLINE_GRACE_MS - 1, OFFLINE_GRACE_MS, 5 * MINUTE_MS, 16 * MINUTE_MS),
      }),
    },
    { weight: 3, arbitrary: fc.record({ verb: is('leases last'), ms: fc.constantFrom(-1, 60_000, 2 * LEASE_MAX_MS) }) },
    { weight: 2, arbitrary: fc.record({ verb: is('read') }) },
  ),
  { maxLength: 80, size: 'max' },
);

export interface Driven {
  readonly store: RosterStore;
  /** Read by the store with each call. */
  readonly options: { leaseMs: number };
  /** The time is what was last shown. */
  setTime(ms: number): Promise<unknown>;
}

/** The model: its clock stands still, so time is what was last shown, and leases last or are over at once. */
export function drivenMemory(): Driven {
  const options = { now: () => 1_000_000, graceMs: OFFLINE_GRACE_MS, leaseMs: 60_000, remembersSeen };
  const store = new MemoryRosterStore(options);
  return { store, options, setTime: (ms) => store.now(HOST, ms) };
}

type Plain = Record<string, unknown>;

const byName = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
const firstOf = (pair: unknown): unknown => (pair as unknown[])[0];

/** Drives one store through a history; two drivers of equal stores tell the same. */
export class Driver {
  private readonly lives = PODS.map(() => ({ generation: 0, sequence: 0 }));
  private readonly sent = PODS.map((): Batch | undefined => undefined);
  private readonly names = new Map<unknown, number>();

  constructor(private readonly driven: Driven) {}

  async does(each: Verb): Promise<unknown> {
    const { store, options, setTime } = this.driven;
    switch (each.verb) {
      case 'open':
        return this.open(each);
      case 'apply':
        return this.apply(each);
      case 'beat':
        return this.plain(await store.beat(HOST, this.life(each)));
      case 'close':
        return this.plain(await store.close(HOST, this.life(each)));
      case 'sweep':
        return this.sweep(each);
      case 'renew':
        await store.renewEpoch(HOST, await this.epoch(each.known));
        return this.plain(await store.head(HOST));
      case 'now':
        return this.plain(await store.now(HOST, (await store.head(HOST)).atMs + each.shownMs));
      case 'advance':
        await setTime((await store.head(HOST)).atMs + each.ms);
        return this.plain(await store.head(HOST));
      case 'leases last':
        options.leaseMs = each.ms;
        return undefined;
      case 'read':
        return this.all();
    }
  }

  /** Everything that can be read. */
  async all(): Promise<unknown> {
    const { store } = this.driven;
    const { head, rows: stored, users } = await store.snapshot(HOST);
    return this.plain({
      head,
      stored: [...stored].sort(byName),
      users: [...users].sort(byName),
      entries: await logOf(store, HOST),
      leases: await store.leases(HOST),
      seen: await Promise.all(USER_IDS.map((id) => store.lastSeen(HOST, id))),
    });
  }

  private async open({ pod: index, by, known, ahead }: Extract<Verb, { verb: 'open' }>): Promise<unknown> {
    const { store } = this.driven;
    const life = this.life({ pod: index, by });
    const opened = await store.open(HOST, life, known === 'none' ? undefined : await this.seen(known, ahead));
    if (opened.state === 'open') Object.assign(this.of(index), { generation: life.generation, sequence: 0 });
    else this.of(index).generation = opened.generation;
    return this.plain(opened.state === 'open' ? { ...opened, rows: [...opened.rows].sort(byName) } : opened);
  }

  private async apply({ pod: index, late, by, again, ...changes }: Extract<Verb, { verb: 'apply' }>): Promise<unknown> {
    const sequence = this.of(index).sequence + 1 + late;
    // A connection is one pod's.
    const { atMs } = await this.driven.store.head(HOST);
    const dated = <Write extends Erased>({ erasedMsAgo: agoMs, ...write }: Write) =>
      agoMs === undefined ? write : { ...write, erasedAtMs: atMs - agoMs };
    const written = changes.rows.map(({ connectionId, row: state }) => ({
      connectionId: `${connectionId} of ${index}`,
      row: state && dated(state),
    }));
    const users = changes.users.map(({ lastsMs, erases, ...write }) => {
      const untilMs = lastsMs === undefined ? {} : { untilMs: atMs + lastsMs };
      return dated({ ...write, ...untilMs, ...(erases ? { erases, restore: false } : {}) });
    });
    const fresh = { ...this.life({ pod: index, by }), sequence, rows: written, users };
    const batch = (again ? this.sent[index] : undefined) ?? fresh;
    const applied = await this.driven.store.apply(HOST, batch);
    if (applied.state === 'ok' && batch === fresh && by === 0 && late === 0) {
      this.of(index).sequence = sequence;
      this.sent[index] = batch;
    }
    return this.plain(applied);
  }

  private async sweep({ pod: index, score }: Extract<Verb, { verb: 'sweep' }>): Promise<unknown> {
    const { store } = this.driven;
    const instance = PODS[index] ?? '';
    const seen = (await store.leases(HOST)).find((lease) => lease.instance === instance)?.score ?? 0;
    const { state } = await store.sweep(HOST, instance, score === 'zero' ? 0 : score === 'seen' ? seen : 1234, '0');
    return state;
  }

  private life({ pod: index, by }: { pod: number; by: number }): { instance: string; generation: number } {
    return { instance: PODS[index] ?? '', generation: this.of(index).generation + by };
  }

  private of(index: number): { generation: number; sequence: number } {
    const life = this.lives[index];
    if (life === undefined) throw new Error(`There is no pod ${index}.`);
    return life;
  }

  private async seen(known: 'this' | 'other', ahead: number): Promise<Known> {
    const { revision } = await this.driven.store.head(HOST);
    return { epoch: await this.epoch(known), revision: Math.max(0, revision + ahead) };
  }

  private async epoch(known: 'this' | 'other'): Promise<string> {
    return known === 'this' ? (await this.driven.store.head(HOST)).epoch : 'another epoch';
  }

  private plain(value: unknown, key = ''): unknown {
    if (key === 'epoch' || key === 'tag' || key === 'previousTag') return this.nameOf(value);
    if (key === 'score') return value === 0 ? 'claimed' : 'given';
    if (Array.isArray(value)) {
      const list: unknown[] = value.map((item) => this.plain(item));
      // A sweep takes rows in the store's own order.
      if (key === 'leases') return list.sort(byName);
      return key === 'rows' || key === 'users' ? list.sort((a, b) => byName(firstOf(a), firstOf(b))) : list;
    }
    if (typeof value !== 'object' || value === null) return value;
    const plain: Plain = {};
    for (const [name, part] of Object.entries(value)) if (part !== undefined) plain[name] = this.plain(part, name);
    return plain;
  }

  private nameOf(name: unknown): number {
    const number = this.names.get(name) ?? this.names.size;
    this.names.set(name, number);
    return number;
  }
}
