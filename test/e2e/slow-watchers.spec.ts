import type { ChannelChange, ChannelReset, Member, PresenceChange, PresenceRow } from '@rollcall/contract';
import { LocalRosters, Views } from '@rollcall/roster';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { Connections } from '../../src/sockets/connections.service';
import { eventually } from '../support/eventually';
import { Rollcall } from '../support/rollcall';
import { shop, tabOf } from '../support/shop';

const CROWD = 1500;
const ROUNDS = 24;
/** Long names: a few events are more than the kernel takes from a reader who does not read. */
const idOf = (n: number): string => `${n}-`.padEnd(250, 'x');
const EVENT_BYTES = CROWD * 3 * 250;

/** What Socket.IO keeps until a client takes it. */
interface Outgoing {
  readonly writeBuffer: readonly { readonly data: string }[];
  readonly transport: { readonly socket: WebSocket };
}

describe('A watcher that does not read', () => {
  it('costs a few events of memory, holds nobody up, and has the truth when it reads again', async () => {
    const rollcall = await Rollcall.start([shop()], { OFFLINE_GRACE_MS: '0' });
    const [slow, quick] = [await rollcall.open(tabOf('ada')), await rollcall.open(tabOf('bob'))];
    const members = new Map<string, Set<string>>();
    const heard = { ada: 0, bob: 0, resets: 0 };
    for (const [name, tab] of [
      ['ada', slow],
      ['bob', quick],
    ] as const) {
      await tab.join('lobby');
      const { snapshot } = (await tab.ask('channel:watch', { channel: 'lobby' })) as { snapshot?: { users: Member[] } };
      members.set(name, new Set(snapshot?.users.map(({ id }) => id)));
      tab.socket.on('channel:changed', (change: ChannelChange | ChannelReset) => {
        heard[name] += 1;
        if ('snapshot' in change) {
          heard.resets += 1;
          members.set(name, new Set(change.snapshot.users.map(({ id }) => id)));
          return;
        }
        for (const { id } of change.joined) members.get(name)?.add(id);
        for (const id of change.left) members.get(name)?.delete(id);
      });
    }
    const engine = slow.socket.io.engine as unknown as {
      transport: { ws: { _socket: { pause(): void; resume(): void } } };
    };
    const connection = rollcall.app.get(Connections).of('ada', 'localhost')[0];
    const engineOf = connection?.socket.conn as unknown as Outgoing;
    const waiting = (): number =>
      engineOf.writeBuffer.reduce((sum, { data }) => sum + data.length, engineOf.transport.socket.bufferedAmount);

    engine.transport.ws._socket.pause();
    const roster = rollcall.app.get(LocalRosters).of('localhost');
    let most = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const ids = Array.from({ length: CROWD }, (_, n) => n);
      if (round % 2 === 0) {
        await Promise.all(ids.map((n) => roster.connect(`tab-${n}`, { id: idOf(n), claims: null })));
        await Promise.all(ids.map((n) => roster.join(`tab-${n}`, 'authenticated', 'lobby')));
      } else await Promise.all(ids.map((n) => roster.disconnect(`tab-${n}`)));
      const expected = round % 2 === 0 ? CROWD + 2 : 2;
      await eventually(() => expect(members.get('bob')?.size).toBe(expected), { within: 5000 });
      most = Math.max(most, waiting());
    }
    expect(heard.bob).toBeGreaterThanOrEqual(ROUNDS);
    // It did pile up, and then no more was sent.
    expect(most).toBeGreaterThan(EVENT_BYTES / 2);
    expect(most).toBeLessThan(6 * EVENT_BYTES);

    await sleep(0);
    engine.transport.ws._socket.resume();
    await eventually(() => expect(members.get('ada')).toEqual(members.get('bob')), { within: 10_000 });
    expect(heard.ada).toBeLessThan(heard.bob);
  }, 60_000);
});

/** A browser that fetches what it is told when the test says so, and not before. */
class PollingTab {
  readonly statuses = new Map<string, string>();
  readonly heard: PresenceChange[] = [];

  private constructor(
    private readonly rollcall: Rollcall,
    private readonly path: string,
  ) {}

  static async open(rollcall: Rollcall, userId: string): Promise<PollingTab> {
    const path = '/socket.io/?EIO=4&transport=polling';
    const { text } = await rollcall.ask('GET', path);
    const { sid } = JSON.parse(text.slice(1)) as { sid: string };
    const tab = new PollingTab(rollcall, `${path}&sid=${sid}`);
    await tab.send(`40${JSON.stringify(tabOf(userId))}`);
    while (!(await tab.poll()).some((packet) => packet.startsWith('42["session"')));
    return tab;
  }

