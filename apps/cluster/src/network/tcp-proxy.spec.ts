import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { TcpProxy } from './tcp-proxy';

/** What a client has received, and when its connection has ended. */
class Client {
  heard = '';
  readonly closed: Promise<void>;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => (this.heard += String(chunk)));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.on('close', () => resolve()));
  }

  static async to(port: number): Promise<Client> {
    const socket = connect(port, '127.0.0.1');
    const client = new Client(socket);
    await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), client.closed]);
    return client;
  }

  hears(text: string): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.heard.includes(text)) return;
        this.socket.off('data', look);
        resolve();
      };
      this.socket.on('data', look);
      look();
    });
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function timed(work: Promise<unknown>): Promise<number> {
  const beganAt = performance.now();
  await work;
  return performance.now() - beganAt;
}

describe('A line between data centres', () => {
  /** Says everything back; at `bye` it says so and closes. */
  let echo: Server;
  let proxy: TcpProxy;
  let client: Client;

  beforeEach(async () => {
    echo = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => (String(chunk) === 'bye' ? socket.end('bye') : socket.write(chunk)));
    });
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    proxy = await TcpProxy.start((echo.address() as AddressInfo).port);
    client = await Client.to(proxy.port);
  });

  afterEach(async () => {
    client.socket.destroy();
    await proxy.stop();
    await new Promise((resolve) => echo.close(resolve));
  });

  it('carries both ways and counts what it has carried', async () => {
    client.socket.write('hello');
    await client.hears('hello');
    expect(proxy.passed).toEqual({ requests: 5, replies: 5 });
    expect(proxy.connections).toBe(1);
  });

  it('lets an end be known after the last word', async () => {
    proxy.delay(50, 50);
    client.socket.write('bye');
    await client.closed;
    expect(client.heard).toBe('bye');
  });

  it('delays each direction, and keeps the order while the delay changes', async () => {
    proxy.delay(100, 150);
    client.socket.write('a');
    expect(await timed(client.hears('a'))).toBeGreaterThan(240);

    client.socket.write('b');
    await pause(20);
    proxy.delay(0);
    client.socket.write('c');
    await client.hears('c');
    expect(client.heard).toBe('abc');
  });

  it('stands still without ending anything, takes new connections in, and delivers everything when it flows', async () => {
    proxy.delay(20);
    client.socket.write('late');
    await pause(5);
    proxy.stall();
    client.socket.write(' and later');
    const other = await Client.to(proxy.port);
    other.socket.write('new');
    await pause(100);
    expect([client.heard, other.heard]).toEqual(['', '']);

    proxy.flow();
    await Promise.all([client.hears('late and later'), other.hears('new')]);
    other.socket.destroy();
  });

  it('is cut: whoever is connected is cut off, who comes works', async () => {
    proxy.cut();
    await client.closed;
    client = await Client.to(proxy.port);
    client.socket.write('hello');
    await client.hears('hello');
  });

  it('is shut: whoever is connected is cut off, who comes too, until it is healed', async () => {
    proxy.shut();
    await client.closed;
    await (
      await Client.to(proxy.port)
    ).closed;

    proxy.heal();
    client = await Client.to(proxy.port);
    client.socket.write('hello');
    await client.hears('hello');
  });

  it('loses all without a word', async () => {
    client.socket.write('before');
    await client.hears('before');
    proxy.lose();
    client.socket.write('after');
    await pause(50);
    expect([client.heard, client.socket.destroyed]).toEqual(['before', false]);
  });

  it('breaks off in a reply', async () => {
    proxy.breakInReply(2);
    client.socket.write('hello');
    await client.closed;
    expect([client.heard, proxy.broken]).toEqual(['he', 1]);
  });
});
