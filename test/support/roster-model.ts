/*
 * What a roster must answer, worked out again from scratch for each question: plain arrays, nothing kept but what
 * happened. It shares no code with the roster; slow, and meant to be right at a glance.
 */
import type { ChannelKind, Status } from '@rollcall/contract';
import type { UserClaims, UserDetails } from '@rollcall/roster';

/** One joining: leaving and joining again makes another one. */
interface Place {
  readonly kind: ChannelKind;
  readonly channel: string;
}

interface Tab {
  readonly id: string;
  readonly userId: string | null;
  active: boolean;
  places: Place[];
}

export interface Choice {
  readonly userId: string;
  readonly status?: Status;
  readonly statusText?: string;
  /** From then on it is as if nothing had been chosen. */
  readonly untilMs?: number;
  readonly forget?: boolean;
}

interface Pod {
  tabs: Tab[];
  /** The tabs touched since the last flush, in the order of their first touch. */
  touched: string[];
  choices: Choice[];
}

export interface StoredTab {
  readonly id: string;
  readonly pod: number;
  readonly userId: string | null;
  readonly active: boolean;
  readonly since: number;
  readonly places: readonly { readonly place: Place; readonly since: number }[];
}

/** What was so from `atMs` on. */
interface Fact {
  readonly atMs: number;
  readonly connections: number;
  readonly active: number;
  readonly chosen: Status;
  readonly text: string;
  readonly untilMs: number;
  /** Whoever is erased is shown no longer. */
  readonly forgotten: boolean;
}

const FOREVER = Infinity;
const NOTHING = { chosen: 'online', text: '', untilMs: FOREVER } as const;

export interface ShownChange {
  readonly atMs: number;
  readonly status: Status;
  readonly text: string;
}

const bySince = (a: { readonly since: number }, b: { readonly since: number }): number => a.since - b.since;
const distinct = <T>(items: readonly T[]): T[] => items.filter((item, index) => items.indexOf(item) === index);

export class RosterModel {
  stored: StoredTab[] = [];
  private revision = 0;
  private readonly pods: Pod[] = [0, 1].map(() => ({ tabs: [], touched: [], choices: [] }));
  private readonly facts = new Map<string, Fact[]>();
  private readonly claims = new Map<string, UserClaims | null>();
  /** Who has left which channel, and whether with the connection, in the flush that is under way. */
  private exits: { readonly userId: string; readonly channel: string; readonly vanished: boolean }[] = [];
  /** Until when watchers see somebody who has vanished from a channel. */
  private readonly seenUntilMs = new Map<string, Map<string, number>>();

  constructor(
    private readonly userIds: readonly string[],
    private readonly details: ReadonlyMap<string, UserDetails>,
    private readonly claimsOf: (userId: string) => UserClaims | null,
    private readonly graceMs: number,
  ) {}

  connect(pod: number, id: string, userId: string | null): void {
    this.pod(pod).tabs.push({ id, userId, active: true, places: [] });
    this.touch(pod, id);
  }

  disconnect(pod: number, id: string): void {
    this.pod(pod).tabs = this.pod(pod).tabs.filter((tab) => tab.id !== id);
    this.touch(pod, id);
  }

  join(pod: number, id: string, kind: ChannelKind, channel: string): void {
    const tab = this.tab(pod, id);
    if (tab.places.some((place) => place.kind === kind && place.channel === channel)) return;
    tab.places = [...tab.places, { kind, channel }];
    this.touch(pod, id);
  }

  leave(pod: number, id: string, kind: ChannelKind, channel: string): void {
    const tab = this.tab(pod, id);
    const rest = tab.places.filter((place) => place.kind !== kind || place.channel !== channel);
    if (rest.length === tab.places.length) return;
    tab.places = rest;
    this.touch(pod, id);
  }

  setActive(pod: number, id: string, active: boolean): void {
    const tab = this.tab(pod, id);
    if (tab.active === active) return;
    tab.active = active;
    this.touch(pod, id);
  }

  choose(pod: number, choice: Choice): void {
    const { choices } = this.pod(pod);
    choices.push(choice);
  }

