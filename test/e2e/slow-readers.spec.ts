import { LocalRosters } from '@rollcall/roster';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { DEMO, Rollcall } from '../support/rollcall';
import { stopAfterTest } from '../support/teardown';

const HOST = 'localhost';
const CONNECTIONS = 12_000;
/** Long ids: one answer is more than the kernel takes from a reader who does not read. */
const idOf = (n: number): string => `${n}-`.padEnd(250, 'x');

interface Read {
  readonly cursor: string;
  readonly body: Record<string, { id: string }[]>;
}

/** Asks for the whole map, and takes the answer only when told to. */
async function ask(port: number): Promise<{ socket: Socket; read: () => Promise<Read> }> {
  const socket = connect(port, '127.0.0.1');
  stopAfterTest(() => void socket.destroy());
  await once(socket, 'connect');
  const body = JSON.stringify({ apiKey: DEMO.apiKey });
  socket.write(
    `POST /message/users HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  const read = async (): Promise<Read> => {
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    const [head = '', text = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n');
    return { cursor: /x-rollcall-cursor: (\S+)/.exec(head)?.[1] ?? '', body: JSON.parse(text) as Read['body'] };
  };
  return { socket, read };
}

describe('Readers who take their time', () => {
  it('get what was true when they were answered, whatever changed and whoever asked meanwhile', async () => {
    const rollcall = await Rollcall.start();
    const roster = rollcall.app.get(LocalRosters).of(HOST);
    const enter = (n: number) => roster.connect(`tab-${n}`, { id: idOf(n), claims: null });
    await Promise.all(Array.from({ length: CONNECTIONS }, (_, n) => enter(n)));

    const slow: { read: () => Promise<Read>; count: number }[] = [];
    let count = CONNECTIONS;
    for (let round = 0; round < 6; round += 1) {
      const { socket, read } = await ask(rollcall.port);
      await once(socket, 'readable');
      slow.push({ read, count });
      const leaver = await ask(rollcall.port);
      await once(leaver.socket, 'readable');
      leaver.socket.destroy();
      for (let change = 0; change < 3; change += 1) {
        await enter(count);
        count += 1;
        const quick = await (await ask(rollcall.port)).read();
        expect(quick.body.authenticated).toHaveLength(count);
      }
      await setImmediate();
    }

    const answers = await Promise.all(slow.map(async ({ read, count: there }) => ({ ...(await read()), there })));
    for (const { body, there } of answers) {
      expect(body.authenticated?.map(({ id }) => id)).toEqual(Array.from({ length: there }, (_, n) => idOf(n)));
      expect(Object.keys(body)).toHaveLength(there + 1);
    }
    expect(new Set(answers.map(({ cursor }) => cursor)).size).toBe(slow.length);
  });
});
