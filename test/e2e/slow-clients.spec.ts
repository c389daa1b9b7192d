import { Backlogs } from '../../src/sockets/backlogs.service';
import type { Connection } from '../../src/sockets/connection';
import { Connections } from '../../src/sockets/connections.service';
import { SocketServer } from '../../src/sockets/socket-server';
import { eventually } from '../support/eventually';
import { Rollcall } from '../support/rollcall';
import { shop, tabOf } from '../support/shop';
import type { Tab } from '../support/tab';

const MIB = 1_048_576;
/** More than the kernel takes from a reader who does not read. */
const KERNEL_BYTES = 12 * MIB;
const PIECE = 'x'.repeat(60_000);

interface Paused {
  readonly transport: { readonly ws: { readonly _socket: { pause(): void; resume(): void } } };
}

const lineOf = (tab: Tab) => (tab.socket.io.engine as unknown as Paused).transport.ws._socket;

async function start(isTimed = false): Promise<{ rollcall: Rollcall; sweep: () => void }> {
  const rollcall = await Rollcall.start([shop()]);
  const backlogs = rollcall.app.get(Backlogs);
  if (!isTimed) backlogs.onApplicationShutdown();
  return { rollcall, sweep: () => backlogs.sweep() };
}

const connectionOf = (rollcall: Rollcall, userId: string): Connection | undefined =>
  rollcall.app.get(Connections).of(userId, 'localhost')[0];

/** What waits in this process for the user's tab. */
function waiting(rollcall: Rollcall, userId: string): number {
  const engine = connectionOf(rollcall, userId)?.socket.conn as unknown as {
    writeBuffer: { data: string }[];
    transport: { socket?: { bufferedAmount: number } };
  };
  return engine.writeBuffer.reduce((sum, { data }) => sum + data.length, engine.transport.socket?.bufferedAmount ?? 0);
}

/** Sends the user's tab messages until so much of them waits here. */
function pileUp(rollcall: Rollcall, userId: string, bytes: number): void {
  const socket = connectionOf(rollcall, userId)?.socket;
  while (waiting(rollcall, userId) <= bytes) socket?.emit('message', { channel: 'room', message: PIECE });
}

/** A polling tab that fetches once more, and no more after that. */
async function openAndStop(rollcall: Rollcall, userId: string): Promise<void> {
  const tab = await rollcall.open({ ...tabOf(userId), transports: ['polling'] });
  tab.socket.io.reconnection(false);
  Object.assign(tab.socket.io.engine.transport, { _poll: () => undefined });
  const connection = connectionOf(rollcall, userId);
  connection?.socket.emit('message', { channel: 'room', message: 'the last that it fetches' });
  await eventually(() => expect(connection?.socket.conn.transport.writable).toBe(false));
}

describe('A client that does not take what it is sent', () => {
  it('is closed after ten looks, forgotten with what waits for it, and can come back', async () => {
    const { rollcall, sweep } = await start();
    const slow = await rollcall.open({ ...tabOf('ada'), client: { reconnection: true, reconnectionDelay: 10 } });
    const quick = await rollcall.open(tabOf('bob'));
    const first = slow.id;
    let reason: string | undefined;
    slow.socket.once('disconnect', (why) => (reason = why));
    lineOf(slow).pause();
    pileUp(rollcall, 'ada', KERNEL_BYTES + MIB);
    await eventually(() => expect(waiting(rollcall, 'ada')).toBeGreaterThan(MIB));

    for (let look = 1; look < 10; look += 1) sweep();
    expect(connectionOf(rollcall, 'ada')?.id).toBe(first);
    sweep();
    await eventually(() => expect(connectionOf(rollcall, 'ada')).toBeUndefined());
    expect(await quick.join('room')).toMatchObject({ ok: true });

    lineOf(slow).resume();
    // A broken line, after which clients come back by themselves.
    await eventually(() => expect(reason).toMatch(/^transport (close|error)$/), { within: 5000 });
    await eventually(() => expect(connectionOf(rollcall, 'ada')).toBeDefined(), { within: 5000 });
    expect(connectionOf(rollcall, 'ada')?.id).not.toBe(first);
  });

  it('is left alone if it has caught up by then', async () => {
    const { rollcall, sweep } = await start();
    const slow = await rollcall.open(tabOf('ada'));
    for (let round = 0; round < 2; round += 1) {
      lineOf(slow).pause();
      pileUp(rollcall, 'ada', KERNEL_BYTES + MIB);
      for (let look = 1; look < 10; look += 1) sweep();
      lineOf(slow).resume();
      await eventually(() => expect(waiting(rollcall, 'ada')).toBe(0), { within: 5000 });
      sweep();
    }
    expect(await slow.join('room')).toMatchObject({ ok: true });
  });

  it('is closed at the next look if it is far behind, by the service itself', async () => {
    const { rollcall } = await start(true);
    const [slow, quick] = [await rollcall.open(tabOf('ada')), await rollcall.open(tabOf('bob'))];
    lineOf(slow).pause();
    pileUp(rollcall, 'ada', KERNEL_BYTES + 65 * MIB);
    await eventually(() => expect(connectionOf(rollcall, 'ada')).toBeUndefined(), { within: 5000 });
    expect(await quick.join('room')).toMatchObject({ ok: true });
    await eventually(async () =>
      expect((await rollcall.message('users', { channel: 'authenticated' })).json).toEqual({
        authenticated: [{ id: 'bob', email: 'bob@example.com' }],
      }),
    );
  });

  it('by polling is closed in the same way', async () => {
    const { rollcall, sweep } = await start();
    await openAndStop(rollcall, 'ada');
    pileUp(rollcall, 'ada', MIB);
    for (let look = 1; look < 10; look += 1) sweep();
    expect(connectionOf(rollcall, 'ada')).toBeDefined();
    sweep();
    expect(connectionOf(rollcall, 'ada')).toBeUndefined();
  });

  it('is held against what waits as it lies in memory: wide characters, and frames that were made beforehand', async () => {
    const { rollcall, sweep } = await start();
    for (const userId of ['ada', 'bob']) await openAndStop(rollcall, userId);
    const [ada, bob] = ['ada', 'bob'].map((userId) => connectionOf(rollcall, userId)?.socket);
    const { server } = rollcall.app.get(SocketServer);
    for (let n = 0; n < 7; n += 1) {
      // 60 KB of text each; to several, or as if, with a frame.
      ada?.emit('message', { channel: 'room', message: PIECE });
      server.to(bob?.id ?? '').emit('message', { channel: 'room', message: `€${PIECE}` });
    }
    for (let look = 1; look <= 10; look += 1) sweep();
    expect(connectionOf(rollcall, 'ada')).toBeDefined();
    expect(connectionOf(rollcall, 'bob')).toBeUndefined();
  });
});
