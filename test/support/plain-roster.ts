/*
 * What the pods must answer, by a plain model: a list of tabs, and a counter that stands for the revision. It shares no
 * code with the roster.
 */
export interface PlainTab {
  readonly id: string;
  readonly userId: string | null;
  readonly since: number;
  idle: boolean;
  /** Channel by when it was joined. A user's are authenticated, the others' anonymous. */
  readonly channels: Map<string, number>;
}

interface Choice {
  readonly status: string;
  readonly text: string;
}

export class PlainRoster {
  readonly tabs = new Map<string, PlainTab>();
  private readonly choices = new Map<string, Choice>();
  private revision = 0;

  open(id: string, userId: string | null): void {
    this.tabs.set(id, { id, userId, since: this.next(), idle: false, channels: new Map() });
  }

  close(id: string): void {
    this.tabs.delete(id);
  }

  join(id: string, channel: string): void {
    const channels = this.tab(id).channels;
    if (!channels.has(channel)) channels.set(channel, this.next());
  }

  leave(id: string, channel: string): void {
    this.tab(id).channels.delete(channel);
  }

  idle(id: string, idle: boolean): void {
    this.tab(id).idle = idle;
  }

  choose(userId: string, status: string, text: string): void {
    this.choices.set(userId, { status, text });
  }

  tabsOf(userId: string | null): PlainTab[] {
    return [...this.tabs.values()].filter((tab) => tab.userId === userId);
  }

  /** The answer of `/message/users`, as Klai writes it. */
  map(): Record<string, unknown> {
    const users = new Map<string, { userId: string; since: number }[]>();
    const counts = new Map<string, number>();
    const map: [string, unknown][] = [];
    const put = (channel: string, userId: string | null, since: number): void => {
      if (userId === null) counts.set(channel, (counts.get(channel) ?? 0) + 1);
      else users.set(channel, [...(users.get(channel) ?? []), { userId, since }]);
    };
    for (const { id, userId, since, channels } of this.tabs.values()) {
      put(userId === null ? 'anonymous' : 'authenticated', userId, since);
      map.push([`tab|${id}`, userId === null ? 1 : rowOf(userId)]);
      for (const [channel, joined] of channels) put(channel, userId, joined);
    }
    for (const [channel, members] of users) {
      const inOrder = members.toSorted((a, b) => a.since - b.since).map(({ userId }) => userId);
      map.push([channel, [...new Set(inOrder)].map(rowOf)]);
    }
    for (const [channel, count] of counts) map.push([users.has(channel) ? `${channel}|anonymous` : channel, count]);
    return Object.fromEntries(map);
  }

  /** Who is not offline, and how. */
  present(): Map<string, string> {
    const present = new Map<string, string>();
    for (const userId of new Set([...this.tabs.values()].map((tab) => tab.userId))) {
      if (userId === null) continue;
      const { status, text } = this.choices.get(userId) ?? { status: 'online', text: '' };
      const activity = this.tabsOf(userId).every(({ idle }) => idle) ? 'away' : 'online';
      if (status !== 'offline') present.set(userId, `${status === 'online' ? activity : status} ${text}`.trim());
    }
    return present;
  }

  private tab(id: string): PlainTab {
    const tab = this.tabs.get(id);
    if (tab === undefined) throw new Error(`There is no tab ${id}.`);
    return tab;
  }

  private next(): number {
    return (this.revision += 1);
  }
}

const rowOf = (userId: string): object => ({ id: userId, email: `${userId}@example.com` });