  /** The pod's changes reach the store at `atMs`. */
  flush(pod: number, atMs: number): void {
    const { touched, choices } = this.pod(pod);
    this.pod(pod).touched = [];
    this.pod(pod).choices = [];
    const leaving = this.stored.filter(({ id }) => touched.includes(id)).map(({ userId }) => userId);
    for (const id of touched) this.store(pod, id);
    const last = new Map(this.userIds.map((userId) => [userId, this.facts.get(userId)?.at(-1)]));
    for (const userId of this.userIds) {
      let { chosen, text, untilMs } = this.choiceAt(last.get(userId), atMs);
      const own = choices.filter((each) => each.userId === userId);
      const forgotten = own.some(({ forget }) => forget);
      for (const choice of own) {
        if (choice.forget) {
          ({ chosen, text, untilMs } = NOTHING);
          this.claims.set(userId, null);
        }
        if (choice.status !== undefined || choice.statusText !== undefined) untilMs = choice.untilMs ?? FOREVER;
        chosen = choice.status ?? chosen;
        text = choice.statusText ?? text;
      }
      const isNothing = chosen === 'online' && text === '';
      if (isNothing || untilMs <= atMs) ({ chosen, text, untilMs } = NOTHING);
      const tabs = this.stored.filter((tab) => tab.userId === userId);
      const active = tabs.filter((tab) => tab.active).length;
      const fact = { atMs, connections: tabs.length, active, chosen, text, untilMs, forgotten };
      this.facts.set(userId, [...(this.facts.get(userId) ?? []), fact]);
      const isTouched = leaving.includes(userId) || choices.some((choice) => choice.userId === userId);
      if (isTouched && this.leavesNothing(userId, fact)) this.claims.set(userId, null);
    }
    this.noteExits(atMs);
  }

  /** Whom watchers of a channel see. */
  watched(channel: string, atMs: number): string[] {
    const vanished = [...(this.seenUntilMs.get(channel) ?? [])].filter(([, untilMs]) => untilMs > atMs);
    return distinct([...this.memberUsers(channel), ...vanished.map(([userId]) => userId)]).sort();
  }

  /** Every change of what was shown of the user, up to `untilMs`. */
  history(userId: string, untilMs: number): ShownChange[] {
    const history: ShownChange[] = [];
    let shown: Omit<ShownChange, 'atMs'> = { status: 'offline', text: '' };
    let departsAtMs = Infinity;
    const show = (atMs: number, status: Status, text: string): void => {
      if (status === shown.status && text === shown.text) return;
      shown = { status, text };
      history.push({ atMs, status, text });
    };
    const departUntil = (atMs: number): void => {
      if (departsAtMs > atMs) return;
      show(departsAtMs, 'offline', shown.text);
      departsAtMs = Infinity;
    };
    for (const { atMs, connections, active, chosen, text, forgotten } of this.factsUntil(userId, untilMs)) {
      departUntil(atMs);
      if (connections > 0) {
        departsAtMs = Infinity;
        show(atMs, chosen !== 'online' ? chosen : active > 0 ? 'online' : 'away', text);
      } else if (chosen === 'offline' || forgotten || shown.status === 'offline') {
        departsAtMs = Infinity;
        show(atMs, 'offline', text);
      } else {
        departsAtMs = Math.min(departsAtMs, atMs + this.graceMs);
        show(atMs, shown.status, text);
      }
    }
    departUntil(untilMs);
    return history;
  }

  statusAt(userId: string, atMs: number): Status {
    if (this.details.get(userId)?.bot) return 'online';
    return this.history(userId, atMs).at(-1)?.status ?? 'offline';
  }

  presenceRow(userId: string, atMs: number): object {
    const { username, name, utcOffset, avatarETag } = { ...this.claims.get(userId), ...this.details.get(userId) };
    const { text } = this.choiceAt(this.facts.get(userId)?.at(-1), atMs);
    return {
      _id: userId,
      name: name ?? username ?? userId,
      username: username ?? userId,
      status: this.statusAt(userId, atMs),
      utcOffset: utcOffset ?? 0,
      ...(avatarETag === undefined ? {} : { avatarETag }),
      ...(text === '' ? {} : { statusText: text }),
    };
  }

  /** The tab as its pod has it, stored or not. */
  truthOf(id: string): { readonly active: boolean; readonly places: readonly Place[] } | undefined {
    return this.pods.flatMap(({ tabs }) => tabs).find((tab) => tab.id === id);
  }

  /** Who is not offline. */
  present(atMs: number): string[] {
    return this.userIds.filter((userId) => this.statusAt(userId, atMs) !== 'offline');
  }

  changedSince(fromMs: number, atMs: number, exceptUserId: string): string[] {
    return this.userIds.filter(
      (userId) =>
        userId !== exceptUserId &&
        !this.details.get(userId)?.bot &&
        this.history(userId, atMs).some((change) => change.atMs >= fromMs),
    );
  }

  /** When the last choice ends that is not over yet; `undefined`: it does not. */
  endsAtMs(userId: string, atMs: number): number | undefined {
    const { untilMs } = this.choiceAt(this.facts.get(userId)?.at(-1), atMs);
    return untilMs === FOREVER ? undefined : untilMs;
  }

  /** What happened to the user, and the ends of choices in between, as if somebody had taken them back then. */
  private factsUntil(userId: string, untilMs: number): Fact[] {
    const facts = this.facts.get(userId) ?? [];
    return facts.flatMap((fact, index) => {
      const nextMs = facts[index + 1]?.atMs ?? untilMs;
      return fact.untilMs <= nextMs ? [fact, { ...fact, ...NOTHING, atMs: fact.untilMs }] : [fact];
    });
  }

