/*
 * A browser that watches a channel and everybody's presence, and comes back with its cursors to whichever pod there is.
 * What it has is made of what it was told alone, and it minds what it is told twice or out of order.
 */
import type { ChannelChange, ChannelReset, ChannelSnapshot, PresenceChange, PresenceRow } from '@rollcall/contract';
import type { Socket } from 'socket.io-client';
import { type TabOptions, Tab } from './tab';

type Answer = Record<string, unknown> & { readonly ok: boolean };

const ANSWER_WITHIN_MS = 5000;

/** Hands the answer on in its place among the events: a promise would be heard of after those that came with it. */
function ask(tab: Tab, event: string, payload: object, take: (answer: Answer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const answered = (error: Error | null, answer: Answer): void => {
      if (error !== null) return reject(error);
      if (!answer.ok) return reject(new Error(JSON.stringify(answer)));
      take(answer);
      resolve();
    };
    (tab.socket as unknown as Socket).timeout(ANSWER_WITHIN_MS).emit(event, payload, answered);
  });
}

const revisionOf = (cursor: string): [epoch: string, revision: number] => {
  const [epoch = '', revision = ''] = cursor.split('.');
  return [epoch, Number(revision)];
};

export class WatchingTab {
  readonly faults: string[] = [];
  /** Events that said something, and answers that told everything anew. */
  readonly heard = { channel: 0, presence: 0, snapshots: 0, resumed: 0 };
  private members = new Set<string>();
  private rows = new Map<string, PresenceRow>();
  private channelCursor: string | undefined;
  private presenceCursor: string | undefined;
  private tab: Tab | undefined;
  private coming: Promise<void> | undefined;
  private over = false;

  constructor(
    private readonly name: string,
    private readonly options: TabOptions,
    private readonly port: () => number,
    private readonly channel = 'lobby',
  ) {}

  get roster(): string[] {
    return [...this.members].sort();
  }

  get present(): string[] {
    return [...this.rows.values()].map(({ _id, status }) => `${_id} ${status}`).sort();
  }

  /** Goes, and comes back, until it is there. */
  come(): Promise<void> {
    this.coming ??= this.tryAgain().finally(() => {
      this.coming = undefined;
    });
    return this.coming;
  }

  close(): void {
    this.over = true;
    this.tab?.close();
  }

  private async tryAgain(): Promise<void> {
    for (let tries = 0; !this.over; tries += 1) {
      const { tab } = this;
      // Its end is no reason to come back once more.
      this.tab = undefined;
      tab?.close();
      try {
        return await this.open();
      } catch (error) {
        if (tries > 100) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  private async open(): Promise<void> {
    const tab = await Tab.open(`http://127.0.0.1:${this.port()}`, { host: 'localhost', ...this.options });
    this.tab = tab;
    tab.socket.io.reconnection(false);
    let isTold = { channel: false, presence: false };
    tab.socket.on('channel:changed', (change) => {
      if (this.tab !== tab) return;
      if (!isTold.channel) this.fault('heard of the channel before the answer');
      this.takeChannel(change);
    });
    tab.socket.on('presence:changed', (change) => {
      if (this.tab !== tab) return;
      if (!isTold.presence) this.fault('heard of presence before the answer');
      this.takePresence(change);
    });
    await ask(tab, 'channel:join', { channel: this.channel }, () => undefined);
    await ask(tab, 'channel:watch', { channel: this.channel, cursor: this.channelCursor }, (answer) => {
      isTold = { ...isTold, channel: true };
      this.takeWatched(answer);
    });
    await ask(tab, 'presence:watch', { cursor: this.presenceCursor }, (answer) => {
      isTold = { ...isTold, presence: true };
      this.takePresenceAnswer(answer);
    });
    tab.socket.on('disconnect', () => {
      if (this.tab === tab && !this.over) void this.come();
    });
    if (!tab.socket.connected) throw new Error('It was cut off at once.');
  }

  private takeWatched(answer: Answer): void {
    const { cursor, snapshot, changes } = answer as Answer & {
      cursor: string;
      snapshot?: ChannelSnapshot;
      changes?: ChannelChange[];
    };
    if (snapshot !== undefined) this.replace(snapshot);
    else this.heard.resumed += 1;
    for (const change of changes ?? []) this.apply(change);
    this.channelCursor = cursor;
  }

  private takeChannel(change: ChannelChange | ChannelReset): void {
    this.heard.channel += 1;
    const [epoch, revision] = revisionOf(change.cursor);
    const [epochBefore, revisionBefore] = revisionOf(this.channelCursor ?? '');
    if (epoch === epochBefore && revision < revisionBefore) this.fault(`${change.cursor} after ${this.channelCursor}`);
    if ('snapshot' in change) this.replace(change.snapshot);
    else this.apply(change);
    this.channelCursor = change.cursor;
  }

  private apply({ joined, left }: ChannelChange): void {
    if (joined.length + left.length === 0) this.fault('was told that nothing has changed');
    for (const userId of left) if (!this.members.delete(userId)) this.fault(`${userId} has left twice`);
    for (const { id } of joined) {
      if (this.members.has(id)) this.fault(`${id} has joined twice`);
      this.members.add(id);
    }
  }

  private replace({ users }: ChannelSnapshot): void {
    this.heard.snapshots += 1;
    this.members = new Set(users.map(({ id }) => id));
  }

  private takePresenceAnswer(answer: Answer): void {
    const { cursor, users, changes } = answer as Answer & {
      cursor: string;
      users?: PresenceRow[];
      changes?: PresenceRow[];
    };
    if (users !== undefined) this.rows = new Map(users.map((row) => [row._id, row]));
    for (const row of changes ?? []) this.applyRow(row);
    this.presenceCursor = cursor;
  }

  private takePresence({ cursor, users, full }: PresenceChange): void {
    this.heard.presence += 1;
    if (full) this.rows = new Map(users.map((row) => [row._id, row]));
    else for (const row of users) this.applyRow(row);
    this.presenceCursor = cursor;
  }

  private applyRow(row: PresenceRow): void {
    const known = this.rows.get(row._id);
    const same = known === undefined ? row.status === 'offline' && row.statusText === undefined : equal(known, row);
    if (same) this.fault(`${row._id} was told twice as ${row.status}`);
    if (row.status === 'offline') this.rows.delete(row._id);
    else this.rows.set(row._id, row);
  }

  private fault(text: string): void {
    this.faults.push(`${this.name}: ${text}`);
  }
}

const equal = (a: PresenceRow, b: PresenceRow): boolean => a.status === b.status && a.statusText === b.statusText;
