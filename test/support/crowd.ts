/*
 * Real tabs on several pods of the shop, and what every pod must say of them: the truth, as the clients know it.
 */
import type { Status } from '@rollcall/contract';
import { eventually } from './eventually';
import type { Answer } from './faces';
import type { RedisPod } from './redis-pod';
import { tabOf } from './shop';
import type { Tab } from './tab';

/** What is promised after Redis has forgotten something. */
export const PROMISED_MS = 5000;

type Ack = Awaited<ReturnType<Tab['ask']>>;

/** What a pod says in answer to all questions, without the order of those who came at the same time. */
interface Picture {
  readonly users: object;
  readonly channels: object;
  readonly totals: object;
  readonly presence: object;
}

export class Member {
  /** Each as `<kind>|<channel>`. */
  readonly places = new Set<string>();

  constructor(
    readonly tab: Tab,
    readonly userId: string | undefined,
  ) {}

  get kind(): 'authenticated' | 'anonymous' {
    return this.userId === undefined ? 'anonymous' : 'authenticated';
  }

  async join(channel: string): Promise<Ack> {
    const answer = await this.tab.join(channel);
    expect(answer).toMatchObject({ ok: true, channel, kind: this.kind });
    this.places.add(`${this.kind}|${channel}`);
    return answer;
  }

  async leave(channel: string): Promise<Ack> {
    const answer = await this.tab.ask('channel:leave', { channel });
    expect(answer).toMatchObject({ ok: true });
    this.places.delete(`${this.kind}|${channel}`);
    return answer;
  }
}

export class Crowd {
  readonly members = new Set<Member>();
  private readonly chosen = new Map<string, { status: Status; statusText: string }>();

  constructor(readonly pods: readonly RedisPod[]) {}

  async enter(pod: RedisPod, userId?: string): Promise<Member> {
    const member = new Member(await pod.open(userId === undefined ? {} : tabOf(userId)), userId);
    this.members.add(member);
    return member;
  }

  exit(member: Member): void {
    this.members.delete(member);
    member.tab.close();
  }

  async choose(member: Member, status: Status, statusText = ''): Promise<Ack> {
    const answer = await member.tab.ask('presence:set', { status, statusText });
    expect(answer).toMatchObject({ ok: true });
    this.chosen.set(member.userId ?? '', { status, statusText });
    return answer;
  }

  /** Two users and a visitor on each of two pods, one user on both, in channels that overlap; one is busy, with a text. */
  static async gathered(pods: readonly RedisPod[]): Promise<Crowd> {
    const crowd = new Crowd(pods);
    const [first, second] = [pods[0] as RedisPod, pods[1] as RedisPod];
    const [ada, bob, adaToo, eve, ...visitors] = [
      await crowd.enter(first, 'ada'),
      await crowd.enter(first, 'bob'),
      await crowd.enter(second, 'ada'),
      await crowd.enter(second, 'eve'),
      await crowd.enter(first),
      await crowd.enter(second),
    ];
    for (const member of [ada, bob, eve, ...visitors]) await member.join('hall');
    for (const member of [bob, adaToo, eve]) await member.join('sales');
    for (const visitor of visitors) await visitor.join('help');
    await crowd.choose(ada, 'busy', 'In a call');
    await crowd.choose(eve, 'away');
    await crowd.expectTruth();
    return crowd;
  }

  /** Every pod says exactly what is so, and none of it is old. */
  async expectTruth(within = PROMISED_MS): Promise<void> {
    for (const pod of this.pods) {
      await eventually(async () => expect(await pictureOf(pod)).toEqual(this.truth()), { within });
    }
  }

  /** The body of `/message/users`, its lists sorted. */
  usersBody(): Record<string, unknown> {
    const body: Record<string, unknown> = {};
    for (const kind of ['authenticated', 'anonymous'] as const) {
      const all = [...this.members].filter((member) => member.kind === kind);
      if (all.length > 0) body[kind] = kind === 'anonymous' ? all.length : usersOf(all);
      for (const { tab, userId } of all) body[`tab|${tab.id}`] = userId === undefined ? 1 : userOf(userId);
    }
    for (const channel of this.names('authenticated')) body[channel] = usersOf(this.in('authenticated', channel));
    for (const channel of this.names('anonymous')) {
      const count = this.in('anonymous', channel).length;
      body[channel in body ? `${channel}|anonymous` : channel] = count;
    }
    return body;
  }

  private truth(): Picture {
    const users = new Set([...this.members].flatMap(({ userId }) => userId ?? []));
    const anonymous = [...this.members].filter(({ kind }) => kind === 'anonymous').length;
    const totals = { authenticated: users.size, anonymous };
    return {
      users: this.usersBody(),
      channels: { authenticated: this.names('authenticated'), anonymous: this.names('anonymous') },
      totals: { local: totals, _total: totals },
      presence: Object.fromEntries([
        ['cat', { status: 'online' }],
        ...[...users].map((userId) => [userId, this.shown(userId)] as const),
      ]),
    };
  }

  private shown(userId: string): object {
    const { status, statusText } = this.chosen.get(userId) ?? { status: 'online', statusText: '' };
    return { status, ...(statusText === '' ? {} : { statusText }) };
  }

  private names(kind: Member['kind']): string[] {
    const places = [...this.members].flatMap((member) => [...member.places]);
    const prefix = `${kind}|`;
    return [...new Set(places.filter((place) => place.startsWith(prefix)))]
      .map((place) => place.slice(prefix.length))
      .sort();
  }

  private in(kind: Member['kind'], channel: string): Member[] {
    return [...this.members].filter(({ places }) => places.has(`${kind}|${channel}`));
  }
}

const userOf = (id: string): object => ({ id, email: `${id}@example.com` });

const usersOf = (members: readonly Member[]): object[] =>
  [...new Set(members.flatMap(({ userId }) => userId ?? []))].sort().map(userOf);

async function pictureOf(pod: RedisPod): Promise<Picture> {
  const [users, channels, totals, presence] = [
    await pod.message('users'),
    await pod.message('channels'),
    await pod.message('allusers'),
    await pod.presence(),
  ];
  for (const reply of [users, channels, totals, presence]) {
    expect(reply.status).toBeLessThan(300);
    expect(reply.headers).not.toHaveProperty('x-rollcall-stale');
  }
  const names = channels.json as Record<string, string[]>;
  const { users: rows } = presence.json as { users: { _id: string; status: Status; statusText?: string }[] };
  return {
    users: sortedUsers(users),
    channels: Object.fromEntries(Object.entries(names).map(([kind, list]) => [kind, [...list].sort()])),
    totals: totals.json as object,
    presence: Object.fromEntries(
      rows.map(({ _id, status, statusText }) => [_id, statusText === undefined ? { status } : { status, statusText }]),
    ),
  };
}

/** The order within a channel is who came first, which a loss may blur; who is there is not blurred. */
export function sortedUsers({ json }: Answer): Record<string, unknown> {
  const body = json as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [
      name,
      Array.isArray(value) ? sortedById(value as { id: string }[]) : value,
    ]),
  );
}

const sortedById = (users: { id: string }[]): { id: string }[] => [...users].sort((a, b) => (a.id < b.id ? -1 : 1));