  private choiceAt(fact: Fact | undefined, atMs: number): Pick<Fact, 'chosen' | 'text' | 'untilMs'> {
    return fact === undefined || fact.untilMs <= atMs ? NOTHING : fact;
  }

  /** The stored tabs in the order of connecting. */
  get tabs(): StoredTab[] {
    return this.stored.toSorted(bySince);
  }

  connectionsOf(userId: string): StoredTab[] {
    return this.tabs.filter((tab) => tab.userId === userId);
  }

  /** `{id,email}` of each connected user, in the order of first connecting. */
  users(): object[] {
    return distinct(this.tabs.flatMap(({ userId }) => userId ?? [])).map((userId) => this.channelUser(userId));
  }

  userConnections(): object[] {
    return this.tabs.flatMap(({ userId }) => (userId === null ? [] : [this.channelUser(userId)]));
  }

  get anonymousTabs(): number {
    return this.stored.filter(({ userId }) => userId === null).length;
  }

  channelNames(kind: ChannelKind): string[] {
    const all = this.stored.flatMap(({ places }) => places.map(({ place }) => place));
    return distinct(all.filter((place) => place.kind === kind).map(({ channel }) => channel)).sort();
  }

  /** The user of each membership, in the order of joining; `null` for an anonymous tab. */
  members(kind: ChannelKind, channel: string): (string | null)[] {
    return this.stored
      .flatMap(({ userId, places }) => places.map(({ place, since }) => ({ userId, place, since })))
      .filter(({ place }) => place.kind === kind && place.channel === channel)
      .sort(bySince)
      .map(({ userId }) => userId);
  }

  memberUsers(channel: string): string[] {
    return distinct(this.members('authenticated', channel).flatMap((userId) => userId ?? []));
  }

  channelUser(userId: string): object {
    return { id: userId, email: this.details.get(userId)?.email ?? this.claims.get(userId)?.email ?? null };
  }

  /** Who was never seen, and has chosen nothing, is forgotten with the last connection: there is nothing to tell of. */
  private leavesNothing(userId: string, { atMs, connections, chosen, text }: Fact): boolean {
    return connections === 0 && chosen === 'online' && text === '' && this.history(userId, atMs).length === 0;
  }

  private noteExits(atMs: number): void {
    for (const { userId, channel, vanished } of this.exits) {
      const seen = this.seenUntilMs.get(channel) ?? new Map<string, number>();
      const isAway = (this.facts.get(userId)?.at(-1)?.connections ?? 0) === 0;
      const waits = vanished && !(isAway && (this.history(userId, atMs).at(-1)?.status ?? 'offline') === 'offline');
      this.seenUntilMs.set(channel, seen.set(userId, waits ? atMs + this.graceMs : 0));
    }
    this.exits = [];
  }

  private store(pod: number, id: string): void {
    const tab = this.pod(pod).tabs.find((each) => each.id === id);
    const old = this.stored.find((each) => each.id === id);
    const channels = old?.places.filter(({ place }) => place.kind === 'authenticated') ?? [];
    this.storeTab(pod, id, tab, old);
    for (const { place } of channels) {
      const userId = old?.userId ?? '';
      if (this.memberUsers(place.channel).includes(userId)) continue;
      this.exits.push({ userId, channel: place.channel, vanished: tab === undefined });
    }
  }

  private storeTab(pod: number, id: string, tab: Tab | undefined, old: StoredTab | undefined): void {
    if (tab === undefined && old === undefined) return;
    if (tab === undefined) {
      this.revision += 1;
      this.stored = this.stored.filter((each) => each.id !== id);
      return;
    }
    const places = old?.places.map(({ place }) => place) ?? [];
    const same = places.length === tab.places.length && places.every((place, index) => place === tab.places[index]);
    if (old?.active === tab.active && same) return;
    const revision = (this.revision += 1);
    const row: StoredTab = {
      id,
      pod,
      userId: tab.userId,
      active: tab.active,
      since: old?.since ?? revision,
      places: tab.places.map((place) => old?.places.find((kept) => kept.place === place) ?? { place, since: revision }),
    };
    this.stored = [...this.stored.filter((each) => each.id !== id), row];
    if (old !== undefined || row.userId === null) return;
    this.claims.set(row.userId, this.claimsOf(row.userId) ?? this.claims.get(row.userId) ?? null);
  }

  private touch(pod: number, id: string): void {
    const { touched } = this.pod(pod);
    if (!touched.includes(id)) touched.push(id);
  }

  private pod(index: number): Pod {
    const pod = this.pods[index];
    if (pod === undefined) throw new Error(`There is no pod ${index}.`);
    return pod;
  }

  private tab(pod: number, id: string): Tab {
    const tab = this.pod(pod).tabs.find((each) => each.id === id);
    if (tab === undefined) throw new Error(`There is no tab ${id}.`);
    return tab;
  }
}
