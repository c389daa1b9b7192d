import type { ChannelChange, ChannelKind, ChannelReset, ChannelSnapshot, Member } from '@rollcall/contract';

interface State {
  readonly users: ReadonlyMap<string, Member>;
  readonly anonymous: number;
}

export const kindOf = (userId: string | undefined, anonymous = false): ChannelKind =>
  anonymous || userId === undefined ? 'anonymous' : 'authenticated';

export const memberOf = (id: string, name = id): Member => ({ id, username: id, name });

/** Told next is everything. */
const ANEW = -1;

/** A channel that remembers every state that it was in, so that what happened between two of them is plain to see. */
export class FakeChannel {
  private states: State[] = [{ users: new Map(), anonymous: 0 }];
  private life = 0;
  /** Which state each watcher was told last. */
  private readonly told = new Map<string, number>();
  private readonly joined = new Map<string, string | undefined>();

  constructor(
    readonly name: string,
    readonly kind: ChannelKind,
  ) {}

  get now(): State {
    return this.states.at(-1) as State;
  }

  get watchers(): number {
    return this.told.size;
  }

  get members(): string[] {
    return [...this.joined.keys()];
  }

  enter(...members: Member[]): void {
    const users = new Map(this.now.users);
    for (const member of members) users.set(member.id, member);
    this.states.push({ ...this.now, users });
  }

  leave(...ids: string[]): void {
    const users = new Map(this.now.users);
    for (const id of ids) users.delete(id);
    this.states.push({ ...this.now, users });
  }

  count(anonymous: number): void {
    if (anonymous === this.now.anonymous) return;
    this.states.push({ ...this.now, anonymous });
  }

  forget(): void {
    this.states = [this.now];
    this.life += 1;
    for (const watcher of this.told.keys()) this.told.set(watcher, ANEW);
  }

  hasMember(connectionId: string): boolean {
    return this.joined.has(connectionId);
  }

  join(connectionId: string, userId: string | undefined): object {
    const again = this.joined.has(connectionId);
    this.joined.set(connectionId, userId);
    if (this.kind === 'anonymous') this.count(this.now.anonymous + (again ? 0 : 1));
    else if (userId !== undefined && !this.now.users.has(userId)) this.enter(memberOf(userId));
    return { channel: this.name, kind: this.kind, count: this.now.users.size, cursor: this.cursor };
  }

  disconnect(connectionId: string): object {
    const member = this.joined.has(connectionId);
    const userId = this.joined.get(connectionId);
    this.joined.delete(connectionId);
    this.told.delete(connectionId);
    if (member && this.kind === 'anonymous') this.count(this.now.anonymous - 1);
    else if (userId !== undefined && ![...this.joined.values()].includes(userId)) this.leave(userId);
    return { channel: this.name };
  }

  watch(connectionId: string, cursor: string | undefined): object {
    const known = this.stateAt(cursor);
    this.told.set(connectionId, this.states.length - 1);
    const place = { channel: this.name, kind: this.kind, cursor: this.cursor };
    if (known === undefined) return { ...place, snapshot: this.snapshot };
    return { ...place, changes: known === this.states.length - 1 ? [] : [this.since(known)] };
  }

  unwatch(connectionId: string): object {
    this.told.delete(connectionId);
    return { channel: this.name };
  }

  /** What a watcher is yet to be told: the way since the last time, or all anew. */
  news(connectionId: string, anew: boolean): ChannelChange | ChannelReset | undefined {
    const told = this.told.get(connectionId);
    if (told === undefined || (told === this.states.length - 1 && !anew)) return undefined;
    this.told.set(connectionId, this.states.length - 1);
    if (!anew && told !== ANEW) return this.since(told);
    return { channel: this.name, kind: this.kind, cursor: this.cursor, snapshot: this.snapshot };
  }

  private get cursor(): string {
    return `${this.life}.${this.states.length - 1}`;
  }

  private get snapshot(): ChannelSnapshot {
    return { users: [...this.now.users.values()], anonymous: this.now.anonymous };
  }

  private stateAt(cursor = ''): number | undefined {
    const [life, state] = cursor.split('.').map(Number);
    return life === this.life ? state : undefined;
  }

  private since(state: number): ChannelChange {
    const { users: before } = this.states[state] as State;
    const { users, anonymous } = this.now;
    return {
      channel: this.name,
      kind: this.kind,
      cursor: this.cursor,
      joined: [...users.values()].filter((member) => before.get(member.id) !== member),
      left: [...before.keys()].filter((id) => !users.has(id)),
      anonymous,
    };
  }
}
