import { Views } from '@rollcall/roster';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Authenticator } from '../../src/auth/authenticator.service';
import type { Connection } from '../../src/sockets/connection';
import { Connections } from '../../src/sockets/connections.service';
import { SocketEvents } from '../../src/sockets/socket-events';
import { Rollcall } from '../support/rollcall';
import { shop, tabOf } from '../support/shop';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const never = new Promise<never>(() => undefined);

/** Sends an event as a client would, and gives what will tell whether something of its payload is kept. */
function send(events: SocketEvents, connection: Connection, event: string, text: string): WeakRef<object>[] {
  const payload = JSON.parse(text) as Record<string, unknown>;
  void events.receive(connection, event, [payload, () => undefined]);
  return [payload, ...Object.values(payload)]
    .filter((one): one is object => typeof one === 'object' && one !== null)
    .map((one) => new WeakRef(one));
}

describe('An event that waits', () => {
  it.each([
    ['channel:join', { channel: 'room' }],
    ['channel:leave', { channel: 'room' }],
    ['channel:watch', { channel: 'room' }],
    ['channel:unwatch', { channel: 'room' }],
    ['message:send', { channel: 'room', message: [{}, {}] }],
    ['presence:set', { status: 'busy' }],
    ['presence:idle', { idle: true }],
    ['presence:watch', { ids: ['ada'] }],
    ['presence:unwatch', { ids: ['ada'] }],
    ['auth:refresh', { token: 'a-token' }],
    ['unknown:event', {}],
  ])('keeps of its payload what it asks for alone: %s', async (event, asked) => {
    const rollcall = await Rollcall.start([shop()]);
    const tab = await rollcall.open(tabOf('ada'));
    await tab.join('room');
    const [connection] = rollcall.app.get(Connections).of('ada', 'localhost');
    if (connection === undefined) throw new Error('Nobody is there.');
    jest.spyOn(rollcall.app.get(Views), 'latest').mockReturnValue(never);
    jest.spyOn(rollcall.app.get(Authenticator), 'identify').mockReturnValue(never);
    const { registered } = connection;
    connection.registered = never;
    const text = JSON.stringify({ ...asked, junk: [{}, {}] });
    const kept = send(rollcall.app.get(SocketEvents), connection, event, text);
    await new Promise((resolve) => setTimeout(resolve, 50));
    collectGarbage();
    expect(kept.map((one) => one.deref())).toEqual(kept.map(() => undefined));
    connection.registered = registered;
  });
});