  /** Waits for the answer, and polls no more. */
  async watch(ids: string[]): Promise<void> {
    await this.send(`421${JSON.stringify(['presence:watch', { ids }])}`);
    let answer: string | undefined;
    while (answer === undefined) answer = (await this.poll()).find((packet) => packet.startsWith('431'));
    const [{ users }] = JSON.parse(answer.slice(3)) as [{ users: PresenceRow[] }];
    for (const { _id, status } of users) this.statuses.set(_id, status);
  }

  async send(packet: string): Promise<void> {
    const { text } = await this.rollcall.ask('POST', this.path, {
      headers: { 'content-type': 'text/plain' },
      body: packet,
    });
    expect(text).toBe('ok');
  }

  async poll(): Promise<string[]> {
    const packets = (await this.rollcall.ask('GET', this.path)).text.split('\x1e');
    for (const packet of packets) {
      if (!packet.startsWith('42["presence:changed"')) continue;
      const [, change] = JSON.parse(packet.slice(2)) as [string, PresenceChange];
      this.heard.push(change);
      if (change.full) this.statuses.clear();
      for (const { _id, status } of change.users) {
        expect(this.statuses.get(_id)).not.toBe(status);
        this.statuses.set(_id, status);
      }
    }
    return packets;
  }
}

describe('Tabs that have stopped polling, one after the other', () => {
  it('cost nothing at a tick, and have the truth when they poll again', async () => {
    const rollcall = await Rollcall.start([shop()], { OFFLINE_GRACE_MS: '0' });
    const roster = rollcall.app.get(LocalRosters).of('localhost');
    const quick = await rollcall.open(tabOf('bob'));
    const heard = quick.collect('presence:changed');
    await quick.ask('presence:watch', {});
    const truth = new Map<string, string>();
    const turn = async (userId: string): Promise<void> => {
      const status = truth.get(userId) === 'online' ? 'away' : 'online';
      truth.set(userId, status);
      await roster.setActive(`tab-of-${userId}`, status === 'online');
      const told = () => expect(heard.at(-1)?.users).toContainEqual(expect.objectContaining({ _id: userId, status }));
      await eventually(told, { within: 2000 });
    };
    const names = Array.from({ length: 12 }, (_, n) => `user-${n}`);
    for (const userId of [...names, 'other']) {
      truth.set(userId, 'online');
      await roster.connect(`tab-of-${userId}`, { id: userId, claims: null });
    }
    const tabs: (readonly [string, PollingTab])[] = [];
    for (const [n, userId] of names.entries()) {
      const tab = await PollingTab.open(rollcall, 'ada');
      await tab.watch([userId, 'other']);
      tabs.push([userId, tab]);
      // At four of them it is late, and none of the others is at the same place.
      for (let turns = 0; turns < 6 + (n % 2); turns += 1) await turn(userId);
    }
    const view = rollcall.app.get(Views).current('localhost');
    if (view === undefined) throw new Error('There is no picture of the host.');
    const differences = jest.spyOn(view.changes, 'rows');
    for (let turns = 0; turns < 3; turns += 1) await turn('other');
    // One for those who keep up.
    const ticks = new Map<number, number>();
    for (const [, atMs] of differences.mock.calls) ticks.set(atMs, (ticks.get(atMs) ?? 0) + 1);
    expect(ticks.size).toBeGreaterThan(0);
    expect(Math.max(...ticks.values())).toBe(1);

    const [first, last] = [tabs[0]?.[1], tabs.at(-1)?.[1]];
    await last?.send(`42${JSON.stringify(['presence:unwatch', { ids: ['other'] }])}`);
    for (const [userId, tab] of tabs) {
      const known = tab === last ? [userId] : [userId, 'other'];
      const isTrue = (): boolean => known.every((id) => tab.statuses.get(id) === truth.get(id));
      do await tab.poll();
      while (!isTrue());
    }
    // Who is furthest behind is told everything anew, and who is not is told what is new.
    expect(first?.heard.at(-1)).toMatchObject({ full: true });
    expect(last?.heard.some(({ full }) => full)).toBe(false);
    expect(last?.heard.flatMap(({ users }) => users.map(({ _id }) => _id))).not.toContain('other');
  }, 60_000);
});
