import type { ChannelChange, ChannelReset, Member } from '@rollcall/contract';
import { LocalRosters } from '@rollcall/roster';
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
